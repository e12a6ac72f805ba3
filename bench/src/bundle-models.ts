import type { ResourceDefinition } from '@slipway/contracts';

/** A package that a bundle exports. Versions are whole numbers: `2` stands for `2.0.0`. */
interface Export {
  name: string;
  version: number;
  uses?: string[];
}

/** A package that a bundle needs, from one version on up to another one. */
interface Import {
  name: string;
  from?: number;
  below?: number;
  optional?: boolean;
}

export interface BundleModelEntry {
  name: string;
  version: number;
  exports?: Export[];
  imports?: Import[];
}

/** Bundles, and the names of those that are asked for, whichever version. */
export interface BundleModel {
  bundles: BundleModelEntry[];
  asked: string[];
}

const all = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const versions = (count: number) => all(count, (at) => at + 1);

/** Each needs the next one, each in several versions; `last` is what the last one needs. */
export const chain = (length: number, count: number, last: Import[] = []): BundleModel => ({
  asked: ['c0'],
  bundles: all(length, (at) =>
    versions(count).map((version) => ({
      name: `c${at}`,
      version,
      exports: [{ name: `p${at}`, version }],
      imports: at + 1 < length ? [{ name: `p${at + 1}` }] : last,
    })),
  ).flat(),
});

/** Two sides, each of which needs both sides of the next layer; `last` is what a side of the last one needs. */
export const diamonds = (layers: number, last: (side: string) => Import[] = () => []): BundleModel => ({
  asked: ['l0', 'r0'],
  bundles: all(layers, (at) =>
    ['l', 'r'].flatMap((side) =>
      versions(2).map((version) => ({
        name: `${side}${at}`,
        version,
        exports: [{ name: `${side}${at}`, version }],
        imports: at + 1 < layers ? [{ name: `l${at + 1}` }, { name: `r${at + 1}` }] : last(side),
      })),
    ),
  ).flat(),
});

/** Diamonds all of which use one package, that the last ones need in a higher version than somebody who needs the first ones has it. */
export const clashingDiamonds = (layers: number): BundleModel => {
  const { asked, bundles } = diamonds(layers);
  const using = bundles.map((one) => ({
    ...one,
    exports: one.exports!.map((each) => ({ ...each, uses: ['core'] })),
    imports: [...one.imports!, one.imports!.length === 0 ? { name: 'core', from: 2 } : { name: 'core' }],
  }));
  return {
    asked: [...asked, 'old'],
    bundles: [...using, ...cores(2), { name: 'old', version: 1, imports: [{ name: 'l0' }, { name: 'core', below: 2 }] }],
  };
};

const cores = (count: number): BundleModelEntry[] =>
  versions(count).map((version) => ({ name: 'core', version, exports: [{ name: 'core', version }] }));

/** Each needs several others in some of their many versions. */
export const manyVersions = (names: number, count: number): BundleModel => ({
  asked: ['b0'],
  bundles: all(names, (at) =>
    versions(count).map((version) => ({
      name: `b${at}`,
      version,
      exports: [{ name: `p${at}`, version }],
      imports: [1, 2, 3]
        .filter((step) => at + step < names)
        .map((step) => ({ name: `p${at + step}`, from: Math.max(1, version - 2 * step), below: version - step + 2 })),
    })),
  ).flat(),
});

/** A chain, each link of which would also like three others: one that there is, one in a version that there is not, one that is not there. */
export const optional = (length: number): BundleModel => ({
  asked: ['c0'],
  bundles: [
    ...chain(length, 2).bundles.map((one) => {
      const at = Number(one.name.slice(1));
      const wishes = [{ name: `w${at}` }, { name: `w${(at + 1) % length}`, from: 9 }, { name: `nowhere${at}` }];
      return { ...one, imports: [...one.imports!, ...wishes.map((wish) => ({ ...wish, optional: true }))] };
    }),
    ...all(length, (at) => ({ name: `w${at}`, version: 1, exports: [{ name: `w${at}`, version: 1 }] })),
  ],
});

