import { SlipwayError, resourceKey, type Installed, type Place } from '@slipway/contracts';
import { isShared } from '../bundle.js';
import type { PinnedDefinition } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { whyChosen } from '../explain.js';
import { freeName, mayBeNamed } from './naming.js';
import type { Part, Provider, Selection } from '../definition/part.js';
import { rankIn } from '../definition/preferred.js';
import { asName, identityOf, needsOf, type Need } from '../requirement.js';
import { JOB_ID, type Order } from '../resolution/problem.js';
import type { Resolution } from '../resolution/resolution.js';
import type { Resource, Wire } from '../resolution/resource.js';
import type { Supply } from '../resolution/supply.js';
import { shareOut } from './ownership.js';
import { keyOfService } from '../installed/services.js';
import { layOver } from '../definition/spec.js';

/** Beyond these nobody can mean it: requirements nested in each other, and parts of one plan. */
export const LIMITS = { depth: 100, parts: 1000 } as const;

type Solved = Extract<Resolution, { selected: unknown }>;

interface PartsInput {
  environment: EnvironmentView;
  instanceId: string;
  place: Place;
  repository: Supply;
  order: Order;
  /** What comes first where several would do, `name` or `name@range`. */
  prefer?: readonly string[] | undefined;
  /** Ids of what the instance's parts are made of already. */
  standing: ReadonlySet<string>;
  /** The definition that an id of the repository stands for, as it was asked for. */
  pinnedOf: (id: string) => PinnedDefinition | undefined;
  /** What is upgraded, by the id of what it becomes. The environment is as if it, and what was made for it alone, were not there. */
  upgraded: ReadonlyMap<string, Installed>;
  /** The environment with all of that: only what is made for an upgrade may be called as what was. */
  around: Pick<EnvironmentView, 'has'>;
}

/**
 * What was resolved as parts of a plan: each that is not shared is made for every requirement that is wired to it, unless it is there
 * from an earlier try for the same; and how many resources are made. Throws `too-large`.
 */
export function partsOf(solved: Solved, input: PartsInput): Selection & { made: number } {
  const parts = new Parts(solved, input);
  return { ...parts.select(), made: parts.made };
}

/** A part whose optional requirements are still to be looked at. */
interface Open {
  part: Part;
  key: string;
  path: string;
  depth: number;
}

/** What something is made for. */
interface For {
  need?: Need;
  wanted: string;
  path: string;
  depth: number;
}

class Parts {
  readonly #wires = new Map<string, Wire[]>();
  readonly #users = new Map<string, number>();
  readonly #selected: ReadonlyMap<string, Resource>;
  readonly #mine: readonly Installed[];
  readonly #shared = new Map<string, Part>();
  readonly #takenKeys = new Set<string>();
  readonly #open: Open[] = [];
  /** How to take back what was made, newest last. */
  readonly #trail: (() => void)[] = [];
  #count = 0;

  constructor(
    { wires, selected }: Solved,
    private readonly input: PartsInput,
  ) {
    for (const wire of wires) {
      const key = wireKey(wire.from, wire.requirement);
      this.#wires.set(key, [...(this.#wires.get(key) ?? []), wire]);
      this.#users.set(wire.to, (this.#users.get(wire.to) ?? 0) + 1);
    }
    this.#selected = new Map(selected.map(({ key, resource }) => [key, resource]));
    this.#mine = input.environment.madeFor(input.instanceId);
  }

  get made(): number {
    return this.#takenKeys.size;
  }

