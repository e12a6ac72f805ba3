import type { Actor, AllocationEvent, LeaseAsk } from '@slipway/contracts';
import type { AllocationCommand } from '../allocation/commands.js';
import { decide } from '../allocation/decide.js';
import { initialState, type AllocationState } from '../allocation/state.js';
import type { BlueprintDeclaration } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import { standing } from '../lease/waiting.js';
import type { Resource } from '../resource/resource.js';

export const ada = { id: 'ada', type: 'user' } as const;
export const bob = { id: 'bob', type: 'user' } as const;
export const T0 = 1_800_000_000_000;

/** Makes up to two hosts, with 1 to 8 of memory and room for one lease each. */
export const declared = (over: Partial<BlueprintDeclaration> = {}): BlueprintDeclaration => ({
  name: 'RackHost',
  type: 'host',
  location: 'local',
  can: ['allocate', 'destroy'],
  interfaces: ['command'],
  attributes: { memory: { default: 2, from: 1, to: 8 } },
  capacity: 1,
  placing: 'spread',
  needs: {},
  ...over,
  limits: { resources: 2, warm: 0, idleSeconds: 60, leaseSeconds: 3600, ...over.limits },
});

type Without<Part extends PropertyKey, Whole> = Whole extends unknown ? Omit<Whole, Part> : never;
type Timeless = Without<'now', AllocationCommand>;

/** An environment in which commands are decided one after the other. Ada may use all of its blueprints. */
export class World {
  state: AllocationState = initialState('default');
  readonly catalogue = new Map<string, BlueprintDeclaration>();
  readonly events: AllocationEvent[] = [];
  now = T0;

  constructor(...blueprints: BlueprintDeclaration[]) {
    for (const blueprint of blueprints) this.catalogue.set(blueprint.name, blueprint);
    for (const { name } of blueprints) this.run({ type: 'Approve', blueprint: name, owner: ada, actor: ada });
  }

  run(command: Timeless): AllocationEvent[] {
    const { events, state } = decide(this.state, { ...command, now: this.now } as AllocationCommand, this.catalogue);
    this.state = state;
    this.events.push(...events);
    return events;
  }

  /** Types of what was recorded. */
  types(command: Timeless): string[] {
    return this.run(command).map(({ type }) => type);
  }

  /** Asks for a host for Ada, and tells its id. */
  ask(over: Partial<LeaseAsk> = {}, wait = true): string {
    const asked = this.run({ type: 'Ask', ask: asking(over), wait }).find(({ type }) => type === 'LeaseRequested');
    return (asked as Extract<AllocationEvent, { type: 'LeaseRequested' }>).data.leaseId;
  }

  /** The same, made and active. */
  use(over: Partial<LeaseAsk> = {}): string {
    const id = this.ask(over);
    this.activate(id);
    return id;
  }

  activate(leaseId: string): void {
    const { resourceId, token } = this.lease(leaseId).granted!;
    if (this.resource(resourceId).status === 'pending') this.run({ type: 'Opened', resourceId, outputs: { at: resourceId } });
    this.run({ type: 'Activate', leaseId, token });
  }

  release(leaseId: string): AllocationEvent[] {
    return this.run({ type: 'Release', leaseId, actor: ada });
  }

  /** Releases, and takes back all that was given out. */
  back(leaseId: string): AllocationEvent[] {
    return [...this.release(leaseId), ...(this.state.leases.has(leaseId) ? this.run({ type: 'TookBack', leaseId }) : [])];
  }

  later(ms: number): void {
    this.now += ms;
  }

  lease(id: string): Lease {
    return this.state.leases.get(id)!;
  }

  resource(id: string): Resource {
    return this.state.resources.get(id)!;
  }

  /** What a lease is on. */
  on(leaseId: string): Resource {
    return this.resource(this.lease(leaseId).granted!.resourceId);
  }

  standing(leaseId: string) {
    return standing(this.state, this.catalogue, leaseId, this.now);
  }

  enter(name: string, over: { attributes?: Resource['attributes']; capacity?: number; blueprint?: string } = {}): string {
    this.run({ type: 'Enter', resource: { name, blueprint: 'RackHost', attributes: { memory: 2 }, ...over }, actor: operator });
    return this.state.names.get(name)!;
  }
}

export const operator: Actor = { id: 'olga', type: 'user' };

export const asking = (over: Partial<LeaseAsk> = {}): LeaseAsk => ({
  ...{ type: 'host', owner: ada, actor: ada, attributes: {}, amount: 1, slots: [], priority: 0, replace: false },
  ...over,
});
