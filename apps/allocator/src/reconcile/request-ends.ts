import { categoryOf, causeOf, idOf, type AllocationEvent, type Clock } from '@slipway/contracts';
import { isAfter, type EventStore, type Position, type RecordedEvent, type Subscription } from '@slipway/event-store';
import type { Allocations } from '../allocation/allocations.js';
import { MOST_EVENTS } from '../allocation/deciding.js';
import { holdingRequest, type HoldingRequest } from '../lease/holding-request.js';
import type { LeaseTime } from './lease-time.js';
import { ALLOCATOR } from './system.js';

/** The request's claim has ended, and nothing is left under the name. */
const ENDED = 'NameReleased';
const RELEASES = { categories: ['environment'], types: [ENDED] };
/** When what could not be heard is listened for again, in ms. */
const AGAIN_MS = 2_000;

export interface RequestEndsOptions {
  store: EventStore;
  allocations: Allocations;
  time: LeaseTime;
  clock: Clock;
  warn(about: object, message: string): void;
}

/**
 * Ends the leases of requests of which nothing is left: one that failed, and one whose instance was given back by another. What stands in the
 * log says so, also what was recorded while no allocator ran: from the oldest request that holds a lease on it is looked at again at each start.
 * For a lease that is asked for when its request has ended already it is looked back: that is not heard again.
 */
export class RequestEnds {
  readonly #accepted = new Map<string, HoldingRequest | null>();
  /** Requests that hold a new lease, each with the environment of it: not looked back for yet. */
  readonly #asking: [environment: string, requestId: string][] = [];
  #looking: Promise<void> | undefined;
  #cancelLook = () => {};
  #stopped = false;
  #subscription: Subscription | undefined;
  #cancel = () => {};
  /** Why nothing is heard of requests just now. */
  problem: string | undefined;

  constructor(private readonly options: RequestEndsOptions) {}

  async start(): Promise<void> {
    const { store } = this.options;
    const head = await store.head();
    const known = await Promise.all([...this.#holders()].map(([, requestId]) => this.#read(requestId)));
    const oldest = known.flatMap((one) => one?.position ?? []).toSorted((one, other) => (isAfter(one, other) ? 1 : -1))[0];
    this.#follow(oldest ?? head);
  }

  /** What was recorded on leases, by whichever replica. */
  noticed(environment: string, events: readonly AllocationEvent[]): void {
    for (const { type, data } of events) {
      if (type !== 'LeaseRequested' || data.requestId === undefined) continue;
      this.#asking.push([environment, data.requestId]);
      this.#look(0);
    }
  }

  #follow(after: Position): void {
    const { store, clock, warn } = this.options;
    const subscription = store.subscribe({
      name: 'allocator-requests',
      filter: RELEASES,
      after,
      events: async (batch) => {
        for (const event of batch)
          if (categoryOf(event.stream) === 'environment' && event.type === ENDED) await this.#ended(event);
        this.problem = undefined;
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
    this.#stopped = true;
    this.#cancel();
    this.#cancelLook();
    await this.#subscription?.stop();
    await this.#looking;
  }

  async #ended(released: RecordedEvent): Promise<void> {
    for (const [environment, requestId] of this.#holders()) {
      const accepted = await this.#read(requestId);
      if (accepted && ends(released, accepted)) await this.#end(environment, requestId);
    }
    this.#forget();
  }

  async #end(environment: string, requestId: string): Promise<void> {
    const { allocations, time } = this.options;
    const end = { type: 'EndRequest' as const, requestId, now: time.now() };
    while ((await allocations.decide(environment, end, { actor: ALLOCATOR, requestId })).events.length >= MOST_EVENTS);
  }

  /** Looks back for all that ask, one after the other; what could not be read is read again. */
  #look(pause: number): void {
    if (this.#stopped || this.#looking || this.#asking.length === 0) return;
    const { clock, warn } = this.options;
    this.#cancelLook();
    this.#cancelLook = clock.after(pause, () => {
      this.#looking = this.#lookBack().then(
        () => this.#looked(0),
        (error: unknown) => {
          warn({ err: error }, 'Whether a request that asks for a lease goes on is not known; it is looked at again');
          this.#looked(AGAIN_MS);
        },
      );
    });
  }

  #looked(pause: number): void {
    this.#looking = undefined;
    this.#look(pause);
  }

  async #lookBack(): Promise<void> {
    for (let next = this.#asking[0]; next && !this.#stopped; next = this.#asking[0]) {
      const [environment, requestId] = next;
      const accepted = await this.#read(requestId);
      if (accepted && (await this.#hasEnded(accepted))) await this.#end(environment, requestId);
      this.#asking.shift();
    }
  }

  async #hasEnded(accepted: HoldingRequest): Promise<boolean> {
    for (let after = accepted.position; ;) {
      const page = await this.options.store.readAll({ filter: RELEASES, after });
      if (page.events.some((event) => ends(event, accepted))) return true;
      if (page.end) return false;
      after = page.position;
    }
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

  async #read(requestId: string): Promise<HoldingRequest | null> {
    const known = this.#accepted.get(requestId);
    if (known !== undefined) return known;
    const accepted = await holdingRequest(this.options.store, requestId);
    this.#accepted.set(requestId, accepted);
    return accepted;
  }
}

/** Whether a name was released that is the request's: not what had it before, and not what has it elsewhere. */
const ends = ({ stream, type, data, position }: RecordedEvent, request: HoldingRequest): boolean =>
  type === ENDED && data['name'] === request.name && idOf(stream) === request.environment && isAfter(position, request.position);
