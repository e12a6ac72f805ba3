import { satisfies as isInSemverRange } from 'semver';
import type { Value } from '../attribute/attributes.js';
import type { Range } from '../attribute/range.js';
import { Version } from '../attribute/version.js';
import type { Capability, Requirement, Resource, Wire } from './resource.js';

/**
 * What satisfies what, and which class spaces are consistent, as the specification's sentences say it: slow, and sharing nothing
 * with what the solver does, so that each can be held against the other. For tests.
 */

type Attributes = ReadonlyMap<string, Value>;

/** OSGi Core 8 §3.3.6, §3.7.6: the namespace, the attributes asked for, those that must be asked for, the range, the filter. */
export function isSatisfiedBy(requirement: Requirement, { namespace, attributes, mandatory = [] }: Capability): boolean {
  const { range, filter } = requirement;
  const named = new Set([...requirement.attributes.keys(), ...(filter ? namedBy(withoutSpace(filter.text)) : [])]);
  return (
    namespace === requirement.namespace &&
    [...requirement.attributes].every(([name, value]) => String(attributes.get(name)) === String(value)) &&
    mandatory.every((name) => named.has(name)) &&
    (!range || isWithin(range, attributes.get('version'))) &&
    (!filter || matches(withoutSpace(filter.text), attributes))
  );
}

const withoutSpace = (filter: string) => filter.replaceAll(/\s/g, '');

/** Attributes without whose value a filter cannot hold: those that it names by value, itself or all of whose parts must hold. */
function namedBy(filter: string): string[] {
  const inner = filter.slice(1, -1);
  if (inner.startsWith('&')) return listOf(inner.slice(1)).flatMap(namedBy);
  const name = /^([\w.]+)=[^*]*$/.exec(inner)?.[1];
  return name === undefined ? [] : [name.toLowerCase()];
}

/** §3.2.6 for intervals; everything else is npm's own business. */
function isWithin({ text }: Range, version: Value | undefined): boolean {
  if (!(version instanceof Version)) return false;
  const interval = /^([[(])(.+),(.+)([\])])$/.exec(text);
  if (!interval) return isInSemverRange(`${version.numbers.join('.')}${version.text.replace(/^[^-]*/, '')}`, text);
  const [, open, low, high, close] = interval;
  const [above, below] = [against(version, low!), against(version, high!)];
  return (above > 0 || (above === 0 && open === '[')) && (below < 0 || (below === 0 && close === ']'));
}

/** §3.2.5, and SemVer §11 of a prerelease against a release; without qualifiers: below 0 where the version is the lower one. */
function against({ numbers, prerelease }: Version, text: string): number {
  const other = text.split('.').map(Number);
  const different = [0, 1, 2].find((at) => numbers[at] !== (other[at] ?? 0));
  return different === undefined ? -Number(prerelease.length > 0) : numbers[different]! - (other[different] ?? 0);
}

/** §3.2.7, for filters of small models: `&`, `|`, `!`, and `=`, `>=`, `<=`, `=*` of one attribute. */
function matches(filter: string, attributes: Attributes): boolean {
  const inner = filter.slice(1, -1);
  if (inner.startsWith('&')) return listOf(inner.slice(1)).every((one) => matches(one, attributes));
  if (inner.startsWith('|')) return listOf(inner.slice(1)).some((one) => matches(one, attributes));
  if (inner.startsWith('!')) return !matches(inner.slice(1), attributes);
  const [, name, comparison, value] = /^([\w.]+)(>=|<=|=)(.*)$/.exec(inner)!;
  const offered = attributes.get(name!.toLowerCase());
  if (offered === undefined || value === '*') return offered !== undefined;
  const order = offered instanceof Version ? against(offered, value!) : String(offered).localeCompare(value!);
  return comparison === '=' ? order === 0 : comparison === '>=' ? order >= 0 : order <= 0;
}

/** `(a=1)(|(b=2)(c=3))` as its two filters. */
function listOf(filters: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [at, character] of [...filters].entries()) {
    depth += Number(character === '(') - Number(character === ')');
    if (depth > 0) continue;
    found.push(filters.slice(from, at + 1));
    from = at + 1;
  }
  return found;
}

/** What a certain resource offers; a package where it is one. */
interface Export {
  id: string;
  package?: string;
  uses: readonly string[];
}

const exportsOf = ({ id, capabilities }: Resource): Export[] =>
  capabilities.map(({ namespace, attributes, uses }) => {
    const name = namespace === 'osgi.wiring.package' ? attributes.get('osgi.wiring.package') : undefined;
    return { id, uses, ...(typeof name === 'string' && { package: name }) };
  });

/**
 * Of each resource, the packages that its class space would have from two places. A bundle has a package from where it is wired to,
 * and where it is wired nowhere for it, from itself (§3.7.7); what it is wired to implies the packages that this uses, from where its
 * exporter has them, and all that these imply in turn (§3.7.5).
 */
export function clashes(resources: readonly Resource[], wires: readonly Wire[]): Map<string, string[]> {
  const offered = new Map(resources.map((one) => [one.id, exportsOf(one)]));
  const wired = new Map<string, Export[]>(resources.map(({ id }) => [id, []]));
  for (const { from, to, capability } of wires) {
    const provided = offered.get(to)?.[capability];
    if (provided) wired.get(from)?.push(provided);
  }
  const has = new Map<string, Export[]>();
  for (const { id } of resources) {
    const imported = wired.get(id)!.filter((one) => one.package !== undefined);
    const own = offered.get(id)!.filter((one) => one.package !== undefined);
    has.set(id, [...imported, ...own.filter((one) => !imported.some((other) => other.package === one.package))]);
  }
  const usedBy = ({ id, uses }: Export) => has.get(id)!.filter((one) => uses.includes(one.package!));
  const implied = closureOf(new Map([...offered.values()].flat().map((one) => [one, usedBy(one)])));
  return new Map(
    resources.map(({ id }) => {
      const direct = has.get(id)!;
      const space = [...direct, ...wired.get(id)!.flatMap((one) => [...implied.get(one)!])];
      const isTwice = (one: Export) => space.some((other) => other !== one && other.package === one.package);
      const isNotProvided = (one: Export) => !has.get(one.id)!.includes(one);
      const names = direct.filter((one) => isTwice(one) || isNotProvided(one)).map((one) => one.package!);
      return [id, [...new Set(names)].toSorted()];
    }),
  );
}

/** All that can be reached in one or more steps; steps are added until there is nothing to add. */
function closureOf<T>(steps: ReadonlyMap<T, readonly T[]>): Map<T, Set<T>> {
  const reached = new Map([...steps].map(([one, next]) => [one, new Set(next)]));
  for (let grows = true; grows;) {
    grows = false;
    for (const all of reached.values()) {
      const { size } = all;
      for (const one of all) for (const next of reached.get(one)!) all.add(next);
      grows ||= all.size > size;
    }
  }
  return reached;
}

/** So that each comes after what it is wired to, unless both are there together; undefined where there is no such order. */
export function inSomeOrder<T extends { key: string; resource: Resource }>(
  all: readonly T[],
  wires: readonly Wire[],
): T[] | undefined {
  const left = new Set(all);
  const waits = (one: T) =>
    wires.some(
      ({ from, to }) =>
        from === one.key && [...left].some(({ key, resource }) => key === to && !(resource.together && one.resource.together)),
    );
  const ordered: T[] = [];
  for (let next = all.find((one) => !waits(one)); next; next = [...left].find((one) => !waits(one))) {
    left.delete(next);
    ordered.push(next);
  }
  return left.size === 0 ? ordered : undefined;
}
