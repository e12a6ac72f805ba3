import { CONTENT_FILE, DEFINITION_NAME, type ContentKind } from '@slipway/contracts';
import { checksum } from '../cache/checksum.js';
import type { DownloadCache } from '../cache/download-cache.js';
import { RemoteRefused } from '../failures.js';
import { each, fieldsAt, listIn, textIn, type Fields } from '../json.js';
import type { Fetcher } from '../net/fetcher.js';
import type { RemotePackage, RemoteRepository } from '../remote-repository.js';
import { isTaken } from '../selection.js';

const MOST_PACKAGES = 10_000;
const KIND_OF: ReadonlyMap<string, ContentKind> = new Map([
  ['yaml', 'yaml'],
  ['yml', 'yaml'],
  ['json', 'json'],
  ['tar', 'tar'],
  ['tgz', 'tar'],
  ['gz', 'tar'],
]);

export interface HttpIndexOptions {
  /** Its base is the folder of the index. */
  fetcher: Fetcher;
  /** Name of the index in it: `index.json`. */
  index: string;
  cache: DownloadCache;
  /** Names of content packages. */
  only?: readonly string[];
  maxBytes: number;
}

/**
 * Content packages as files of a web server, listed in one file of JSON: `{"packages": [{"name", "version", "file", "sha256"}]}`, each
 * `file` relative to the index, its kind told by its ending.
 */
export function httpIndexRepository({ fetcher, index, cache, only, maxBytes }: HttpIndexOptions): RemoteRepository {
  const packageOf = (listed: Fields): RemotePackage => {
    const name = textIn(listed, 'name', DEFINITION_NAME, 'a content package');
    const version = textIn(listed, 'version', /^[0-9A-Za-z.+-]{1,128}$/, name);
    const of = `${name}@${version}`;
    const address = textIn(listed, 'file', /^[^\s]+$/, of);
    const sha256 = checksum('sha256', textIn(listed, 'sha256', /^[0-9A-Fa-f]{64}$/, of), of);
    const [, path = address] = /^([^?#]*)/.exec(address) ?? [];
    const file = path.slice(path.lastIndexOf('/') + 1);
    const kind = KIND_OF.get(/\.([a-z]+)$/.exec(file)?.[1] ?? '');
    if (!kind || !CONTENT_FILE.test(file))
      throw new RemoteRefused(`${of}: file must end with the name of a .yaml, .json, .tar or .tgz`);
    return {
      id: of,
      stamp: sha256.hex,
      async open() {
        const download = async () => (await fetcher.get(address, { maxBytes })).body;
        const { content } = await cache.get({ name: of, checksum: sha256 }, download);
        return { content, kind, file };
      },
    };
  };
  return {
    async list() {
      const listed = listIn(await fieldsAt(fetcher, index), 'packages', `${fetcher.base.href}${index}`, MOST_PACKAGES);
      const wanted = listed.filter(({ name }) => isTaken(only, String(name)));
      const { read: packages, problems } = each(wanted, packageOf);
      return { packages, problems };
    },
    close: () => fetcher.close(),
  };
}
