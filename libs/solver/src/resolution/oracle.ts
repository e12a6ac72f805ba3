import { clashes, inSomeOrder, isSatisfiedBy } from './by-the-book.js';
import { ResolutionEnvironment, type Installed } from './environment.js';
import { jobThatNeeds, JOB_ID, requirementOf } from './problem.js';
import type { Offer, Requirement, Resource, Wire } from './resource.js';
import type { Selected } from './search.js';

/** A small model, for tests. */
export interface Model {
  repository: readonly Resource[];
  installed: Installed & { resources: readonly Resource[]; wires: readonly Wire[]; upgradable: readonly string[] };
  asked: readonly Requirement[];
}

interface Plan {
  selected: Selected[];
  wires: Wire[];
  replaced: { old: Resource; by: Resource }[];
}

/**
 * What is wrong with a plan, told from nothing but resources and wires: a requirement without a wire or with one to what does not
 * satisfy it or is not there, too much taken, singletons in two versions, packages from two places, a circle, something unneeded.
 */
export function faultsOf(model: Model, { selected, wires, replaced }: Plan): string[] {
  const gone = new Set(replaced.map(({ old }) => old.id));
  const resources = [
    jobThatNeeds(model.asked),
    ...model.installed.resources.filter(({ id }) => !gone.has(id)),
    ...selected.map(({ key, resource }) => ({ ...resource, id: key })),
  ];
  const kept = model.installed.wires.filter(({ from, to }) => !gone.has(from) && !gone.has(to));
  const all = [...kept, ...wires];
  const after = new ResolutionEnvironment({ resources, wires: all });
  const touched = new Set([JOB_ID, ...selected.map(({ key }) => key), ...wires.map(({ from }) => from)]);
  const isOptional = (wire: Wire) => requirementOf(after.get(wire.from), wire)!.optional;
  const lost = model.installed.wires.filter((wire) => gone.has(wire.to) && !gone.has(wire.from) && !isOptional(wire));
  return [
    ...resources.filter(({ id }) => touched.has(id)).flatMap((one) => wiringFaults(one, after)),
    ...lost
      .filter((wire) => {
        const by = replaced.find(({ old }) => old.id === wire.to)!.by.id;
        return !wires.some((one) => one.from === wire.from && one.requirement === wire.requirement && one.to === by);
      })
      .map(({ from, requirement }) => `${from} has lost ${requirement}`),
    ...resources.flatMap((one) => capacityFaults(one, after)),
    ...singletonFaults(resources, model.installed.resources),
    ...selected.flatMap(({ resource }) => (resource.excluded === undefined ? [] : [`${resource.id} is excluded`])),
    ...[...clashes(resources.slice(1), all)].flatMap(([id, names]) => names.map((name) => `${id}: ${name} from two places`)),
    ...replaced
      .filter(({ by }) => !selected.some(({ resource }) => resource === by))
      .map(({ by }) => `${by.id} replaces and is not there`),
    ...unneeded(selected, wires, replaced),
    ...orderFaults(selected, wires),
  ];
}

function wiringFaults(resource: Resource, after: ResolutionEnvironment): string[] {
  const wires = after.wiresFrom(resource.id);
  const isNew = wires.length === 0 || resource.id === JOB_ID;
  return resource.requirements.flatMap((requirement) => {
    const mine = wires.filter((wire) => wire.requirement === requirement.name);
    const words = `${resource.id || 'job'} -${requirement.name}->`;
    if (mine.length === 0) return requirement.optional || !(isNew || wires.length > 0) ? [] : [`${words} nothing`];
    if (mine.length > 1 && !requirement.multiple) return [`${words} several`];
    return mine.flatMap(({ to, capability }) => {
      const provided = after.get(to)?.capabilities[capability];
      if (!provided) return [`${words} ${to}, which is not there`];
      return isSatisfiedBy(requirement, provided) ? [] : [`${words} ${to}, which does not satisfy it`];
    });
  });
}

function capacityFaults(resource: Resource, after: ResolutionEnvironment): string[] {
  return resource.capabilities.flatMap(({ capacity, namespace }, at) => {
    const users = after.wiresTo(resource.id).filter(({ capability }) => capability === at);
    const amounts = users.map((wire) => after.get(wire.from)!.requirements.find(({ name }) => name === wire.requirement)!.amount);
    const taken = amounts.reduce((sum, amount) => sum + amount, 0);
    return taken > (capacity ?? Infinity) ? [`${resource.id} has not ${taken} of ${namespace}`] : [];
  });
}

function singletonFaults(resources: readonly Resource[], installed: readonly Resource[]): string[] {
  const single = resources.filter(({ singleton }) => singleton);
  return single.flatMap((one, at) =>
    single
      .slice(at + 1)
      .filter((other) => other.name === one.name && other.version.text !== one.version.text)
      .filter((other) => !(installed.includes(one) && installed.includes(other)))
      .map((other) => `${one.id} and ${other.id} are singletons`),
  );
}

function unneeded(selected: readonly Selected[], wires: readonly Wire[], replaced: Plan['replaced']): string[] {
  const keys = new Set(selected.map(({ key }) => key));
  const reached = new Set(wires.filter(({ from }) => !keys.has(from)).map(({ to }) => to));
  for (const { by } of replaced) reached.add(by.id);
  for (const key of reached) for (const { from, to } of wires) if (from === key) reached.add(to);
  return selected.filter(({ key }) => !reached.has(key)).map(({ key }) => `nothing needs ${key}`);
}

