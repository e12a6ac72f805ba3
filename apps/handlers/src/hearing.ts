import { COMPLETING, categoryOf, type EventToHandle } from '@slipway/contracts';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import { completions, recordedEvents } from '@slipway/mesh';
import { OWN_CATEGORY, standsFor } from './names.js';

const DECODER = new TextDecoder();

/** Makes of a recorded event what a handler gets: in the same form, under the same name, as the relay tells it on NATS. */
export class Hearing {
  readonly #outlets;

  constructor(
    private readonly mesh: string,
    store: Pick<EventStore, 'read'>,
  ) {
    this.#outlets = { dfe: completions(mesh, store), events: recordedEvents(mesh) };
  }

  /** `undefined` when it has none of the names. One that has several comes once, as what it completes rather than as itself. */
  async of(event: RecordedEvent, names: readonly string[]): Promise<EventToHandle | undefined> {
    if (categoryOf(event.stream) === OWN_CATEGORY) return undefined;
    const { dfe, events } = this.#outlets;
    for (const outlet of COMPLETING.includes(event.type) ? [dfe, events] : [events]) {
      const [message] = await outlet.messages([event]);
      if (!message) continue;
      const name = message.subject.slice(`slipway.${this.mesh}.`.length);
      if (!names.some((pattern) => standsFor(pattern, name))) continue;
      return { id: event.id, name, data: JSON.parse(DECODER.decode(message.data)) as EventToHandle['data'] };
    }
    return undefined;
  }
}
