import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { RecordedEvent } from './port.js';

/** Turns the data of one type and schema version into that of the next. Pure: what it needs stands in the event. */
export interface Upcaster {
  type: string;
  /** The version it takes; it gives this one plus 1. */
  from: number;
  up(data: JsonObject, event: RecordedEvent): JsonObject;
}

/**
 * Old schema versions are read through upcasters, so that only the newest one is known to anybody else. A type without
 * any has version 1.
 */
export class Upcasters {
  private readonly chains = new Map<string, Upcaster[]>();

  /** Throws when the versions of a type leave a gap. */
  constructor(upcasters: readonly Upcaster[] = []) {
    for (const upcaster of [...upcasters].sort((a, b) => a.from - b.from)) {
      const chain = this.chains.get(upcaster.type) ?? [];
      if (upcaster.from !== chain.length + 1)
        throw new Error(`Upcasters of ${upcaster.type}: expected one from version ${chain.length + 1}, found ${upcaster.from}`);
      this.chains.set(upcaster.type, [...chain, upcaster]);
    }
  }

  /** The schema version that is written today. */
  readonly newest = (type: string): number => (this.chains.get(type)?.length ?? 0) + 1;

  /** The event at its type's newest version. Throws `event-too-new` when it was written by a newer release. */
  lift(event: RecordedEvent): RecordedEvent {
    const chain = this.chains.get(event.type);
    const newest = (chain?.length ?? 0) + 1;
    if (event.version === newest) return event;
    if (event.version > newest)
      throw new SlipwayError(
        'event-too-new',
        `${event.type} at revision ${event.revision} of ${event.stream} has version ${event.version}; this release knows ${newest}`,
        { stream: event.stream, revision: event.revision, position: event.position, version: event.version, known: newest },
      );
    const data = chain!.slice(event.version - 1).reduce((old, upcaster) => upcaster.up(old, event), event.data);
    return { ...event, version: newest, data };
  }
}