  select(): Selection {
    const { instanceId, upgraded } = this.input;
    const [wire] = [...this.#wires.values()].flat().filter(({ from }) => from === JOB_ID) as [Wire];
    const root = this.#provider(wire.to, { wanted: instanceId, path: instanceId, depth: 0 });
    // What nothing of the job is wired to may have to be upgraded all the same: it could not go on with something that is.
    const upgrades = [...upgraded].map(([id, there]) => {
      const become = this.#provider(id, { wanted: there.name, path: there.name, depth: 0 });
      return { there, part: (become as { part: Part }).part };
    });
    for (const open of this.#open) this.#satisfyOptional(open);
    shareOut({ root, upgrades });
    return { root, upgrades };
  }

  #provider(key: string, made: For): Provider {
    const installed = this.input.environment.get(keyOfService(key));
    if (installed) return { installed };
    const known = this.#shared.get(key);
    if (known) return { part: known };
    const pinned = this.input.pinnedOf(this.#selected.get(key)!.id)!;
    const reused = madeAs(this.#mine, pinned, made);
    return reused ? { installed: reused } : { part: this.#make(key, pinned, made) };
  }

  #make(key: string, pinned: PinnedDefinition, { need, wanted, path: way, depth }: For): Part {
    const { definition } = pinned;
    const identity = identityOf(definition);
    if (depth >= LIMITS.depth)
      throw new SlipwayError('too-large', `Requirements are nested more than ${LIMITS.depth} deep, down to ${identity}`);
    if (this.#count >= LIMITS.parts) throw new SlipwayError('too-large', `The plan would have more than ${LIMITS.parts} parts`);
    const there = this.input.upgraded.get(key);
    // What is for all is called the same whoever comes by it first, and so is what is made for it.
    const [forAll, path] = isShared(definition) && depth > 0 ? [asName(definition.name), identity] : [wanted, way];
    const name = there?.name ?? this.#name(pinned, forAll, path);
    const resource = definition.type && resourceKey({ kind: definition.type, name });
    const because = need && this.#because(key, need);
    const part: Part = {
      pinned,
      name,
      ...(resource && { key: resource }),
      // Who it belongs to is said when all that uses it is known: shareOut.
      shared: false,
      spec: layOver(definition.spec ?? {}, (!isShared(definition) && need?.requirement.spec) || {}),
      uses: [],
      ...(because !== undefined && { because }),
    };
    this.#register(part, key);
    this.#open.push({ part, key, path, depth });
    this.#within.push(part);
    for (const one of needsOf(definition)) if (one.requirement.resolution !== 'optional') this.#use(part, key, one, path, depth);
    this.#within.pop();
    return part;
  }

  /** The parts that something is made for, outermost first. */
  readonly #within: Part[] = [];

  #use(part: Part, key: string, need: Need, path: string, depth: number): void {
    // Several capabilities of one provider may do: it is wired to once.
    for (const to of new Set((this.#wires.get(wireKey(key, need.name)) ?? []).map((wire) => wire.to))) {
      const made = { need, wanted: `${part.name}-${need.name}`, path: `${path}/${need.name}`, depth: depth + 1 };
      part.uses.push({ need, provider: this.#provider(to, made) });
    }
  }

  #satisfyOptional({ part, key, path, depth }: Open): void {
    for (const need of needsOf(part.pinned.definition)) {
      if (need.requirement.resolution !== 'optional') continue;
      const mark = this.#trail.length;
      const opened = this.#open.length;
      const used = part.uses.length;
      try {
        this.#within.push(part);
        this.#use(part, key, need, path, depth);
      } catch (error) {
        if (!(error instanceof SlipwayError && error.code === 'too-large')) throw error;
        // It never fails a plan: what would be too much of it is left out.
        while (this.#trail.length > mark) this.#trail.pop()!();
        this.#open.length = opened;
        part.uses.length = used;
      } finally {
        this.#within.length = 0;
      }
    }
  }

  #register(part: Part, key: string): void {
    this.#count++;
    if (part.key !== undefined) this.#takenKeys.add(part.key);
    if (isShared(part.pinned.definition)) this.#shared.set(key, part);
    this.#trail.push(() => {
      this.#count--;
      if (part.key !== undefined) this.#takenKeys.delete(part.key);
      this.#shared.delete(key);
    });
  }

  #name({ definition: { type } }: PinnedDefinition, wanted: string, path: string): string {
    if (!type || this.#within.length === 0) return wanted;
    const { environment, around, upgraded } = this.input;
    const there = this.#within.some(({ key }) => [...upgraded.values()].some((one) => resourceKey(one) === key))
      ? environment
      : around;
    const isTaken = (name: string) => {
      const key = resourceKey({ kind: type, name });
      return there.has(key) || this.#takenKeys.has(key);
    };
    return freeName(wanted, path, isTaken);
  }

  /** Why this one, where others would do too. */
  #because(key: string, { name }: Need): string | undefined {
    const { repository, order, standing, place, prefer = [] } = this.input;
    const user = [...this.#wires.values()]
      .flat()
      .find((wire) => wire.requirement === name && wire.to === key && this.#selected.has(wire.from))!.from;
    const asked = this.#selected.get(user)!.requirements.find((one) => one.name === name)!;
    const chosen = this.#selected.get(key)!;
    if (standing.has(chosen.id)) return undefined;
    const all = [
      ...new Set(
        repository
          .offers(asked)
          .toSorted((a, b) => order(a, b, asked))
          .map(({ resource }) => resource),
      ),
    ];
    const pinned = (some: readonly Resource[]) => some.flatMap(({ id }) => this.input.pinnedOf(id) ?? []);
    const before = all.slice(0, all.indexOf(chosen));
    const anyway = (this.#users.get(key) ?? 0) > 1;
    const preferred = rankIn(prefer)(chosen) < Infinity;
    const among = { candidates: pinned(all), before: pinned(before), anyway, preferred, place };
    return whyChosen(this.input.pinnedOf(chosen.id)!, among);
  }
}

const wireKey = (from: string, requirement: string): string => `${from}\n${requirement}`;

/** Of these, what was made of a definition for a requirement, under whatever name was free then. */
const madeAs = (
  all: readonly Installed[],
  { definition }: PinnedDefinition,
  { wanted, path }: Pick<For, 'wanted' | 'path'>,
): Installed | undefined =>
  all.find(
    (one) =>
      one.kind === definition.type && identityOf(one.definition) === identityOf(definition) && mayBeNamed(one.name, wanted, path),
  );
