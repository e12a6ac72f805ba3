import {
  resourceKey,
  sha256,
  type Plan,
  type RepairAsked,
  type ResolveQuery,
  type ResourceDefinition,
  type ResourceKind,
  type SnapshotPart,
  type Wire,
} from '@slipway/contracts';
import { Catalogue } from './definition/catalogue.js';
import { Environment } from './installed/environment.js';
import { parseReference } from './requirement.js';
import { resolve, type ResolveInput } from './job/resolve.js';
import type { Standing } from './installed/standing.js';

/** The small language of the solver's tests: definitions in a line, an environment that carries plans out. */

type More = Partial<ResourceDefinition>;

const concrete =
  (type: ResourceKind | undefined) =>
  (identity: string, dependencies: string[] = [], more: More = {}): ResourceDefinition => {
    const { name, range: version = '1.0.0' } = parseReference(identity);
    return { name, version, ...(type && { type }), ...(dependencies.length > 0 && { dependencies }), ...more };
  };

/** `storage('volume@1.0.0', ['what-it@^1 requires'])` */
export const storage = concrete('storage');
export const database = concrete('database');
export const instance = concrete('instance');
export const abstract = concrete(undefined);

export const PLACE: ResolveQuery['place'] = {
  guestLocation: 'local',
  location: 'here',
  provisioner: 'slipway',
  drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
};

/** An environment that plans are made for and carried out in, in memory. */
export class World extends Environment {
  /** Keys of what is installed. */
  readonly keys = new Set<string>();
  definitions: ResourceDefinition[];
  /** What is wrong with what is chosen. */
  check: NonNullable<ResolveInput['check']> = () => [];
  /** What each plan may cost. */
  limits: NonNullable<ResolveInput['limits']> = {};
  /** How instances stand, by name. */
  standings = new Map<string, Standing>();

  constructor(...definitions: ResourceDefinition[]) {
    super();
    this.definitions = definitions;
  }

  plan(definition: string, instanceId = 'shop', query: Partial<ResolveQuery> = {}): Plan {
    return this.#resolve({ job: 'provision', environment: 'default', instanceId, definition, place: PLACE, ...query });
  }

  planRemoval(instanceId: string, query: Partial<ResolveQuery> = {}): Plan {
    return this.#resolve({ job: 'deprovision', environment: 'default', instanceId, place: PLACE, ...query });
  }

  planExport(instanceId = 'shop', query: Partial<ResolveQuery> = {}): Plan {
    return this.#resolve({ job: 'export', environment: 'default', instanceId, place: PLACE, ...query });
  }

  planUpdate(query: Partial<ResolveQuery> = {}, instanceId = 'shop'): Plan {
    return this.#resolve({ job: 'update', environment: 'default', instanceId, place: PLACE, ...query });
  }

  planRepair(repairs: RepairAsked[], instanceId = 'shop'): Plan {
    return this.#resolve({ job: 'repair', environment: 'default', instanceId, place: PLACE, repairs });
  }

  /** As of what {@link snapshotOf} an export's plan. */
  planImport(definition: string, parts: SnapshotPart[], instanceId = 'copy', query: Partial<ResolveQuery> = {}): Plan {
    const whole = { job: 'import', environment: 'default', instanceId, definition, parts, place: PLACE, ...query } as const;
    return this.#resolve(whole);
  }

  provision(definition: string, instanceId = 'shop'): Plan {
    return this.carryOut(this.plan(definition, instanceId), instanceId);
  }

  deprovision(instanceId = 'shop'): Plan {
    return this.carryOut(this.planRemoval(instanceId), instanceId);
  }

  /** As the orchestrator would: each step after those it waits for, then the wires. */
  carryOut(plan: Plan, instanceId: string): Plan {
    const done = new Set<string>();
    for (const step of plan.steps) {
      for (const before of step.after) if (!done.has(before)) throw new Error(`${step.id} comes before ${before}`);
      done.add(step.id);
      if (step.action === 'destroy') this.take(step.id);
      else {
        const { id: _id, action: _action, after: _after, inverse: _inverse, changes: _why, before: _was, ...rest } = step;
        const { shared, belongs, ...made } = rest;
        const owner = { id: 'ada', type: 'user' as const };
        const own = { guestLocation: 'local', ...(!shared && { instanceId }), owner };
        this.install({ ...made, ...(belongs ?? own), outputs: {} });
        this.keys.add(step.id);
      }
    }
    for (const wire of plan.wires) this.connect(wire);
    for (const { key, generation } of plan.turns ?? []) this.reach(key, generation);
    return plan;
  }

  /** Takes one thing away, whoever is wired to it. */
  take(key: string): void {
    this.remove(key);
    this.keys.delete(key);
  }

  get allWires(): Wire[] {
    return [...this.keys].flatMap((key) => this.wiresFrom(key));
  }

  #resolve(query: ResolveQuery): Plan {
    return resolve({
      query,
      environment: this,
      catalogue: new Catalogue(this.definitions),
      guestLocations: ['local'],
      check: this.check,
      standings: (name) => this.standings.get(name),
      limits: this.limits,
      now: () => 0,
    });
  }
}

/** What a plan's exports would have read out: each part holds the key that it is of. */
export const snapshotOf = (plan: Plan): SnapshotPart[] =>
  plan.steps
    .filter(({ action }) => action === 'export')
    .map(({ kind, name, role, driver, definition, spec }, at) => {
      const content = { sha256: sha256(`${kind}/${name}`), bytes: 1, mediaType: `of/${driver}`, contentBytes: 1 };
      return { ...content, role: role!, kind, driver, definition, spec, file: `parts/${at + 1}.zst` };
    });

/** The steps in short: `storage/shop-data:1`, with what each waits for. */
export const steps = (plan: Plan): Record<string, string[]> =>
  Object.fromEntries(plan.steps.map((step) => [`${step.id}:${step.generation}`, step.after]));

export const wires = (plan: Pick<Plan, 'wires'>): string[] =>
  plan.wires.map(({ from, requirement, to }) => `${from} -${requirement}-> ${to}`);

export const keys = (plan: Plan): string[] => plan.alreadySatisfied.map(resourceKey);
