import { rcompare, satisfies } from 'semver';
import type { DownloadCache } from '../cache/download-cache.js';
import { RemoteRefused } from '../failures.js';
import { intoTarget, madePackageWith, type MadeDefinition } from '../made-package.js';
import type { RemotePackage, RemoteRepository } from '../remote-repository.js';
import { coordinateOf, definitionNameOf, semanticOf, type Coordinate } from './coordinate.js';
import type { Layout } from './layout.js';

/** Versions of one artifact that are taken: the highest. */
const MOST_VERSIONS = 20;
/** Grows when the rule by which definitions are made of artifacts changes: then they are made anew. */
const RULE = 1;

export interface MavenOptions {
  layout: Layout;
  cache: DownloadCache;
  /** `org.example:shop`, `org.example:shop:^1.2`, `org.example:shop@war`. */
  only: readonly string[];
  /** Type of the target that they go into. */
  target: string;
  close(): Promise<void>;
}

/**
 * Artifacts in Maven's layout: each version becomes a definition that brings its file into a target, and offers the capability `maven` with
 * its coordinate. What it depends on is what the file says itself (a bundle's headers), or has within (a WAR); a POM is not read.
 */
export function mavenRepository({ layout, cache, only, target, close }: MavenOptions): RemoteRepository {
  const packagesOf = async (said: string, problems: string[]): Promise<RemotePackage[]> => {
    const coordinate = coordinateOf(said);
    definitionNameOf(coordinate);
    const chosen = chosenOf(await layout.versions(folderOf(coordinate)), coordinate);
    if (chosen.length === 0) throw new RemoteRefused('there is no version of it that can be taken');
    const packages: RemotePackage[] = [];
    for (const { version, semantic } of chosen)
      try {
        packages.push(await packageOf(coordinate, version, semantic));
      } catch (error) {
        if (!(error instanceof RemoteRefused)) throw error;
        problems.push(`${said}: ${error.message}`);
      }
    return packages;
  };

  const packageOf = async (coordinate: Coordinate, version: string, semantic: string): Promise<RemotePackage> => {
    const { group, artifact, ending } = coordinate;
    const id = `${group}:${artifact}:${version}@${ending}`;
    const file = `${artifact}-${version}.${ending}`;
    const path = `${folderOf(coordinate)}/${version}/${file}`;
    const sum = await layout.checksumOf(path);
    const definition: MadeDefinition = {
      ...{ name: definitionNameOf(coordinate), version: semantic },
      capabilities: [{ namespace: 'maven', attributes: { group, artifact, version: semantic, 'released-as': version } }],
      ...intoTarget(target, file),
    };
    return {
      id,
      stamp: `${RULE} ${target} ${sum.algorithm} ${sum.hex}`,
      async open() {
        const wanted = { name: `${layout.place} ${path} ${sum.hex}`, checksum: sum };
        return madePackageWith(definition, file, await cache.get(wanted, () => layout.open(path)));
      },
    };
  };

  return {
    async list() {
      const packages: RemotePackage[] = [];
      const problems: string[] = [];
      for (const said of only)
        try {
          packages.push(...(await packagesOf(said, problems)));
        } catch (error) {
          if (!(error instanceof RemoteRefused)) throw error;
          problems.push(`${said}: ${error.message}`);
        }
      return { packages, problems };
    },
    close,
  };
}

const folderOf = ({ group, artifact }: Coordinate): string => `${group.replaceAll('.', '/')}/${artifact}`;

/** Those in the range, the highest first; without one all. Of two that are the same semantic version the first. */
function chosenOf(versions: readonly string[], { range }: Coordinate): { version: string; semantic: string }[] {
  const bySemantic = new Map<string, string>();
  for (const version of versions) {
    const semantic = semanticOf(version);
    if (semantic !== undefined && !bySemantic.has(semantic) && (range === undefined || satisfies(semantic, range)))
      bySemantic.set(semantic, version);
  }
  return [...bySemantic]
    .map(([semantic, version]) => ({ version, semantic }))
    .toSorted((a, b) => rcompare(a.semantic, b.semantic))
    .slice(0, MOST_VERSIONS);
}