function orderFaults(selected: readonly Selected[], wires: readonly Wire[]): string[] {
  const place = new Map(selected.map(({ key, resource }, at) => [key, { at, resource }]));
  return wires.flatMap(({ from, to }) => {
    const [user, provider] = [place.get(from), place.get(to)];
    if (!user || !provider || (user.resource.together && provider.resource.together)) return [];
    return user.at > provider.at ? [] : [`${to} comes after ${from}`];
  });
}

interface Open {
  from: string;
  requirement: Requirement;
  /** Resources whose copies this stands within. */
  within: readonly Resource[];
  /** What alone may satisfy it. */
  by?: Resource;
  /** Which of its capabilities alone may. */
  at?: number;
}

/** Wirings that are looked at before an enumeration is given up. */
const MOST = 20_000;

/**
 * Whether there is any plan, by trying every wiring there is: no propagation, nothing learned, no order of preference. `allowed`
 * bounds what may be installed; `pinned` says of what is asked for first, in order, what it must be wired to. Undefined where
 * there are too many to try.
 */
export function isPossible(
  model: Model,
  upgrades = 0,
  allowed: ReadonlySet<Resource> = new Set(model.repository),
  pinned: readonly Pick<Offer, 'resource' | 'at'>[] = [],
): boolean | undefined {
  let tried = 0;
  const options = replacements(model, upgrades, allowed);
  for (const replaced of options) {
    const gone = new Set(replaced.map(({ old }) => old.id));
    const there = model.installed.resources.filter(({ id, shared }) => !gone.has(id) && shared);
    const lost = model.installed.wires.filter(({ from, to }) => gone.has(to) && !gone.has(from));
    const again = lost.map((wire): Open => {
      const user = model.installed.resources.find(({ id }) => id === wire.from)!;
      const { by } = replaced.find(({ old }) => old.id === wire.to)!;
      const requirement = user.requirements.find(({ name }) => name === wire.requirement)!;
      return { from: wire.from, requirement, within: [], by };
    });
    const plan: Plan = { selected: [], wires: [], replaced };
    const asked = model.asked.map((requirement, place): Open => {
      const pin = pinned[place];
      return { from: JOB_ID, requirement, within: [], ...(pin && { by: pin.resource, at: pin.at }) };
    });
    const begin = [...asked, ...again].filter(({ requirement }) => !requirement.optional);
    const isOffered = (resource: Resource) =>
      !resource.shared || !there.some((one) => one.name === resource.name && one.version.text === resource.version.text);
    const install = (key: string, resource: Resource, within: readonly Resource[]): Open[] => {
      if (plan.selected.some((one) => one.key === key)) return [];
      plan.selected.push({ key, resource, within: [] });
      return resource.requirements.filter(({ optional }) => !optional).map((requirement) => ({ from: key, requirement, within }));
    };
    const visit = (open: readonly Open[]): boolean => {
      if (++tried > MOST) return false;
      const [next, ...rest] = open;
      if (!next) {
        const ordered = inSomeOrder(plan.selected, plan.wires);
        return ordered !== undefined && faultsOf(model, { ...plan, selected: ordered }).length === 0;
      }
      const { from, requirement, within, by, at: only } = next;
      for (const resource of [...there, ...[...allowed].filter(isOffered)])
        for (const [at, capability] of resource.capabilities.entries()) {
          if (
            !isSatisfiedBy(requirement, capability) ||
            within.includes(resource) ||
            (by && by !== resource) ||
            (only ?? at) !== at
          )
            continue;
          const isNew = !there.includes(resource);
          const key = isNew && !resource.shared ? `${from}/${requirement.name}/${resource.id}` : resource.id;
          const before = { selected: plan.selected.length, wires: plan.wires.length };
          plan.wires.push({ from, requirement: requirement.name, to: key, capability: at });
          const more = isNew ? install(key, resource, resource.shared ? [] : [...within, resource]) : [];
          const found =
            singletonFaults([...there, ...plan.selected.map((one) => one.resource)], there).length === 0 &&
            visit([...rest, ...more]);
          if (found) return true;
          plan.selected.length = before.selected;
          plan.wires.length = before.wires;
        }
      return false;
    };
    const roots = replaced.flatMap(({ by }) => install(by.id, by, []));
    if (visit([...roots, ...begin])) return true;
  }
  return tried > MOST ? undefined : false;
}

/** Every way to replace at most so many of what may be upgraded. */
function replacements(model: Model, upgrades: number, allowed: ReadonlySet<Resource>): Plan['replaced'][] {
  let ways: Plan['replaced'][] = [[]];
  for (const old of model.installed.resources) {
    if (!model.installed.upgradable.includes(old.id)) continue;
    const higher = [...allowed].filter(
      (one) => one.name === old.name && one.singleton && Number(one.version.text[0]) > Number(old.version.text[0]),
    );
    ways = [...ways, ...ways.flatMap((way) => higher.map((by) => [...way, { old, by }]))];
  }
  return ways.filter((way) => way.length <= upgrades);
}
