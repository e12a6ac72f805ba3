import type { EnvironmentEvent } from '@slipway/contracts';

/** Entries of a list in one event, so that it stays well under 64 KiB: a key has at most 73 characters. */
const CHUNK = 250;

/** A list in pieces that fit into an event; one empty piece when there is nothing. */
export const chunks = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: Math.max(1, Math.ceil(list.length / CHUNK)) }, (_, at) => list.slice(at * CHUNK, (at + 1) * CHUNK));

type Admission = Extract<EnvironmentEvent, { type: 'PlanAdmitted' }>['data'];

/** An admission as events: a big plan's reads and writes are told in several, which are one append. */
export function admission(whole: Admission): EnvironmentEvent[] {
  const [reads, writes] = [chunks(whole.reads), chunks(whole.writes)];
  return Array.from({ length: Math.max(reads.length, writes.length) }, (_, at) => ({
    type: 'PlanAdmitted',
    data: { ...whole, reads: reads[at] ?? [], writes: writes[at] ?? [] },
  }));
}

type Settlement = Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data'];

/** A settlement as events: the wires of a big plan are told in several. */
export function settlements({ uncertain, along, ...whole }: Settlement): EnvironmentEvent[] {
  return chunks(whole.wires).map((wires, at) => ({
    type: 'PlanSettled',
    data:
      at === 0
        ? { ...whole, wires, ...(uncertain && { uncertain }), ...(along && { along }) }
        : { ...whole, installed: [], removed: [], wires },
  }));
}