/** A chain of which all use one package, and somebody wants that in its first version: then all have to be their first ones. */
export const usesAlong = (length: number): BundleModel => ({
  asked: ['b0', 'old'],
  bundles: [
    ...all(length, (at) =>
      versions(2).map((version) => ({
        name: `b${at}`,
        version,
        exports: [{ name: `p${at}`, version, uses: ['core'] }],
        imports: [...(at + 1 < length ? [{ name: `p${at + 1}` }] : []), { name: 'core' }],
      })),
    ).flat(),
    ...cores(2),
    { name: 'old', version: 1, imports: [{ name: 'p0' }, { name: 'core', below: 2 }] },
  ],
});

/** Many that clash each for itself: the highest version of what one needs uses a package in another version than it has. */
export const usesApart = (count: number): BundleModel => ({
  asked: all(count, (at) => `a${at}`),
  bundles: all(count, (at) => [
    { name: `a${at}`, version: 1, imports: [{ name: `p${at}` }, { name: `q${at}`, below: 2 }] },
    ...versions(2).map((version) => ({
      name: `b${at}`,
      version,
      exports: [{ name: `p${at}`, version, uses: [`q${at}`] }],
      imports: [{ name: `q${at}`, from: version, below: version + 1 }],
    })),
    ...versions(2).map((version) => ({ name: `c${at}`, version, exports: [{ name: `q${at}`, version }] })),
  ]).flat(),
});

const PACKAGE = 'osgi.wiring.package';
const MOST = 1_000_000;
const BUNDLE = 'osgi.wiring.bundle';

/** A bundle as a definition: what is a bundle first, then its packages; its imports are called `0`, `1` and so on. */
export const definitionOf = ({ name, version, exports = [], imports = [] }: BundleModelEntry): ResourceDefinition => ({
  name,
  version: `${version}.0.0`,
  capabilities: [
    { namespace: BUNDLE, attributes: { [BUNDLE]: name, version: `${version}.0.0` } },
    ...exports.map((one) => ({
      namespace: PACKAGE,
      attributes: { [PACKAGE]: one.name, version: `${one.version}.0.0` },
      ...(one.uses && { uses: one.uses }),
    })),
  ],
  requirements: imports.map(({ name: imported, from = 0, below, optional: isOptional }, at) => ({
    name: String(at),
    namespace: PACKAGE,
    attributes: { [PACKAGE]: imported },
    ...((from > 0 || below !== undefined) && { range: `[${from}.0,${below ?? MOST}.0)` }),
    ...(isOptional === true && { resolution: 'optional' }),
  })),
});

/** A small model by chance, of three packages that use each other's. `die` gives numbers from 0 up to 1. */
export function byChance(die: () => number): BundleModel {
  const below = (count: number) => Math.floor(die() * count);
  const some = <T>(from: readonly T[], most: number) => from.filter(() => die() < 0.5).slice(0, below(most + 1));
  const packages = ['p', 'q', 'r'];
  const imported = (name: string): Import => ({ name, ...[{}, { below: 2 }, { from: 2 }][below(3)], optional: die() < 0.25 });
  const names = ['a', 'b', 'c', 'd'];
  const bundles = names.flatMap((name) =>
    versions(2).flatMap((version) =>
      die() < 0.25
        ? []
        : [
            {
              name,
              version,
              imports: some(packages, 2).map(imported),
              exports: some(packages, 2).map((one) => ({
                name: one,
                version: 1 + below(2),
                uses: some(packages, 2).filter((used) => used !== one),
              })),
            },
          ],
    ),
  );
  return { bundles, asked: some(names, 2) };
}

/** A model in one line: `asked a: a@1 (p@1 uses q; needs r[1,2)), ...`. */
export const textOf = ({ bundles, asked }: BundleModel): string =>
  `asked ${asked.join(', ')}: ${bundles.map(bundleText).join(', ')}`;

function bundleText({ name, version, exports = [], imports = [] }: BundleModelEntry): string {
  const offered = exports.map((one) => `${one.name}@${one.version}${one.uses?.length ? ` uses ${one.uses.join(' and ')}` : ''}`);
  const needed = imports.map(({ name: imported, from = 0, below, optional: isOptional }) => {
    const range = from > 0 || below !== undefined ? `[${from},${below ?? '∞'})` : '';
    return `${imported}${range}${isOptional === true ? '?' : ''}`;
  });
  const parts = [offered.join(' and '), needed.length > 0 ? `needs ${needed.join(' and ')}` : ''].filter(Boolean);
  return `${name}@${version}${parts.length > 0 ? ` (${parts.join('; ')})` : ''}`;
}
