import { maxSatisfying, prerelease, rcompare, satisfies, valid, validRange } from 'semver';
import { strongestOf } from '../cache/checksum.js';
import type { Download, DownloadCache } from '../cache/download-cache.js';
import { RemoteRefused } from '../failures.js';
import { fieldsAt, isFields, textIn, type Fields } from '../json.js';
import { madePackage, madePackageWith } from '../made-package.js';
import type { Fetcher } from '../net/fetcher.js';
import type { PackageBytes, RemotePackage, RemoteRepository } from '../remote-repository.js';
import { contentOfTarball } from './content-of-tarball.js';
import { manifestOfTarball } from './manifest-of-tarball.js';
import { isProgram, npmDefinition, type NpmVersion } from './npm-definition.js';
import { definitionName, wantedOf } from './npm-name.js';

/** Versions of one package that are taken: the highest. */
const MOST_VERSIONS = 20;
/** Grows when the rule by which definitions are made of packages changes: then they are made anew. */
const RULE = 2;
const ABBREVIATED = 'application/vnd.npm.install-v1+json';

export interface NpmOptions {
  /** Its base is the registry. */
  fetcher: Fetcher;
  cache: DownloadCache;
  /** `verdaccio`, `@acme/tool@^1.2`. */
  only: readonly string[];
  /** Type of the target that packages go into which cannot be run. */
  target: string;
  maxBytes: number;
}

/**
 * The npm registry. A package whose `package.json` says `"slipway": {"content": "<folder>"}` brings a content package in that folder; any
 * other becomes a definition (`npm-definition.ts`). That is read from the tarball, which has a checksum; the registry itself says only
 * which versions there are. What is deprecated is not taken.
 */
export function npmRepository({ fetcher, cache, only, target, maxBytes }: NpmOptions): RemoteRepository {
  const versionsOf = async (said: string): Promise<RemotePackage[]> => {
    const { name, range } = wantedOf(said);
    definitionName(name);
    if (range !== undefined && validRange(range) === null) throw new RemoteRefused(`${said}: ${range} is no range of versions`);
    const listed = await fieldsAt(fetcher, addressOf(name), { accept: ABBREVIATED });
    const chosen = chosenOf(listed, range);
    if (chosen.length === 0) throw new RemoteRefused(`${said}: the registry has no version of it in that range`);
    return chosen.map(([version, manifest]) => packageOf(name, version, manifest));
  };

  const packageOf = (npmName: string, version: string, { dist }: Fields): RemotePackage => {
    const id = `${npmName}@${version}`;
    if (!isFields(dist)) throw new RemoteRefused(`${id} has no dist`);
    const integrity = textIn(dist, 'integrity', /^[\x20-\x7e]+$/, id);
    const checksum = strongestOf(integrity);
    if (!checksum || checksum.algorithm === 'sha1') throw new RemoteRefused(`${id} has no checksum that can be relied on`);
    const tarball = textIn(dist, 'tarball', /^\S+$/, id);
    const downloaded = (): Promise<Download> =>
      cache.get({ name: `${id} ${integrity}`, checksum }, async () => (await fetcher.get(tarball, { maxBytes })).body);
    return {
      id,
      stamp: `${RULE} ${target} ${checksum.hex}`,
      async open(): Promise<PackageBytes> {
        const manifest = await manifestOfTarball((await downloaded()).content, id);
        if (manifest['name'] !== npmName || manifest['version'] !== version)
          throw new RemoteRefused(`${id}: its package.json is that of another package, or of another version`);
        const { slipway } = manifest;
        if (isFields(slipway) && slipway['content'] !== undefined) {
          const folder = textIn(slipway, 'content', /^[A-Za-z0-9._/-]+$/, id);
          return { content: contentOfTarball((await downloaded()).content, folder), kind: 'tar', file: 'content.tar' };
        }
        const one: NpmVersion = { npmName, version, integrity, manifest };
        const file = `${definitionName(npmName)}-${version}.tgz`;
        const definition = npmDefinition(one, target, file);
        return isProgram(one) ? madePackage(definition) : madePackageWith(definition, file, await downloaded());
      },
    };
  };

  return {
    async list() {
      const packages: RemotePackage[] = [];
      const problems: string[] = [];
      for (const said of only)
        try {
          packages.push(...(await versionsOf(said)));
        } catch (error) {
          if (!(error instanceof RemoteRefused)) throw error;
          problems.push(`${said}: ${error.message}`);
        }
      return { packages, problems };
    },
    close: () => fetcher.close(),
  };
}

/** A scope's slash is no border of a path (`@acme%2ftool`). */
const addressOf = (name: string): string => name.replace('/', '%2f');

/** Versions in a range, the highest first; without one the newest, as the registry says it. */
function chosenOf(listed: Fields, range: string | undefined): [string, Fields][] {
  const versions = isFields(listed['versions']) ? listed['versions'] : {};
  const known = Object.entries(versions).filter(
    (entry): entry is [string, Fields] =>
      valid(entry[0]) === entry[0] && isFields(entry[1]) && entry[1]['deprecated'] === undefined,
  );
  if (range !== undefined)
    return known
      .filter(([version]) => satisfies(version, range))
      .toSorted(([a], [b]) => rcompare(a, b))
      .slice(0, MOST_VERSIONS);
  const tags = isFields(listed['dist-tags']) ? listed['dist-tags'] : {};
  const released = known.map(([version]) => version).filter((version) => prerelease(version) === null);
  const newest = typeof tags['latest'] === 'string' ? tags['latest'] : maxSatisfying(released, '*');
  return known.filter(([version]) => version === newest);
}
