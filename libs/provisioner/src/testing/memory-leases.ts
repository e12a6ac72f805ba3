import { SlipwayError, type AskLeaseCommand, type JsonObject, type LeaseStanding } from '@slipway/contracts';
import type { Leases } from '../leased/leases.js';

/** An allocator in memory that does by itself no more than to remember: a test says what becomes of each lease. */
export class MemoryLeases implements Leases {
  /** All that were asked for, in order. */
  readonly asked: AskLeaseCommand[] = [];
  readonly released: string[] = [];
  /** Thrown by whatever is asked. */
  away: SlipwayError | undefined;
  /** What is thrown to who asks for a lease. */
  refuses: SlipwayError | undefined;
  /** Whether what is released is taken back at once. */
  takesBack = true;
  /** Called when a lease was asked for. */
  onAsked: (leaseId: string) => void | Promise<void> = () => {};
  outputs: JsonObject = { host: '10.0.0.7', place: { folder: '/slipway' } };
  readonly #leases = new Map<string, LeaseStanding & { key: string }>();

  async ask(wanted: AskLeaseCommand): Promise<string> {
    this.#assertThere();
    if (this.refuses) throw this.refuses;
    const known = this.#of(wanted.key);
    if (known) return known.leaseId;
    this.asked.push(wanted);
    const leaseId = `${wanted.environment}.lease-${this.asked.length}`;
    this.#leases.set(leaseId, { leaseId, status: 'pending', reasons: [], place: 1, key: wanted.key });
    await this.onAsked(leaseId);
    return leaseId;
  }

  async ofKey(_environment: string, key: string): Promise<LeaseStanding | undefined> {
    this.#assertThere();
    return this.#of(key);
  }

  async standing(leaseId: string): Promise<LeaseStanding> {
    this.#assertThere();
    const known = this.#leases.get(leaseId);
    if (known) return known;
    throw new SlipwayError('not-found', `There is no lease ${leaseId}`);
  }

  async gives(leaseId: string): Promise<JsonObject> {
    await this.standing(leaseId);
    return this.outputs;
  }

  async release(leaseId: string): Promise<void> {
    await this.standing(leaseId);
    this.released.push(leaseId);
    this.becomes(leaseId, { status: this.takesBack ? 'destroyed' : 'released' });
  }

  becomes(leaseId: string, change: Partial<LeaseStanding>): void {
    const { place: _place, ...known } = this.#leases.get(leaseId)!;
    this.#leases.set(leaseId, { ...known, ...change });
  }

  /** It is the holder's, under that token. */
  activate(leaseId: string, token = 1): void {
    this.becomes(leaseId, { status: 'active', token, resourceId: 'default.host-9' });
  }

  #of(key: string): LeaseStanding | undefined {
    return [...this.#leases.values()].find((one) => one.key === key);
  }

  #assertThere(): void {
    if (this.away) throw this.away;
  }
}
