import { inOrder } from '../in-order.js';
import { compareVersions, type Version } from '../attribute/version.js';
import { IDENTITY } from '../requirement.js';
import { standsForJob, type Problem } from './problem.js';
import { PACKAGE, textOf, type Requirement, type Resource } from './resource.js';

/** A requirement in words: `guestbook@^1.0.0`, `the package q [1,2)`, `database {engine: sqlite}`, `osgi.ee (version>=1.8)`. */
export function requirementInWords(requirement: Requirement): string {
  const { namespace, attributes, range, filter } = requirement;
  const name = attributes.get(namespace === PACKAGE ? PACKAGE : 'name');
  if ((namespace !== IDENTITY && namespace !== PACKAGE) || typeof name !== 'string' || attributes.size > 1 || filter)
    return textOf(requirement);
  if (namespace === PACKAGE) return `the package ${name}${range ? ` ${range.text}` : ''}`;
  return range ? `${name}@${range.text}` : name;
}

/** `a, b and c`; of more than `most` how many more. */
export function list(items: readonly string[], most = 10, word = 'and'): string {
  const shown = items.length > most ? [...items.slice(0, most), `${items.length - most} more`] : items;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
}

/** All versions of a name that there are. */
export type VersionsOf = (name: string) => readonly Version[];

export const versionsIn =
  ({ repository, environment }: Pick<Problem, 'repository' | 'environment'>): VersionsOf =>
  (name) =>
    [...repository.named(name), ...environment.named(name)].map(({ version }) => version);

/** Resources that cannot be there, in words. */
export function cannotBe(resources: readonly Resource[], versionsOf: VersionsOf): string {
  const words = resourcesInWords(resources, versionsOf);
  const every = /^every (version of \S+ \([^)]*\))$/.exec(words);
  return every ? `no ${every[1]} can be there` : `${words} cannot be there`;
}

/**
 * Resources in words, one name after the other; versions that follow each other in what exists as one range: `shop 1.0.0`, `every
 * version of lib (1.0.0 to 1.9.0)`, `lib 1.2.0 to 1.4.0`.
 */
export function resourcesInWords(resources: readonly Resource[], versionsOf: VersionsOf): string {
  const byName = new Map<string, Version[]>();
  for (const one of resources) if (!standsForJob(one)) byName.set(one.name, [...(byName.get(one.name) ?? []), one.version]);
  const words = [...byName]
    .toSorted(([a], [b]) => inOrder(a, b))
    .map(([name, some]) => ofOneName(name, unique(some), unique(versionsOf(name))));
  return list(resources.some(standsForJob) ? ['the job', ...words] : words);
}

const unique = (versions: readonly Version[]): Version[] =>
  versions.toSorted(compareVersions).filter((version, at, all) => at === 0 || compareVersions(all[at - 1]!, version) !== 0);

function ofOneName(name: string, some: readonly Version[], all: readonly Version[]): string {
  if (some.length > 1 && some.length >= all.length) return `every version of ${name} (${some[0]!.text} to ${some.at(-1)!.text})`;
  return `${name} ${list(runs(some, all))}`;
}

/** Versions that stand side by side among all, from three on as a range. */
function runs(some: readonly Version[], all: readonly Version[]): string[] {
  const place = (version: Version) => all.findIndex((one) => compareVersions(one, version) === 0);
  const groups: Version[][] = [];
  for (const version of some) {
    const last = groups.at(-1);
    if (last && place(version) === place(last.at(-1)!) + 1) last.push(version);
    else groups.push([version]);
  }
  return groups.flatMap((group) =>
    group.length < 3 ? group.map(({ text }) => text) : [`${group[0]!.text} to ${group.at(-1)!.text}`],
  );
}
