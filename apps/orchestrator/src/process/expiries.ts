import { causeOf } from '@slipway/contracts';
import { runInContext, systemContext } from '@slipway/mesh';
import type { EnvironmentLane } from '../environment/environment.lane.js';
import type { EnvironmentState, Until } from '../environment/state.js';
import { dueAt, expiryId, expiryKey } from '../environment/until.js';
import type { Ports } from '../ports.js';
import type { Acceptance } from './acceptance.js';
import type { Processes } from './processes.js';
import { SYSTEM } from './request-stream.js';

/** Between two looks, in ms: at least, and at most, where nothing is due before. */
const LEAST = 500;
const MOST = 5_000;
/** How long an instance whose time is nearly over stays at least once that is known, in ms; shorter where the notice is. */
const GRACE = 5 * 60_000;
/** Between two looks at what somebody else ought to do, in ms. */
const LOOK_AFTER_OTHERS = 10_000;

/**
 * Tells of instances whose time is over, or nearly, and gives them back.
 *
 * X1. The environment's stream decides and remembers: what is told is told once, also by several replicas and over restarts.
 *     Of those that share the work the owner of its partition tells: a matter of liveness only.
 * X2. The request that gives an instance back is an ordinary one, asked for again until it is taken: its key is the
 *     instance's and its time's, so that it is one request.
 * X3. Whatever the clock says, after a time away, a jump or a restore of the log, nothing is given back before it was known in
 *     this life, for {@link GRACE}, that its time is nearly over: till then it can be put off.
 */
export class Expiries {
  /** What was seen of each environment's times, and when the next of them is due. */
  readonly #seen = new Map<string, { untils: EnvironmentState['untils']; next: number }>();
  /** Keys of requests that were taken. */
  readonly #asked = new Set<string>();
  /** Since when it is known of each that its time is nearly over, by its key and in ms of {@link #awake}. */
  readonly #known = new Map<string, number>();
  /** How long this life has lasted, in ms: a jump of the clock counts as one pause between two looks at most. */
  #awake = 0;
  #lookedAt: number | undefined;
  #cancel = () => {};
  #stopped = false;

  constructor(
    private readonly ports: Ports,
    private readonly processes: Processes,
    private readonly acceptance: Acceptance,
  ) {}

  start(): void {
    const due = Math.min(...[...this.#seen.values()].map(({ next }) => next), Infinity) - this.ports.clock.now();
    this.#cancel = this.ports.clock.after(Math.min(Math.max(due, LEAST), MOST), () => {
      void this.#look().finally(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const now = this.ports.clock.now();
    this.#awake += Math.min(Math.max(now - (this.#lookedAt ?? now), 0), MOST);
    this.#lookedAt = now;
    const open = this.processes.environments.all();
    await Promise.all(open.map(({ lane }) => this.#lookAt(lane)));
  }

  async #lookAt(lane: EnvironmentLane): Promise<void> {
    const { clock, reports, config } = this.ports;
    const { untils } = lane.state;
    const notice = config.instances.expiryNoticeSeconds * 1000;
    const seen = this.#seen.get(lane.name);
    if (seen?.untils === untils && seen.next > clock.now()) return;
    let next = Infinity;
    const due: [string, Until][] = [];
    for (const [name, until] of untils.entries()) {
      const at = Math.max(dueAt(until, notice), clock.now() + this.#graceLeft(lane.name, name, until, notice));
      if (at > clock.now()) next = Math.min(next, at);
      else if (this.#asked.has(expiryKey(lane.name, name, until))) continue;
      else if (this.processes.partitions.owns(until.setBy)) due.push([name, until]);
      else next = Math.min(next, clock.now() + LOOK_AFTER_OTHERS);
    }
    const results = await Promise.allSettled(due.map(([name, until]) => this.#tell(lane, name, until, notice)));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      next = -Infinity;
      const { code } = causeOf(result.reason);
      // Another request works on it, it has just been given back, or is wanted for longer: it is looked at again.
      if (code !== 'name-taken' && code !== 'not-found' && code !== 'not-possible')
        reports.warn(
          { err: result.reason, environment: lane.name },
          'An instance whose time is over could not be given back yet',
        );
    }
    this.#seen.set(lane.name, { untils, next });
  }

  async #tell(lane: EnvironmentLane, name: string, until: Until, notice: number): Promise<void> {
    const { clock } = this.ports;
    const ownerId = lane.state.names.get(name)?.owner.id;
    const metadata = { actor: SYSTEM, ...(ownerId !== undefined && { ownerId }) };
    // It was looked at because it is due, its grace included.
    const { state } = await lane.decide({ type: 'Expire', name, now: clock.now(), notice, warned: true }, metadata);
    const now = state.untils.get(name);
    // From here on it is known; what others have told meanwhile has its own grace here too.
    const left = now ? this.#graceLeft(lane.name, name, now, notice) : 0;
    if (now?.phase === 'expired' && left === 0) await this.#giveBack(lane.name, name, now);
  }

  /** X3. */
  #graceLeft(environment: string, name: string, until: Until, notice: number): number {
    if (until.phase === 'wanted') return 0;
    const key = expiryKey(environment, name, until);
    if (!this.#known.has(key)) this.#known.set(key, this.#awake);
    return Math.max(this.#known.get(key)! + Math.min(notice, GRACE) - this.#awake, 0);
  }

  async #giveBack(environment: string, name: string, until: Until): Promise<void> {
    const key = expiryKey(environment, name, until);
    const context = systemContext('orchestrator', { actor: SYSTEM, causationId: expiryId(environment, name, until) });
    const command = { job: 'deprovision' as const, body: { instanceId: name, environment }, key };
    await runInContext(context, () => this.acceptance.accept(command, context, until.at));
    this.#asked.add(key);
  }
}
