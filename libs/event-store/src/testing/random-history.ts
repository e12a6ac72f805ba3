import { CATEGORIES, CATEGORY_OWNER, SERVICES, type JsonObject, type ServiceName } from '@slipway/contracts';
import { NO_STREAM, type Appended, type EventLog, type NewEvent } from '../port.js';
import { seededRandom } from './seeded-random.js';

/** One append of a history. */
export interface HistoryAppend {
  service: ServiceName;
  stream: string;
  expected: number;
  events: NewEvent[];
}

const TYPES = ['Opened', 'Changed', 'Moved', 'Closed'] as const;
const ENVIRONMENTS = ['default', 'blue', 'green'];

/** Appends to streams of every category, in an order in which they all succeed on an empty log. The same seed, the same history. */
export function randomHistory(
  seed: number,
  { appends = 200, streams = 12 }: { appends?: number; streams?: number } = {},
): HistoryAppend[] {
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
  const uuid = () => '00000000-0000-4000-8000-000000000000'.replaceAll('0', () => Math.floor(random() * 16).toString(16));
  const requests = Array.from({ length: streams }, uuid);
  const names = requests.map((id, index) => `${pick(CATEGORIES)}-${index}.${id.slice(0, 8)}`);
  const heads = new Map<string, number>();
  const data = (): JsonObject => ({
    text: 'é'.repeat(Math.floor(random() * 40)),
    number: Math.floor(random() * 1e6),
    list: [random() < 0.5, null],
  });
  return Array.from({ length: appends }, () => {
    const stream = pick(names);
    const expected = heads.get(stream) ?? NO_STREAM;
    const metadata = {
      requestId: pick(requests),
      correlationId: uuid(),
      actor: { id: pick(['ada', 'grace']), type: 'user' as const },
      environment: pick(ENVIRONMENTS),
      ownerId: pick(['ada', 'grace', 'platform']),
    };
    const events = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      id: uuid(),
      type: pick(TYPES),
      data: data(),
      metadata,
    }));
    heads.set(stream, expected + events.length);
    const category = stream.slice(0, stream.indexOf('-')) as keyof typeof CATEGORY_OWNER;
    return { service: CATEGORY_OWNER[category], stream, expected, events };
  });
}

/** Appends a history to a log, in order. */
export async function replay(log: EventLog, history: readonly HistoryAppend[]): Promise<Appended[]> {
  const stores = new Map(SERVICES.map((service) => [service, log.as(service)]));
  const appended: Appended[] = [];
  for (const { service, stream, expected, events } of history)
    appended.push(await stores.get(service)!.append(stream, expected, events));
  await Promise.all([...stores.values()].map((store) => store.close()));
  return appended;
}
