import { categoryOf, causeOf, idOf, streamName, type Clock } from '@slipway/contracts';
import { isAfter, type EventStore, type Position, type RecordedEvent, type Subscription } from '@slipway/event-store';
import type { Allocations } from '../allocation/allocations.js';
import { MOST_EVENTS } from '../allocation/deciding.js';
import type { LeaseTime } from './lease-time.js';
import { ALLOCATOR } from './system.js';

/** The request's claim has ended, and nothing is left under the name. */
const ENDED = 'NameReleased';
/** When what could not be heard is listened for again, in ms. */
const AGAIN_MS = 2_000;

export interface RequestEndsOptions {
  store: EventStore;
  allocations: Allocations;
  time: LeaseTime;
  clock: Clock;
  warn(about: object, message: string): void;
}

/** What a request works on, and since when; `null` for one that there is not. */
type Accepted = { environment: string; name: string; position: Position } | null;

/**
 * Ends the leases of requests of which nothing is left: one that failed, and one whose instance was given back by another. What stands in the
 * log says so, also what was recorded while no allocator ran: from the oldest request that holds a lease on it is looked at again at each start.
 */
export class RequestEnds {
  readonly #accepted = new Map<string, Accepted>();
  #subscription: Subscription | undefined;
  #cancel = () => {};
  /** Why nothing is heard of requests any more. */
  problem: string | undefined;

  constructor(private readonly options: RequestEndsOptions) {}

  async start(): Promise<void> {
    const { store } = this.options;
    const head = await store.head();
    const known = await Promise.all([...this.#holders()].map(([, requestId]) => this.#read(requestId)));
    const oldest = known.flatMap((one) => one?.position ?? []).toSorted((one, other) => (isAfter(one, other) ? 1 : -1))[0];
    this.#follow(oldest ?? head);
  }

  #follow(after: Position): void {
    const { store, clock, warn } = this.options;
    const subscription = store.subscribe({
      name: 'allocator-requests',
      filter: { categories: ['environment'], types: [ENDED] },
      after,
      events: async (batch) => {
        for (const event of batch)
          if (categoryOf(event.stream) === 'environment' && event.type === ENDED) await this.#ended(event);
      },
      failed: (error) => {
        this.problem = `It is not heard just now which requests have ended: ${causeOf(error).message}`;
        warn({ err: error }, this.problem);
        this.#cancel = clock.after(AGAIN_MS, () => this.#follow(subscription.position));
      },
    });
    this.#subscription = subscription;
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#subscription?.stop();
  }

  async #ended({ stream, data, position }: RecordedEvent): Promise<void> {
    const { allocations, time } = this.options;
    for (const [environment, requestId] of this.#holders()) {
      const accepted = await this.#read(requestId);
      // Not what has the name since, and not what has it elsewhere.
      if (accepted?.name !== data['name'] || accepted?.environment !== idOf(stream) || !isAfter(position, accepted.position))
        continue;
      const end = { type: 'EndRequest' as const, requestId, now: time.now() };
      while ((await allocations.decide(environment, end, { actor: ALLOCATOR, requestId })).events.length >= MOST_EVENTS);
    }
    this.#forget();
  }

  /** Of those that hold no leases any more nothing has to be known. */
  #forget(): void {
    const holders = new Set([...this.#holders()].map(([, requestId]) => requestId));
    for (const requestId of this.#accepted.keys()) if (!holders.has(requestId)) this.#accepted.delete(requestId);
  }

  /** Of how many requests it is known what they work on. */
  get known(): number {
    return this.#accepted.size;
  }

  /** Requests that hold leases, each with the environment of these. */
  *#holders(): Generator<[environment: string, requestId: string]> {
    const { allocations } = this.options;
    for (const environment of allocations.environments())
      for (const [requestId] of allocations.of(environment).state.requests.entries()) yield [environment, requestId];
  }

  async #read(requestId: string): Promise<Accepted> {
    const known = this.#accepted.get(requestId);
    if (known !== undefined) return known;
    const [first] = await this.options.store.read(streamName('request', requestId), { limit: 1 });
    const accepted = first?.type === 'RequestAccepted' ? acceptedAs(first) : null;
    this.#accepted.set(requestId, accepted);
    return accepted;
  }
}

function acceptedAs({ data, position }: RecordedEvent): Accepted {
  const { environment, name } = data as { environment: string; name: string };
  return { environment, name, position };
}
