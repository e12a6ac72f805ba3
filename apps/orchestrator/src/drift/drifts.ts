import {
  RESOURCE_KINDS,
  SlipwayError,
  VERBS,
  causeOf,
  resourceKey,
  type CompareQuery,
  type Comparison,
  type Drift,
  type DriftQuery,
  type NotKnown,
  type ResourceDrift,
  type ResourceKind,
  type Strays,
  type StraysQuery,
} from '@slipway/contracts';
import type { EnvironmentState, Standing } from '../environment/state.js';
import type { Ports } from '../ports.js';
import { ignoring } from './ignore.js';

/** How many are asked about side by side. */
const SIDE_BY_SIDE = 16;
/** How long one question may take, in ms: longer than its driver has. */
const ONE_WITHIN = 12_000;
/** How long all of it may take, in ms; of what was not asked by then nothing is known. */
const ALL_WITHIN = 45_000;
/** How much of each list is told: so many, and in bytes, so that all of them fit into a message of 512 KiB. */
const MOST_TOLD = 500;
const MOST_BYTES = 128 * 1024;
const MOST_KEYS = 20;

/** What sub-provisioners are asked. */
type Asked = (typeof VERBS)['compare' | 'strays'];

/** Something installed, with its key. */
type Known = Standing & { key: string };

/** A place of one kind. */
type At = { kind: ResourceKind; location: string };

/**
 * How an environment is other than the log says. To tell it changes nothing. What cannot be asked is not known, never absent: a
 * location without a server, a driver that does not answer, something that is being worked on.
 */
export class Drifts {
  constructor(private readonly ports: Pick<Ports, 'bus' | 'clock' | 'config' | 'announced'>) {}

  /** Keys of all that belongs to an instance: made for it, or shared and used by it. Throws `not-found`. */
  keysOf(instanceId: string, environment: string, state: EnvironmentState): string[] {
    return usedBy(state, instanceId, environment).map(({ key }) => key);
  }

  /** As an answer: the first of what there is. Throws `not-found` for an instance that is not there. */
  async of(query: DriftQuery, state: EnvironmentState): Promise<Drift> {
    const { items, unknown, ignored, ...rest } = await this.all(query, state);
    const known = unknown.map((one) => ({ ...one, resources: one.resources.slice(0, MOST_KEYS) }));
    return { ...rest, items: told(items), unknown: told(known), ignored: told(ignored) };
  }

