import { resourceKey, type Installed, type Wire } from '@slipway/contracts';
import { offeredBy } from '../definition/matches.js';
import { inOrder } from '../in-order.js';
import type { Capability, Requirement } from '../resolution/resource.js';
import { wasMadeForAll } from './as-installed.js';
import { keyAskedFor, lookedForBy } from '../resolution/supply.js';

/** What of an environment a plan rests on. Keys are `storage/shop-data`. */
export type EnvironmentView = Omit<Environment, 'install' | 'doubt' | 'remove' | 'connect' | 'reach' | 'beginAbove' | 'toRecord'>;

/** An environment as plain JSON. */
export interface EnvironmentRecord {
  installed: Installed[];
  wires: Wire[];
  generations: [key: string, generation: number][];
  updates: [key: string, updates: number][];
}

/**
 * What an environment holds: what is installed, how it is wired, and the generations that were used. Indexed by all that a
 * plan asks for, so that a plan costs what it touches and not what is installed.
 */
export class Environment {
  readonly #installed = new Map<string, Installed>();
  readonly #generations = new Map<string, number>();
  readonly #updates = new Map<string, number>();
  #floor = 0;
  readonly #instances = new Set<string>();
  readonly #byInstance = new Index();
  readonly #byDefinition = new Index();
  /** Of what is for all: by what its recorded capabilities are looked for by. */
  readonly #byOffered = new Index();
  readonly #wiresFrom = new Map<string, Wire[]>();
  readonly #usersOf = new Index();

  /** The inverse of {@link toRecord}. */
  static fromRecord({ installed, wires, generations, updates }: EnvironmentRecord): Environment {
    const environment = new Environment();
    for (const one of installed) environment.install(one);
    for (const wire of wires) environment.connect(wire);
    for (const [key, generation] of generations) environment.reach(key, generation);
    for (const [key, count] of updates) environment.#updates.set(key, count);
    return environment;
  }

