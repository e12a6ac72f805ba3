import type { AllStreamSubscription } from '@kurrent/kurrentdb-client';
import type { LogLogger } from '../adapter.js';
import { OURS, type Client } from './client.js';
import type { StoredEvent } from './record.js';

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;
/** Wakes up readers now and then in case that a connection is dead and nobody has noticed yet. */
const POLL = 1_000;

/**
 * Follows the head of `$all` on the server, from now on, for ever: a subscription that ends is made anew. It is only told
 * that something came; readers pull it.
 */
export class HeadWatch {
  private subscription: AllStreamSubscription | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly poll: NodeJS.Timeout;
  private pause = FIRST_PAUSE;
  private stopped = false;

  constructor(
    private readonly client: Client,
    private readonly came: (event: StoredEvent | null) => void,
    /** Called before each connection after the first. */
    private readonly reconnecting: () => Promise<void>,
    private readonly logger?: LogLogger,
  ) {
    this.poll = setInterval(() => came(null), POLL);
    this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.poll);
    clearTimeout(this.retry);
    await this.subscription?.unsubscribe().catch(() => undefined);
  }

  private connect(): void {
    const subscription = this.client.subscribeToAll({ fromPosition: 'end', filter: OURS });
    this.subscription = subscription;
    subscription.on('confirmation', () => {
      this.pause = FIRST_PAUSE;
      this.came(null);
    });
    subscription.on('data', ({ event }) => this.came((event as StoredEvent | undefined) ?? null));
    subscription.on('error', (error) => this.lost(subscription, error.message));
    subscription.on('end', () => this.lost(subscription, 'it ended'));
  }

  private lost(subscription: AllStreamSubscription, reason: string): void {
    if (this.stopped || subscription !== this.subscription) return;
    this.subscription = undefined;
    this.logger?.warn({ reason, nextTryMs: this.pause }, 'The subscription to KurrentDB ended; making it anew');
    this.retry = setTimeout(() => {
      this.reconnecting()
        .catch((error: Error) => this.logger?.warn({ reason: error.message }, 'KurrentDB is away'))
        .finally(() => !this.stopped && this.connect());
    }, this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}
