/// <reference lib="esnext.disposable" preserve="true" />
// For who compiles for a browser: `await using`, and the symbol that it calls.
import { SlipwayError, type LeaseEnd, type LeaseRecorded, type LeaseStatus, type LeaseView } from '@slipway/contracts/public';
import { ApiError } from './errors.js';
import type { Holding } from './lease-call.js';
import { interfaceOf, type LeaseInterfaces } from './lease-interfaces.js';
import type { Leases } from './leases.js';
import { pause } from './pause.js';
import { passes } from './wait.js';

export interface LeaseWaitOptions {
  /** In milliseconds; without it as long as it takes. The lease is waited for by the allocator all the same. */
  timeoutMs?: number;
  /** Told the lease whenever it, its place or what it waits for has changed. */
  onUpdate?(lease: LeaseView): void;
  /** Ends the waiting with its reason. */
  signal?: AbortSignal;
}

/** Why a lease is over, in words. */
const ENDS: Readonly<Record<LeaseEnd, string>> = {
  release: 'it was given back',
  expired: 'its time was over',
  waited: 'it had waited as long as it was to',
  'request-ended': 'the request that held it has ended',
  'holder-gone': 'what held it is gone',
  broken: 'what was leased broke',
  reclaim: 'it was reclaimed',
};

/** Why a lease is over: the reason that was given, or what happened. */
export const whyOver = ({ because, reason }: NonNullable<LeaseView['end']>): string => reason ?? ENDS[because];

/** A lease that cannot be used: it waits still, or is over. `code` is `lease-not-active`. */
export class LeaseNotActive extends SlipwayError {
  constructor(readonly lease: Partial<LeaseView> & { status: LeaseStatus }) {
    const { id = 'The lease', status, standing, end, reason } = lease;
    const why = end ? whyOver(end) : (reason ?? standing?.reasons.join('; '));
    const estimate = standing?.estimate;
    const when = estimate === undefined ? '' : `; it may be active at ${estimate}`;
    const details = { status, ...(estimate !== undefined && { estimate }) };
    super('lease-not-active', `${id} is ${end ? 'over' : status}${why ? `: ${why}` : ''}${when}`, details);
  }
}

/** The time that was given is over; the lease waits on. `code` is `timed-out`; its details are the status, and what it waits for. */
export class LeaseWaitTimedOut extends SlipwayError {
  constructor(
    readonly lease: LeaseView,
    timeoutMs: number,
  ) {
    const { id, status, standing } = lease;
    super('timed-out', `Lease ${id} is still ${status} after ${timeoutMs / 1000} s`, {
      status,
      reasons: standing?.reasons ?? [],
    });
  }
}

/** Time between two looks at a lease that waits, in ms: it grows. */
const LOOKS = { first: 100, most: 1_000, growth: 1.5 };

/** Nothing comes of it any more. */
const OVER: readonly LeaseStatus[] = ['broken', 'released', 'destroyed'];

/** A claim on a resource: asked for, waited for, used through its interfaces, and given back, by leaving its scope too (`await using`). */
export class Lease {
  private seen: LeaseView | undefined;

  constructor(
    private readonly leases: Leases,
    private readonly asked: Promise<Pick<LeaseRecorded, 'leaseId'>>,
  ) {
    // Told to whoever does something with it.
    asked.catch(() => {});
  }

  /** Throws why it was refused: `no-blueprint`, `lease-impossible`, `forbidden`, `quota-exceeded`, … */
  async id(): Promise<string> {
    return (await this.asked).leaseId;
  }

  /** As it was seen last. */
  get view(): LeaseView | undefined {
    return this.seen;
  }

  /** As it stands: while it waits with its place, what it waits for, and an estimate. */
  async look(): Promise<LeaseView> {
    this.seen = await this.leases.get(await this.id());
    return this.seen;
  }

  /**
   * Resolves when it can be used. Throws {@link LeaseNotActive} when it is over instead, {@link LeaseWaitTimedOut}, the signal's reason, and why
   * it was refused. What is away meanwhile is waited for.
   */
  async waitUntilActive({ timeoutMs, onUpdate, signal }: LeaseWaitOptions = {}): Promise<this> {
    const deadline = timeoutMs === undefined ? Infinity : Date.now() + timeoutMs;
    const id = await this.id();
    let told = '';
    for (let wait = LOOKS.first; ; wait = Math.min(LOOKS.most, wait * LOOKS.growth)) {
      signal?.throwIfAborted();
      const view = await this.leases.get(id).catch((error: unknown) => {
        if (passes(error) && Date.now() < deadline) return undefined;
        throw error;
      });
      if (view) {
        this.seen = view;
        const news = JSON.stringify([view.position, view.status, view.standing]);
        if (news !== told) onUpdate?.(view);
        told = news;
        if (view.status === 'active') return this;
        if (OVER.includes(view.status)) throw new LeaseNotActive(view);
        if (Date.now() >= deadline) throw new LeaseWaitTimedOut(view, timeoutMs!);
      }
      await pause(Math.min(wait, deadline - Date.now()), signal);
    }
  }

  /**
   * What can be done with its resource: `command`, `filesystem`, or whatever its blueprint builds, by `call`. Throws {@link LeaseNotActive} unless
   * it was active when it was seen last; each call throws `lease-not-active` when it is over by then, or was acquired anew, and `not-found` with the
   * names that there are where it has no interface of that name: the client does not know them.
   */
  interface<Name extends string>(name: Name): LeaseInterfaces<Name> {
    return interfaceOf(this.leases, this.holding(), name);
  }

  /** Its id and token, to be used elsewhere. Throws {@link LeaseNotActive}. */
  holding(): Holding {
    const { seen } = this;
    if (seen?.status !== 'active' || seen.token === undefined) throw new LeaseNotActive(seen ?? { status: 'pending' });
    return { id: seen.id, token: seen.token };
  }

  /** Wants it for longer: ISO 8601 with a zone, or a `Date`. */
  async renew(until: string | Date): Promise<LeaseRecorded> {
    return this.leases.renew(await this.id(), until);
  }

  /** Gives it back; nothing can be done through it any more. Again: nothing. */
  async release(reason?: string): Promise<LeaseRecorded> {
    const released = await this.leases.release(await this.id(), reason);
    if (this.seen) this.seen = { ...this.seen, status: 'released' };
    return released;
  }

  /** Leaving its scope gives it back; one that was refused there is nothing to give back of. */
  async [Symbol.asyncDispose](): Promise<void> {
    const asked = await this.asked.then(
      () => true,
      () => false,
    );
    if (!asked) return;
    await this.release().catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'not-found')) throw error;
    });
  }
}