  toRecord(): EnvironmentRecord {
    return {
      installed: [...this.#installed.values()],
      wires: [...this.#wiresFrom.values()].flat(),
      generations: [...this.#generations],
      updates: [...this.#updates],
    };
  }

  get(key: string): Installed | undefined {
    return this.#installed.get(key);
  }

  has(key: string): boolean {
    return this.#installed.has(key);
  }

  get size(): number {
    return this.#installed.size;
  }

  /** Highest generation that a key ever had or was planned with, of removed ones too; 0 when never. */
  generation(key: string): number {
    return Math.max(this.#generations.get(key) ?? 0, this.#floor);
  }

  /** How often a key was updated since its generation was made, or left uncertain by an update. */
  updates(key: string): number {
    return this.#updates.get(key) ?? 0;
  }

  /** What was made for an instance, by key; without an instance: what is shared. */
  madeFor(instanceId: string | undefined): Installed[] {
    return this.#byInstance.keys(instanceId ?? '').map((key) => this.#installed.get(key)!);
  }

  /** What was made from a definition, of any version, by key. */
  madeFrom(definition: string): Installed[] {
    return this.#byDefinition.keys(definition).map((key) => this.#installed.get(key)!);
  }

  /**
   * Keys of what was made for all, and by what is recorded of it may offer what is required: it is of that namespace, and is the
   * one thing that the requirement names where it names one.
   */
  offering(requirement: Requirement): string[] {
    return this.#byOffered.keys(keyAskedFor(requirement));
  }

  /** All instances, in no particular order. */
  instances(): Installed[] {
    return [...this.#instances].map((key) => this.#installed.get(key)!);
  }

  /** What a key is wired to. */
  wiresFrom(key: string): readonly Wire[] {
    return this.#wiresFrom.get(key) ?? [];
  }

  /** Keys of all that are wired to a key, in order. */
  usersOf(key: string): string[] {
    return this.#usersOf.keys(key);
  }

  /** Installs a resource, or what it is from now on: then it is wired anew. */
  install(one: Installed): void {
    const key = resourceKey(one);
    const before = this.#installed.get(key);
    if (before?.generation === one.generation) this.#updates.set(key, this.updates(key) + 1);
    else this.#updates.delete(key);
    if (before) {
      this.#unlist(key, before);
      this.#unwire(key);
    }
    this.#installed.set(key, one);
    if (one.kind === 'instance') this.#instances.add(key);
    this.#byInstance.add(one.instanceId ?? '', key);
    this.#byDefinition.add(one.definition.name, key);
    for (const offered of offeredForAll(one)) this.#byOffered.add(offered, key);
    this.reach(key, one.generation);
  }

  /** It may be other than it was: an update of it was given up before it was undone. */
  doubt(key: string): void {
    const one = this.#installed.get(key);
    if (!one) return;
    this.#installed.set(key, { ...one, uncertain: true });
    this.#updates.set(key, this.updates(key) + 1);
  }

  /** Forgets a resource and every wire from and to it. */
  remove(key: string): void {
    const one = this.#installed.get(key);
    if (!one) return;
    this.#unlist(key, one);
    this.#installed.delete(key);
    this.#instances.delete(key);
    this.#updates.delete(key);
    this.#unwire(key);
    for (const user of this.usersOf(key)) {
      this.#wiresFrom.set(
        user,
        this.wiresFrom(user).filter(({ to }) => to !== key),
      );
      this.#usersOf.delete(key, user);
    }
  }

  /** Wires one resource to another; nothing when one of them is not there, or the wire is there already. */
  connect(wire: Wire): void {
    if (!this.has(wire.from) || !this.has(wire.to)) return;
    const wires = this.wiresFrom(wire.from);
    if (wires.some(({ requirement, to }) => requirement === wire.requirement && to === wire.to)) return;
    this.#wiresFrom.set(wire.from, [...wires, wire]);
    this.#usersOf.add(wire.to, wire.from);
  }

  /** Generations that are planned from now on are higher than this one. */
  beginAbove(generation: number): void {
    this.#floor = generation;
  }

  /** A generation that was planned is used up, whatever became of it. */
  reach(key: string, generation: number): void {
    this.#generations.set(key, Math.max(generation, this.#generations.get(key) ?? 0));
  }

  #unwire(key: string): void {
    for (const { to } of this.wiresFrom(key)) this.#usersOf.delete(to, key);
    this.#wiresFrom.delete(key);
  }

  #unlist(key: string, one: Installed): void {
    this.#byInstance.delete(one.instanceId ?? '', key);
    this.#byDefinition.delete(one.definition.name, key);
    for (const offered of offeredForAll(one)) this.#byOffered.delete(offered, key);
  }
}

/** What the recorded capabilities of what is for all are looked for by. */
const offeredForAll = (one: Installed): string[] =>
  wasMadeForAll(one) ? (one.capabilities ?? []).flatMap((offered) => keysOfOffered(offeredBy(offered))) : [];

const keysOfOffered = (one: Capability | undefined): readonly string[] => (one ? lookedForBy(one) : []);

/** Keys by something else. */
class Index {
  readonly #keys = new Map<string, Set<string>>();

  keys(by: string): string[] {
    return [...(this.#keys.get(by) ?? [])].toSorted(inOrder);
  }

  add(by: string, key: string): void {
    const keys = this.#keys.get(by);
    if (keys) keys.add(key);
    else this.#keys.set(by, new Set([key]));
  }

  delete(by: string, key: string): void {
    const keys = this.#keys.get(by);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(by);
  }
}

/** These and all that they are wired to, directly or further away, by key. */
export function withAllTheyUse(environment: EnvironmentView, used: Iterable<Installed>): Installed[] {
  const reached = new Map([...used].map((one) => [resourceKey(one), one]));
  for (const key of reached.keys())
    for (const { to } of environment.wiresFrom(key)) {
      const one = environment.get(to);
      if (one) reached.set(to, one);
    }
  return [...reached].toSorted(([a], [b]) => inOrder(a, b)).map(([, one]) => one);
}
