import * as fc from 'fast-check';
import { SlipwayError, type JsonObject, type Owner } from '@slipway/contracts';
import { PersistentMap, PersistentOrder } from '@slipway/event-store';
import { evolve } from '../allocation/evolve.js';
import { fromParts, toParts } from '../allocation/snapshot.js';
import { initialState } from '../allocation/state.js';
import { Model, limitsIn } from './model.js';
import { World, ada, asking, bob, declared, operator } from './world.js';

/** One throw of the dice: what is done, with what, and how. */
export type Throw = readonly [what: number, one: number, other: number];
export const throws = (length: number): fc.Arbitrary<Throw[]> =>
  fc.array(fc.tuple(fc.nat(99), fc.nat(1_000), fc.nat(1_000)), { minLength: 5, maxLength: length });

const OWNERS: readonly Owner[] = [ada, bob, { id: 'ops', type: 'team' }];
const limits = { resources: 3, warm: 0, idleSeconds: 60, leaseSeconds: 3_600 };

/** Hosts that are made, licences that are counted, databases on hosts, and what needs both. */
export const blueprints = () => [
  declared({ name: 'Host', capacity: 2, limits: { ...limits, warm: 1 }, can: ['allocate', 'update', 'manage', 'destroy'] }),
  declared({ name: 'OtherHost', placing: 'pack', capacity: 3, limits: { ...limits, resources: 1 }, can: ['allocate'] }),
  declared({ name: 'Licence', type: 'licence', can: [], attributes: {} }),
  declared({
    name: 'Database',
    type: 'database',
    attributes: {},
    limits,
    capacity: 2,
    needs: { host: { type: 'host', slots: ['port/5432'] } },
  }),
  declared({
    name: 'Both',
    type: 'both',
    attributes: {},
    limits,
    needs: { host: { type: 'host' }, database: { type: 'database' } },
  }),
];

/** A world in which anything happens, at any moment, again too, held against the {@link Model} after each command. */
export class RandomWorld extends World {
  readonly model: Model;

  constructor() {
    super(...blueprints());
    this.model = new Model(limitsIn(this.catalogue, (name) => this.state.blueprints.get(name)?.limits.resources));
    for (const owner of OWNERS)
      for (const name of this.catalogue.keys()) this.run({ type: 'Approve', blueprint: name, owner, actor: operator });
    this.#enterPool();
  }

  override run(command: Parameters<World['run']>[0]) {
    const events = super.run(command);
    // The first commands come before the model is there.
    for (const event of events) this.model?.follow(event);
    this.model?.settled();
    return events;
  }

  /** What is over by then ends. */
  override later(ms: number): void {
    super.later(ms);
    for (const leaseId of this.model.overdue(this.now)) this.run({ type: 'Expire', leaseId });
    const late = this.model.overdue(this.now);
    if (late.length > 0) throw new Error(`The time of ${late.join(', ')} is over, and it goes on`);
  }

  /** Refusals are answers. */
  throw(dice: Throw): void {
    answered(() => this.#carryOut(dice));
  }

  /** The same, of what befalls only what was entered by hand and who has it. */
  throwAtPool([what, one]: Throw): void {
    answered(() => this.#befall(what % 10, one));
  }

  #befall(what: number, one: number): void {
    const resourceId = this.state.names.get('pool');
    const by = { actor: operator, reason: 'so' };
    if (resourceId === undefined) return this.#enterPool();
    const ids = [...this.state.leases.entries()].map(([id]) => id).toSorted();
    const leaseId = ids[one % Math.max(1, ids.length)];
    if (what < 3 || leaseId === undefined)
      return void this.run({ type: 'Ask', ask: asking({ type: 'licence', replace: one % 3 > 0 }), wait: true });
    if (what < 4) return void this.back(leaseId);
    if (what < 6) return void this.run({ type: 'Broke', resourceId, reason: 'fire' });
    if (what < 7) return this.#mend(resourceId);
    if (what < 8) return void this.run({ type: 'Mended', resourceId, tookBack: [] });
    if (what < 9) return void this.run({ type: 'Drain', resourceId, ...by });
    this.run({ type: 'ForceGone', resourceId, ...by });
  }

  #enterPool(): void {
    this.run({ type: 'Enter', resource: { name: 'pool', blueprint: 'Licence', attributes: {}, capacity: 3 }, actor: operator });
  }

