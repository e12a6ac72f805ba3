import {
  SlipwayError,
  resourceKey,
  type Installed,
  type JsonObject,
  type Requirement,
  type Unsatisfied,
} from '@slipway/contracts';
import { candidatesAskedFor, type Asked } from './asked-for.js';
import { identityOf, provides, type PinnedDefinition } from './catalogue.js';
import { distanceAt, driverAt } from './driver.js';
import type { EnvironmentView } from './environment.js';
import { circular, nameInUse, noDriver, nothingFor, otherVersionShared, whyChosen, type Reason } from './explain.js';
import { freeName, mayBeNamed } from './naming.js';
import { asName, identityName, needsOf, type Need } from './requirement.js';
import { layOver } from './spec.js';

/** A definition that the search has selected: what it is to become, and what it uses. */
export interface Part {
  pinned: PinnedDefinition;
  /** The resource's name; for an abstract definition only the beginning of its parts' names. */
  name: string;
  /** Key of the resource it becomes; none for an abstract definition. */
  key?: string;
  /** Made for the whole environment: goes with its last user, not with this instance. */
  shared: boolean;
  spec: JsonObject;
  uses: { need: Need; provider: Provider }[];
  /** Why this definition, where others would do too. */
  because?: string;
}

/** What satisfies a requirement: something that is there, or a part of the plan. */
export type Provider = { installed: Installed } | { part: Part };

/** Requirements that nothing satisfies. */
export interface Failure {
  unsatisfied: Unsatisfied[];
}

export interface SearchInput extends Asked {
  environment: EnvironmentView;
  instanceId: string;
  /** As the instance stands, of an update: what satisfies a requirement of its parts is taken again. */
  former?: EnvironmentView | undefined;
}

/** Beyond these nobody can mean it: requirements nested in each other, and parts of one plan. */
export const LIMITS = { depth: 100, parts: 1000 } as const;

export const isFailure = (outcome: Provider | Failure): outcome is Failure => 'unsatisfied' in outcome;

/**
 * Finds what satisfies a requirement: first what is installed and shared, then what this plan makes and shares, then the
 * catalogue's candidates, those of the place's first drivers before others, else in their order, each with all it requires. Where
 * a candidate fails, the next one is tried.
 *
 * Optional requirements are looked at when all mandatory ones hold, so that none of them can stand in a mandatory one's way.
 */
export function search(requirement: Requirement, input: SearchInput): Provider | Failure {
  return new Search(input).root(requirement);
}

/** A failure, and the names whose being under way it rests on: it holds again wherever all of these are under way. */
interface Dead extends Failure {
  because: ReadonlySet<string>;
}

/** A selected definition whose optional requirements are still to be looked at. */
interface Open {
  part: Part;
  path: string;
  chain: readonly PinnedDefinition[];
}

class Search {
  /** Shared things that are installed, by their definition's name. */
  readonly #sharedInstalled = new Map<string, Installed>();
  /** What is installed for this instance. */
  readonly #mine: readonly Installed[];
  /** What was installed for it, of an update. */
  readonly #stoodBefore: readonly Installed[];
  /** Shared parts of this plan, by their definition's name. */
  readonly #sharedParts = new Map<string, Part>();
  readonly #takenKeys = new Set<string>();
  /** Definitions that are under way, outermost first. */
  #chain: readonly PinnedDefinition[] = [];
  readonly #open: Open[] = [];
  /** How to take back what was selected, newest last. */
  readonly #trail: (() => void)[] = [];
  /** What was tried in vain, so that it is not tried again for every other candidate above it. */
  readonly #dead = new Map<string, { shared: string; dead: Dead }[]>();
  #parts = 0;

  constructor(private readonly input: SearchInput) {
    const { catalogue, environment, former, instanceId } = input;
    this.#mine = environment.madeFor(instanceId);
    this.#stoodBefore = former?.madeFor(instanceId) ?? [];
    const askedForAlone = [...catalogue.sharedNames].flatMap((name) => environment.madeFrom(name));
    for (const one of askedForAlone)
      if (catalogue.get(one.definition)?.definition.shared) this.#sharedInstalled.set(one.definition.name, one);
    for (const one of environment.madeFor(undefined)) this.#sharedInstalled.set(one.definition.name, one);
  }

  root(requirement: Requirement): Provider | Failure {
    const { instanceId } = this.input;
    const found = this.#satisfy(requirement, instanceId, instanceId);
    if (isFailure(found)) return found;
    for (const open of this.#open) this.#satisfyOptional(open);
    return found;
  }

  #satisfyOptional({ part, path, chain }: Open): void {
    this.#chain = chain;
    for (const need of needsOf(part.pinned.definition)) {
      if (need.requirement.resolution !== 'optional') continue;
      const mark = this.#trail.length;
      try {
        const found = this.#satisfy(need.requirement, `${part.name}-${need.name}`, `${path}/${need.name}`);
        if (!isFailure(found)) part.uses.push({ need, provider: found });
      } catch (error) {
        if (!(error instanceof SlipwayError && error.code === 'too-large')) throw error;
        this.#takeBack(mark);
        this.#chain = chain;
      }
    }
  }

