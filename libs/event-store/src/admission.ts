import { CATEGORY_OWNER, SlipwayError, badInput, categoryOf, type Category, type ServiceName } from '@slipway/contracts';
import { NO_STREAM, type NewEvent } from './port.js';

/** Bytes of one event's data, of its metadata, and of all of one append, as JSON in UTF-8. */
export const MAX_DATA_BYTES = 64 * 1024;
export const MAX_METADATA_BYTES = 16 * 1024;
export const MAX_APPEND_BYTES = 512 * 1024;

/** An event that may be appended: its JSON is spelled once, here, and what adapters hash and store is this text. */
export interface AdmittedEvent {
  id: string;
  type: string;
  version: number;
  data: string;
  metadata: string;
  environment: string | null;
  requestId: string | null;
  ownerId: string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TYPE = /^[A-Za-z][A-Za-z0-9.-]{0,127}$/;
const STREAM = /^[a-z]+-[A-Za-z0-9][A-Za-z0-9._:@+-]{0,254}$/;

/** Throws `bad-input` unless it is a stream's name: `<category>-<id>`. */
export function checkStream(stream: string): void {
  if (!STREAM.test(stream) || !Object.hasOwn(CATEGORY_OWNER, categoryOf(stream)))
    throw bad('stream', `"${stream}" is not <category>-<id> with a category of ${Object.keys(CATEGORY_OWNER).join(', ')}`);
}

/**
 * What every append has to satisfy, whatever adapter is behind: `not-owner`, `bad-input` (stream, revision, ids, types),
 * `too-large`. `newestVersion` says which schema version is meant when an event names none.
 */
export function admit(
  service: ServiceName | null,
  stream: string,
  expected: number,
  events: readonly NewEvent[],
  newestVersion: (type: string) => number,
): AdmittedEvent[] {
  checkStream(stream);
  const owner = CATEGORY_OWNER[categoryOf(stream) as Category];
  if (service !== owner)
    throw new SlipwayError('not-owner', `${service ?? 'A reader'} may not append to ${stream}: ${owner} owns it`, {
      stream,
      owner,
    });
  if (!Number.isSafeInteger(expected) || expected < NO_STREAM)
    throw bad('expected', `${expected} is not a revision; give the newest one that was read, or NO_STREAM`);
  if (events.length === 0) throw bad('events', 'an append holds at least one event');

  const ids = new Set<string>();
  let total = 0;
  return events.map((event, index) => {
    const version = event.version ?? newestVersion(event.type);
    if (!UUID.test(event.id)) throw bad(`events[${index}].id`, `"${event.id}" is not a lower-case UUID`);
    if (ids.has(event.id)) throw bad(`events[${index}].id`, `${event.id} stands twice in this append`);
    ids.add(event.id);
    if (!TYPE.test(event.type))
      throw bad(`events[${index}].type`, `"${event.type}" is not an event type such as RequestAccepted`);
    if (!Number.isSafeInteger(version) || version < 1)
      throw bad(`events[${index}].version`, `${version} is not a schema version`);
    if (typeof event.metadata?.actor?.id !== 'string') throw bad(`events[${index}].metadata.actor`, 'says who caused it');
    const data = JSON.stringify(event.data);
    if (data?.[0] !== '{') throw bad(`events[${index}].data`, 'is an object');
    const metadata = JSON.stringify(event.metadata);
    const bytes = [Buffer.byteLength(data), Buffer.byteLength(metadata)] as const;
    if (bytes[0] > MAX_DATA_BYTES) throw tooLarge(`The data of event ${index} (${event.type})`, bytes[0], MAX_DATA_BYTES);
    if (bytes[1] > MAX_METADATA_BYTES)
      throw tooLarge(`The metadata of event ${index} (${event.type})`, bytes[1], MAX_METADATA_BYTES);
    total += bytes[0] + bytes[1];
    const { environment = null, requestId = null, ownerId = null } = event.metadata;
    if (total > MAX_APPEND_BYTES) throw tooLarge(`The append to ${stream}`, total, MAX_APPEND_BYTES);
    return { id: event.id, type: event.type, version, data, metadata, environment, requestId, ownerId };
  });
}

const bad = (field: string, reason: string) => badInput([{ field, reason }]);
const tooLarge = (what: string, bytes: number, limit: number) =>
  new SlipwayError('too-large', `${what} has ${bytes} bytes; ${limit} are allowed`, { bytes, limit });
