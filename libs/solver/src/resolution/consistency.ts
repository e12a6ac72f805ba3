import { inOrder } from '../in-order.js';
import type { ResolutionEnvironment } from './environment.js';
import { packageOf, type Capability, type Resource, type Wire } from './resource.js';

/** What a bundle has a package from: `<id of the resource>;<which capability>`. */
type Source = string;

/**
 * Packages that a resource would have from two places (OSGi Core 8 §3.7.5): what it is wired to and what it exports itself, against
 * all that its wires imply by `uses`, followed through the wires of its providers. Found by walking the wires, not by what the
 * search made of them, so that each checks the other.
 */
export function classSpaceConflicts(resource: Resource, environment: ResolutionEnvironment): string[] {
  const direct = directSources(resource, environment);
  const conflicts = new Set<string>();
  const seen = new Set<Source>();
  const pending = environment.wiresFrom(resource.id).map(({ to, capability }) => ({ id: to, at: capability }));
  for (let one = pending.pop(); one; one = pending.pop()) {
    const provider = environment.get(one.id);
    const capability = provider?.capabilities[one.at];
    if (!provider || !capability || seen.has(sourceOf(one.id, one.at))) continue;
    seen.add(sourceOf(one.id, one.at));
    const sources = directSources(provider, environment);
    for (const used of capability.uses)
      for (const source of sources.get(used) ?? []) {
        if ([...(direct.get(used) ?? [])].some((own) => own !== source)) conflicts.add(used);
        const [id, at] = source.split(';') as [string, string];
        pending.push({ id, at: Number(at) });
      }
  }
  for (const [name, sources] of direct) if (sources.size > 1 || !areProvided(sources, name, environment)) conflicts.add(name);
  return [...conflicts].toSorted(inOrder);
}

/** What a bundle exports and has from elsewhere it does not provide itself (§3.7.7). */
function areProvided(sources: ReadonlySet<Source>, name: string, environment: ResolutionEnvironment): boolean {
  return [...sources].every((source) => {
    const provider = environment.get(source.split(';')[0]!)!;
    return [...directSources(provider, environment).get(name)!].every((own) => own === source);
  });
}

const sourceOf = (id: string, at: number): Source => `${id};${at}`;

/** Where a resource has packages from at first hand: what it exports and is wired to elsewhere comes from there. */
function directSources(resource: Resource, environment: ResolutionEnvironment): Map<string, Set<Source>> {
  const direct = new Map<string, Set<Source>>();
  const put = (capability: Capability | undefined, source: Source) => {
    const name = capability && packageOf(capability);
    if (name === undefined) return;
    const there = direct.get(name);
    if (there) there.add(source);
    else direct.set(name, new Set([source]));
  };
  for (const { to, capability } of environment.wiresFrom(resource.id))
    put(environment.get(to)?.capabilities[capability], sourceOf(to, capability));
  const wired = new Set(direct.keys());
  for (const [at, capability] of resource.capabilities.entries())
    if (!wired.has(packageOf(capability) ?? '')) put(capability, sourceOf(resource.id, at));
  return direct;
}

/** Whether two resources are there together, instead of one after the other. */
const areTogether = (a: Resource | undefined, b: Resource | undefined): boolean => a?.together === true && b?.together === true;

/** Whether who is wired would have to be there before what it is wired to, by the wires of what is `new`. */
export function closesCircle({ from, to }: Wire, environment: ResolutionEnvironment, isNew: (id: string) => boolean): boolean {
  if (!isNew(from) || !isNew(to) || areTogether(environment.get(from), environment.get(to))) return false;
  const before = new Set([to]);
  // What is added on the way is visited too.
  for (const id of before)
    for (const wire of environment.wiresFrom(id))
      if (isNew(wire.to) && !areTogether(environment.get(id), environment.get(wire.to))) before.add(wire.to);
  return before.has(from);
}

/**
 * Resources so that each comes after what it is wired to, as far as one of the two waits for the other; undefined where they go in a
 * circle. Among those that could come next, in the order given (Kahn 1962).
 */
export function inWireOrder<T extends { key: string; resource: Resource }>(
  all: readonly T[],
  wires: readonly Wire[],
): T[] | undefined {
  const byKey = new Map(all.map((one) => [one.key, one]));
  const waitsFor = new Map(all.map(({ key }) => [key, new Set<string>()]));
  const users = new Map<string, string[]>();
  for (const { from, to } of wires) {
    const [user, provider] = [byKey.get(from), byKey.get(to)];
    if (!user || !provider || areTogether(user.resource, provider.resource) || waitsFor.get(from)!.has(to)) continue;
    waitsFor.get(from)!.add(to);
    users.set(to, [...(users.get(to) ?? []), from]);
  }
  const ordered = all.filter(({ key }) => waitsFor.get(key)!.size === 0);
  for (const { key } of ordered)
    for (const user of users.get(key) ?? []) {
      const left = waitsFor.get(user)!;
      left.delete(key);
      if (left.size === 0) ordered.push(byKey.get(user)!);
    }
  return ordered.length === all.length ? ordered : undefined;
}