  #satisfy(requirement: Requirement, wanted: string, path: string): Provider | Dead {
    const there = this.#shared(requirement);
    if (there) return there;
    const isRoot = this.#chain.length === 0;
    const candidates = isRoot ? candidatesAskedFor(requirement, this.input) : this.#candidates(requirement);
    if (candidates.length === 0) return this.#failed([nothingFor(requirement, this.input.catalogue)]);
    let first: Dead | undefined;
    const because = new Set<string>();
    const failed: PinnedDefinition[] = [];
    for (const candidate of this.#installedFirst(candidates, wanted, path)) {
      const found = this.#attempt(candidate, requirement, wanted, path);
      if (!isFailure(found)) return this.#explained(found, candidates, failed);
      first ??= found;
      failed.push(candidate);
      for (const name of found.because) because.add(name);
    }
    return { ...first!, because };
  }

  /** Something shared that satisfies the requirement, installed or selected already. */
  #shared(requirement: Requirement): Provider | undefined {
    for (const installed of this.#sharedInstalled.values()) {
      const { definition = installed.definition } = this.input.catalogue.get(installed.definition) ?? {};
      if (provides(definition, requirement)) return { installed };
    }
    const parts = [...this.#sharedParts.values()].filter((part) => !this.#chain.includes(part.pinned));
    const part = parts.find(({ pinned }) => provides(pinned.definition, requirement));
    return part && { part };
  }

  /** A definition that is named has its own order of versions; of others what the place makes by default comes first. */
  #candidates(requirement: Requirement): PinnedDefinition[] {
    const { catalogue, place } = this.input;
    const candidates = catalogue.candidates(requirement);
    if (identityName(requirement) !== undefined) return candidates;
    const distance = new Map(candidates.map((one) => [one, distanceAt(place, one.definition)]));
    // Infinite ones are equally far.
    return candidates.toSorted((a, b) => (distance.get(a) === distance.get(b) ? 0 : distance.get(a)! - distance.get(b)!));
  }

  #explained(found: Provider, candidates: readonly PinnedDefinition[], failed: readonly PinnedDefinition[]): Provider {
    if (!('part' in found)) return found;
    const because = whyChosen(found.part.pinned, { candidates, failed, place: this.input.place });
    if (because !== undefined) found.part.because = because;
    return found;
  }

  #installedFirst(candidates: PinnedDefinition[], wanted: string, path: string): PinnedDefinition[] {
    const reused = candidates.filter(
      (candidate) => this.#reusable(candidate, wanted, path) ?? this.#stood(candidate, wanted, path),
    );
    return reused.length === 0 ? candidates : [...new Set([...reused, ...candidates])];
  }

  /** What was made for this instance from the same definition for that requirement and is still there, under whatever name was free. */
  #reusable(pinned: PinnedDefinition, wanted: string, path: string): Installed | undefined {
    return madeAs(this.#mine, pinned, wanted, path);
  }

  /** Made of the same definition before. Of the root it does not count: the newest that is asked for does. */
  #stood(pinned: PinnedDefinition, wanted: string, path: string): Installed | undefined {
    return this.#chain.length > 0 ? madeAs(this.#stoodBefore, pinned, wanted, path) : undefined;
  }

  #attempt(pinned: PinnedDefinition, requirement: Requirement, wanted: string, path: string): Provider | Dead {
    const { definition } = pinned;
    const identity = identityOf(definition);
    const reused = this.#reusable(pinned, wanted, path);
    if (reused) return { installed: reused };
    const known = this.#knownDead(identity);
    if (known) return known;
    const refused = this.#refuse(pinned, requirement);
    if (refused) return refused;
    if (this.#chain.length >= LIMITS.depth)
      throw new SlipwayError('too-large', `Requirements are nested more than ${LIMITS.depth} deep, down to ${identity}`);
    if (this.#parts >= LIMITS.parts) throw new SlipwayError('too-large', `The plan would have more than ${LIMITS.parts} parts`);

    const isRoot = this.#chain.length === 0;
    const name = this.#name(pinned, definition.shared && !isRoot ? asName(definition.name) : wanted, path);
    if (name === undefined) return this.#failed([nameInUse(requirement, this.#occupant(pinned, wanted)!, this.input.instanceId)]);
    const key = definition.type && resourceKey({ kind: definition.type, name });
    const spec = layOver(definition.spec ?? {}, (!definition.shared && requirement.spec) || {});
    // Shared things go with their last user. Where no resource is wired to it, it stands for the instance itself.
    const shared = Boolean(definition.shared) && this.#chain.some((one) => one.definition.type);
    const part: Part = { pinned, name, ...(key && { key }), shared, spec, uses: [] };
    return this.#select(part, path);
  }

  /** Selects a part and all it must have; takes everything back when that fails. */
  #select(part: Part, path: string): Provider | Dead {
    const { definition } = part.pinned;
    const sharedBefore = this.#sharedNow();
    const mark = this.#trail.length;
    const above = this.#chain;
    this.#chain = [...above, part.pinned];
    this.#register(part, path);
    const unsatisfied: Unsatisfied[] = [];
    const because = new Set<string>();
    for (const need of needsOf(definition)) {
      if (need.requirement.resolution === 'optional') continue;
      const found = this.#satisfy(need.requirement, `${part.name}-${need.name}`, `${path}/${need.name}`);
      if (!isFailure(found)) part.uses.push({ need, provider: found });
      else {
        unsatisfied.push(...found.unsatisfied);
        for (const name of found.because) because.add(name);
      }
    }
    this.#chain = above;
    if (unsatisfied.length === 0) return { part };

    this.#takeBack(mark);
    const identity = identityOf(definition);
    because.delete(definition.name);
    const dead: Dead = {
      unsatisfied: unsatisfied.map((one) => ({ ...one, chain: [identity, ...one.chain] })),
      because,
    };
    this.#dead.set(identity, [...(this.#dead.get(identity) ?? []), { shared: sharedBefore, dead }]);
    return dead;
  }

  /** What speaks against a candidate before its own requirements are looked at. */
  #refuse(pinned: PinnedDefinition, requirement: Requirement): Dead | undefined {
    const { definition } = pinned;
    const identity = identityOf(definition);
    const since = this.#chain.findIndex((one) => one.definition.name === definition.name);
    if (since >= 0) {
      const circle = [...this.#chain.slice(since), pinned].map((one) => identityOf(one.definition));
      return this.#failed([circular(requirement, circle)], [definition.name]);
    }
    if (definition.shared) {
      const installed = this.#sharedInstalled.get(definition.name);
      const there = installed?.definition ?? this.#sharedParts.get(definition.name)?.pinned.definition;
      if (there && identityOf(there) !== identity)
        return this.#failed([otherVersionShared(requirement, pinned, identityOf(there), installed && resourceKey(installed))]);
    }
    const { place } = this.input;
    if (definition.type && driverAt(place, definition) === undefined)
      return this.#failed([noDriver(requirement, definition, place)]);
    return undefined;
  }

  /** The part's name; undefined when it is the root's, and taken: the root has the name that was asked for, or none. */
  #name({ definition }: PinnedDefinition, wanted: string, path: string): string | undefined {
    const { type } = definition;
    if (!type) return wanted;
    const isTaken = (name: string) => {
      const key = resourceKey({ kind: type, name });
      return this.input.environment.has(key) || this.#takenKeys.has(key);
    };
    if (this.#chain.length > 0) return freeName(wanted, path, isTaken);
    return isTaken(wanted) ? undefined : wanted;
  }

  #occupant({ definition }: PinnedDefinition, name: string): Installed | undefined {
    return definition.type && this.input.environment.get(resourceKey({ kind: definition.type, name }));
  }

  #register(part: Part, path: string): void {
    const { name } = part.pinned.definition;
    this.#parts++;
    this.#open.push({ part, path, chain: this.#chain });
    if (part.key !== undefined) this.#takenKeys.add(part.key);
    if (part.pinned.definition.shared) this.#sharedParts.set(name, part);
    this.#trail.push(() => {
      this.#parts--;
      this.#open.pop();
      if (part.key !== undefined) this.#takenKeys.delete(part.key);
      if (part.pinned.definition.shared) this.#sharedParts.delete(name);
    });
  }

  #takeBack(mark: number): void {
    while (this.#trail.length > mark) this.#trail.pop()!();
  }

  #sharedNow(): string {
    return [...this.#sharedParts.values()].map((part) => identityOf(part.pinned.definition)).join(' ');
  }

  #knownDead(identity: string): Dead | undefined {
    const all = this.#dead.get(identity);
    if (!all) return undefined;
    const shared = this.#sharedNow();
    const underWay = new Set(this.#chain.map((one) => one.definition.name));
    return all.find((one) => one.shared === shared && [...one.dead.because].every((name) => underWay.has(name)))?.dead;
  }

  #failed(reasons: Reason[], because: Iterable<string> = []): Dead {
    return { unsatisfied: reasons.map((reason) => ({ chain: [], ...reason })), because: new Set(because) };
  }
}

/** Of these, what was made of a definition for a requirement, under whatever name was free then. */
const madeAs = (
  all: readonly Installed[],
  { definition }: PinnedDefinition,
  wanted: string,
  path: string,
): Installed | undefined =>
  all.find(
    (one) =>
      one.kind === definition.type && identityOf(one.definition) === identityOf(definition) && mayBeNamed(one.name, wanted, path),
  );