  #carryOut([what, one, other]: Throw): void {
    const leases = [...this.state.leases.entries()].map(([, lease]) => lease).toSorted((a, b) => a.number - b.number);
    const resources = [...this.state.resources.entries()].map(([id]) => id).toSorted();
    const lease = leases[one % Math.max(1, leases.length)];
    const resourceId = resources[one % Math.max(1, resources.length)];
    if (what < 30 || !lease || resourceId === undefined) return this.#ask(one, other);
    const leaseId = lease.id;
    const by = { actor: operator, reason: 'so' };
    if (what < 40) return void this.release(leaseId);
    if (what < 52) return void this.run({ type: 'TookBack', leaseId });
    if (what < 62)
      return void (lease.granted && this.run({ type: 'Activate', leaseId, token: lease.granted.token - Number(other === 0) }));
    if (what < 70) return void this.run({ type: 'Opened', resourceId });
    if (what < 73)
      return void this.run({ type: 'Failed', resourceId, reason: 'no', retryAt: this.now + other * 100, isFinal: one % 4 === 0 });
    if (what < 76) return void this.run({ type: 'Broke', resourceId, reason: 'fire' });
    if (what < 78) return this.#mend(resourceId);
    if (what < 82) return void this.run({ type: 'Gone', resourceId });
    if (what < 83)
      return void this.run({
        ...{ type: other % 2 ? ('CannotDestroy' as const) : ('CannotUpdate' as const), resourceId, reason: 'no' },
        retryAt: this.now + other * 100,
      });
    if (what < 84) return void this.run({ type: 'ForceGone', resourceId, ...by });
    if (what < 88) return void (this.later(other * 1_000), this.run({ type: 'Tidy' }));
    if (what < 90) return void this.run({ type: 'Expire', leaseId });
    if (what < 91) return void this.run({ type: 'Renew', leaseId, until: this.now + other * 10_000, actor: ada });
    if (what < 92) return void this.run({ type: 'Drain', resourceId, ...by });
    if (what < 93) return void this.run({ type: 'EndRequest', requestId: `r${one % 3}` });
    if (what < 94)
      return void this.run({ type: 'Reclaim', of: other % 4 === 0 ? { owner: OWNERS[one % 3]! } : { leaseId }, ...by });
    if (what < 95)
      return void this.run({
        type: other % 2 ? 'Revoke' : 'Approve',
        blueprint: 'Host',
        owner: OWNERS[one % 3]!,
        actor: operator,
      });
    if (what < 96)
      return void this.run({
        type: 'SetLimits',
        blueprint: 'Host',
        limits: { resources: other % 5, warm: other % 2 },
        actor: operator,
      });
    if (what < 97) return void this.run({ type: 'CannotPrepare', leaseId, token: lease.granted?.token ?? 0, reason: 'no' });
    if (what < 98) return void this.run({ type: 'Change', resourceId, capacity: 1 + (other % 4), actor: operator });
    this.restart();
  }

  /** It works again, and all that was left on it was taken back. */
  #mend(resourceId: string): void {
    const tookBack = (this.resource(resourceId).remains ?? []).map(({ token }) => token);
    this.run({ type: 'Mended', resourceId, tookBack });
  }

  #ask(one: number, other: number): void {
    const type = ['host', 'host', 'licence', 'database', 'both'][one % 5]!;
    const attributes: JsonObject = type === 'host' && other % 3 === 0 ? { memory: 1 + (other % 8) } : {};
    const ask = asking({
      ...{ type, attributes, owner: OWNERS[other % 3]!, priority: other % 2, replace: other % 5 === 0 },
      ...{ amount: one % 7 === 0 ? 2 : 1, slots: one % 4 === 0 ? ['port/8080'] : [] },
      ...(one % 3 === 0 && { until: this.now + 1 + other * 1_000 }),
      ...(one % 6 === 1 && { waitUntil: this.now + 1 + other * 1_000 }),
      ...(one % 8 === 2 && { requestId: `r${other % 3}` }),
      ...(one % 9 === 3 && { key: { id: `k${other % 5}`, body: `${one % 2}` } }),
    });
    this.run({ type: 'Ask', ask, wait: one % 11 !== 0 });
  }

  /** From the kept state, which must be the one that all events lead to. */
  restart(): void {
    const kept = fromParts(JSON.parse(JSON.stringify([...toParts(this.state, 3)])) as JsonObject[]);
    const folded = this.events.reduce(evolve, initialState('default'));
    const here = plain(this.state);
    for (const state of [kept, folded])
      if (plain(state) !== here) throw new Error(`A restart leads elsewhere:\n${plain(state)}\n${here}`);
    this.state = this.now % 2 === 0 ? kept : folded;
  }

  /** Ends all and takes it back, until nothing happens any more. */
  wind(): void {
    for (const [id, { holderId }] of [...this.state.leases.entries()])
      if (holderId === undefined && this.state.leases.has(id)) this.release(id);
    for (let round = 0; round < 20; round += 1) {
      this.later(3_600_000);
      for (const blueprint of this.catalogue.keys())
        this.run({ type: 'SetLimits', blueprint, limits: { warm: 0 }, actor: operator });
      for (const [id, { status }] of [...this.state.leases.entries()])
        if (status === 'released') this.run({ type: 'TookBack', leaseId: id });
      for (const [id, { status, manual }] of [...this.state.resources.entries()]) {
        if (status === 'pending') this.run({ type: 'Opened', resourceId: id });
        if (status === 'closed') this.run({ type: 'Gone', resourceId: id });
        if (status === 'broken') this.#mend(id);
        if (manual) this.run({ type: 'Drain', resourceId: id, actor: operator, reason: 'over' });
      }
      this.run({ type: 'Tidy' });
    }
  }
}

function answered(command: () => void): void {
  try {
    command();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
}

/** All of a state, in one spelling. */
const plain = (state: object): string => JSON.stringify(state, spelled);

function spelled(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (value instanceof Set) return [...value].toSorted();
  const isMap = value instanceof Map || value instanceof PersistentMap || value instanceof PersistentOrder;
  const entries = isMap ? [...(value.entries() as Iterable<[string | number, unknown]>)] : Object.entries(value);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