  /** All of it, however much it is. Throws `not-found` for an instance that is not there. */
  async all({ environment, instanceId, ignore = [] }: DriftQuery, state: EnvironmentState): Promise<Drift> {
    const known = instanceId === undefined ? all(state) : usedBy(state, instanceId, environment);
    const rules = [...new Set([...this.#configured(environment), ...ignore])];
    const look = new Look(this.ports, environment, state);
    await look.at(known);
    // What nobody knows of belongs to no instance.
    if (instanceId === undefined) await look.forExtra(known);
    const found = look.items.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    const { items, ignored } = ignoring(found, rules);
    return {
      environment,
      compared: look.compared,
      count: items.length,
      items,
      unknown: look.unknown(),
      rules,
      ignored,
    };
  }

  #configured(environment: string): string[] {
    const { drift, environments } = this.ports.config;
    const own = Object.hasOwn(environments, environment) ? environments[environment]!.drift : undefined;
    return [...drift.ignore, ...(own?.ignore ?? [])];
  }
}

const all = ({ installed }: EnvironmentState): Known[] =>
  [...installed.entries()].map(([key, one]) => ({ key, ...one })).toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** What was made for an instance, and what is shared and it uses, directly or further away. */
function usedBy(state: EnvironmentState, instanceId: string, environment: string): Known[] {
  const mine = all(state).filter((one) => one.instanceId === instanceId);
  if (mine.length === 0)
    throw new SlipwayError('not-found', `There is no instance ${instanceId} in ${environment}`, { name: instanceId });
  const reached = new Map(mine.map((one) => [one.key, one]));
  for (const { uses } of reached.values()) {
    for (const key of uses) {
      const used = state.installed.get(key);
      if (used && used.instanceId === undefined) reached.set(key, { key, ...used });
    }
  }
  return [...reached.values()];
}

/** One look at all places. */
class Look {
  readonly items: ResourceDrift[] = [];
  compared = 0;
  readonly #unknown = new Map<string, NotKnown>();
  /** Places without a server: nobody asks them twice. */
  readonly #silent = new Map<string, string>();
  readonly #until: number;

  constructor(
    private readonly ports: Pick<Ports, 'bus' | 'clock' | 'config' | 'announced'>,
    private readonly environment: string,
    private readonly state: EnvironmentState,
  ) {
    this.#until = ports.clock.now() + ALL_WITHIN;
  }

  unknown(): NotKnown[] {
    return [...this.#unknown.values()];
  }

  async at(known: readonly Known[]): Promise<void> {
    await sideBySide(known, (one) => this.#compare(one));
  }

  /** What carries our mark and stands in no stream: wherever something is installed, and wherever somebody is heard of. */
  async forExtra(known: readonly Known[]): Promise<void> {
    const locations = [...Object.values(this.ports.config.guestLocations).map(({ location }) => location)];
    const heard = RESOURCE_KINDS.flatMap((kind) => locations.map((location) => ({ kind, location }))).filter(
      ({ kind, location }) => this.ports.announced(kind, location),
    );
    const places = new Map([...known.map(placeOf), ...heard].map((at) => [`${at.kind}/${at.location}`, at]));
    await sideBySide([...places.values()], (at) => this.#strays(at));
  }

  async #compare(one: Known): Promise<void> {
    const at = placeOf(one);
    const { key, generation, driver, location, instanceId } = one;
    const writer = this.state.writers.get(key);
    if (writer !== undefined) return this.#notKnown(at, `Request ${writer} is changing it`, key);
    const resource = { environment: this.environment, kind: at.kind, name: key.slice(at.kind.length + 1) };
    const asked = await this.#ask<Comparison>(at, VERBS.compare, {
      resource,
      generation,
      driver,
      location,
    } satisfies CompareQuery);
    if (typeof asked === 'string') return this.#notKnown(at, asked, key);
    this.compared += 1;
    const { drift, ...rest } = asked;
    if (!drift) return;
    const owner = instanceId === undefined ? {} : { instanceId };
    this.items.push({ key, drift, generation, location, driver, ...owner, ...rest });
  }

  async #strays(at: At): Promise<void> {
    const query: StraysQuery = { environment: this.environment, location: at.location };
    const asked = await this.#ask<Strays>(at, VERBS.strays, query);
    if (typeof asked === 'string') return this.#notKnown(at, asked);
    for (const { resource, ...stray } of asked.items) {
      this.items.push({ key: resourceKey(resource), drift: 'extra', location: at.location, differences: [], ...stray });
    }
  }

  /** The answer, or why there is none. */
  async #ask<Answer>({ kind, location }: At, verb: Asked, body: unknown): Promise<Answer | string> {
    const silent = this.#silent.get(`${kind}/${location}`);
    if (silent !== undefined) return silent;
    const left = this.#until - this.ports.clock.now();
    if (left <= 0) return `It was not looked at within ${ALL_WITHIN / 1_000} s`;
    try {
      return await this.ports.bus.request<Answer>(kind, verb, body, { location, timeoutMs: Math.min(ONE_WITHIN, left) });
    } catch (error) {
      const { code, message } = causeOf(error);
      if (code === 'no-server' || code === 'unreachable') this.#silent.set(`${kind}/${location}`, message);
      return message;
    }
  }

  #notKnown({ kind, location }: At, reason: string, key?: string): void {
    const id = `${kind}/${location}: ${reason}`;
    const known = this.#unknown.get(id) ?? { kind, location, reason, resources: [], count: 0 };
    if (key !== undefined) {
      known.count += 1;
      known.resources.push(key);
    }
    this.#unknown.set(id, known);
  }
}

/** The first of a list, as many as are told. */
function told<One>(list: readonly One[]): One[] {
  let bytes = 0;
  return list.slice(0, MOST_TOLD).filter((one) => (bytes += Buffer.byteLength(JSON.stringify(one))) <= MOST_BYTES);
}

const placeOf = ({ key, location }: Pick<Known, 'key' | 'location'>): At => ({
  kind: key.slice(0, key.indexOf('/')) as ResourceKind,
  location,
});

/** A few at a time, in order. */
async function sideBySide<One>(ones: readonly One[], work: (one: One) => Promise<void>): Promise<void> {
  const left = [...ones].values();
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const one of left) await work(one);
    }),
  );
}
