import type { EventView } from '@slipway/contracts';
import { time } from './format.js';

/** Events on one line each, whose columns line up: with those that are shown together, and with those that came before. */
export class EventLines {
  /** As wide as most types, and as the stream of a request, so that most of what comes later fits. */
  readonly #widths = { type: 22, stream: 44 };

  of(events: readonly EventView[]): string[] {
    const widths = this.#widths;
    for (const { type, stream } of events) {
      widths.type = Math.max(widths.type, type.length);
      widths.stream = Math.max(widths.stream, stream.length);
    }
    return events.map((event) => {
      const { stepId, cause } = event.data as { stepId?: string; cause?: { message: string } };
      const detail = [stepId, cause?.message].filter(Boolean).join(': ');
      const columns = [time(event.recordedAt), event.type.padEnd(widths.type), event.stream.padEnd(widths.stream), detail];
      return columns.join('  ').trimEnd();
    });
  }
}
