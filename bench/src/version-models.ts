import type { ResourceDefinition } from '@slipway/contracts';

/** Another one that is needed, from one version on up to another one. */
interface Need {
  name: string;
  from: number;
  below: number;
}

export interface VersionEntry {
  name: string;
  version: number;
  needs: Need[];
}

/** Definitions in versions of which there can be one each, and the names that are asked for. */
export interface VersionModel {
  entries: VersionEntry[];
  asked: string[];
}

const MOST = 1_000_000;
const all = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/**
 * As repositories are: each needs a few of those that come a little later, in a range around its own version. So there is always a plan, and
 * the highest versions of all do not always go together. `die` gives numbers from 0 up to 1.
 */
export function realistic(names: number, versions: number, die: () => number): VersionEntry[] {
  const below = (count: number) => Math.floor(die() * count);
  return all(names, (at) => {
    const later = [at + 1 + below(3), ...all(below(3), () => at + 1 + below(30))].filter((one) => one < names);
    return all(versions, (index): VersionEntry => {
      const version = index + 1;
      const needs = [...new Set(later)].map((one) => {
        const [back, on] = [below(4), below(3)];
        return { name: nameOf(one), from: Math.max(1, version - back), below: version + on + 1 };
      });
      return { name: nameOf(at), version, needs };
    });
  }).flat();
}

export const nameOf = (at: number): string => `n${at}`;

/** Each needs the next one in its own version; all but the first version of the last one need what is not there. */
export const lateDeadEnd = (length: number, versions: number): VersionModel => ({
  asked: ['n0'],
  entries: all(length, (at) =>
    all(versions, (index) => ({
      name: nameOf(at),
      version: index + 1,
      needs:
        at + 1 < length
          ? [{ name: nameOf(at + 1), from: index + 1, below: index + 2 }]
          : index > 0
            ? [{ name: 'nowhere', from: 1, below: MOST }]
            : [],
    })),
  ).flat(),
});

/** Two that need the same in versions that do not go together, with as many others between that have nothing to do with it. */
export const clashApart = (others: number, versions: number): VersionModel => ({
  asked: ['left', ...all(others, nameOf), 'right'],
  entries: [
    ...all(others, (at) => all(versions, (index) => ({ name: nameOf(at), version: index + 1, needs: [] }))).flat(),
    ...all(versions, (index) => ({ name: 'core', version: index + 1, needs: [] })),
    ...all(versions, (index) => ({
      name: 'left',
      version: index + 1,
      needs: [{ name: 'core', from: index + 1, below: index + 2 }],
    })),
    { name: 'right', version: 1, needs: [{ name: 'core', from: 1, below: 2 }] },
  ],
});

/** As somebody would write it: one version of each name, ranges as npm has them. */
export const definitionOf = ({ name, version, needs }: VersionEntry): ResourceDefinition => ({
  name,
  version: `1.${version}.0`,
  singleton: true,
  shared: true,
  dependencies: needs.map((one) => `${one.name}@>=1.${one.from}.0${one.below < MOST ? ` <1.${one.below}.0` : ''}`),
});
