import { SlipwayError, type ClientFrame, type EventFilter } from '@slipway/contracts';
import { isPosition, type Position, type ReadFilter } from '@slipway/event-store';
import { badInput } from '@slipway/mesh';
import { readFilter } from './filter.js';

/** A client's frame, checked: filters as the log takes them. */
export type CheckedFrame =
  | Exclude<ClientFrame, { type: 'subscribe' }>
  | { type: 'subscribe'; id: string; filter: ReadFilter; from: Position | 'start' | undefined; batch: number }
  /** Of the rest of it the operation is the judge. */
  | { type: 'action'; id: string; frame: Record<string, unknown> };

/** Fields of each frame besides `type`. */
const FIELDS: Record<ClientFrame['type'], readonly string[]> = {
  authenticate: ['key'],
  subscribe: ['id', 'filter', 'from', 'batch'],
  unsubscribe: ['id'],
  drop: ['id'],
  ping: [],
};
const ID = /^[\x21-\x7e]{1,64}$/;
const MOST_EVENTS = 1_000;

/** A frame that was refused, with the subscription that it speaks of where it names one. */
export class RefusedFrame extends Error {
  constructor(
    readonly error: SlipwayError,
    readonly id?: string,
  ) {
    super(error.message);
  }
}

/** Reads a text frame. Throws {@link RefusedFrame} with `message-malformed` or `bad-input`. */
export function readFrame(text: string): CheckedFrame {
  const frame = parse(text);
  const id = typeof frame['id'] === 'string' && ID.test(frame['id']) ? frame['id'] : undefined;
  try {
    return check(frame);
  } catch (error) {
    throw new RefusedFrame(error as SlipwayError, id);
  }
}

function parse(text: string): Record<string, unknown> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new RefusedFrame(new SlipwayError('message-malformed', 'The frame is not JSON'));
  }
  if (frame === null || typeof frame !== 'object' || Array.isArray(frame)) {
    throw new RefusedFrame(new SlipwayError('message-malformed', 'The frame is not a JSON object'));
  }
  return frame as Record<string, unknown>;
}

function check(frame: Record<string, unknown>): CheckedFrame {
  const type = frame['type'];
  if (type === undefined && 'action' in frame) {
    return { type: 'action', id: field(frame, 'id', ID, ID_HINT), frame };
  }
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) {
    throw badInput([{ field: 'type', reason: `must be one of ${Object.keys(FIELDS).join(', ')}; an action has none` }]);
  }
  const known = FIELDS[type as ClientFrame['type']];
  const unknown = Object.keys(frame).filter((name) => name !== 'type' && !known.includes(name));
  if (unknown.length > 0) throw badInput(unknown.map((name) => ({ field: name, reason: 'is not known' })));
  switch (type as ClientFrame['type']) {
    case 'authenticate':
      return { type: 'authenticate', key: field(frame, 'key', /^[\x21-\x7e]{1,4096}$/, "must be the gateway's key") };
    case 'unsubscribe':
    case 'drop':
      return { type: type as 'drop', id: field(frame, 'id', ID, ID_HINT) };
    case 'ping':
      return { type: 'ping' };
    case 'subscribe':
      return {
        type: 'subscribe',
        id: field(frame, 'id', ID, ID_HINT),
        filter: readFilter(frame['filter'] as EventFilter | undefined),
        from: frame['from'] === undefined ? undefined : beginning(frame['from']),
        batch: frame['batch'] === undefined ? 1 : count(frame['batch']),
      };
  }
}

const ID_HINT = 'must be 1 to 64 printable characters without spaces';

function field(frame: Record<string, unknown>, name: string, pattern: RegExp, hint: string): string {
  const value = frame[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw badInput([{ field: name, reason: hint }]);
  return value;
}

/** Where a subscription begins. */
function beginning(value: unknown): Position | 'start' {
  if (value === 'start' || (typeof value === 'string' && isPosition(value))) return value;
  throw badInput([{ field: 'from', reason: 'must be "start" or a position of the log; without it it begins now' }]);
}

/** Events that a frame may hold. */
function count(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_EVENTS) return value as number;
  throw badInput([{ field: 'batch', reason: `must be a whole number from 1 to ${MOST_EVENTS}` }]);
}
