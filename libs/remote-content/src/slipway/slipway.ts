import { CONTENT_FILE, DEFINITION_NAME, DELEGATED, LAYERS, type ContentKind } from '@slipway/contracts';
import { checksum } from '../cache/checksum.js';
import type { DownloadCache } from '../cache/download-cache.js';
import { RemoteRefused } from '../failures.js';
import { allowanceOf, each, fieldsAt, listIn, textIn, type Fields } from '../json.js';
import type { Answer, Fetcher } from '../net/fetcher.js';
import type { PackageBytes, RemotePackage, RemoteRepository } from '../remote-repository.js';
import { isTaken } from '../selection.js';

const MOST_PACKAGES = 10_000;
const LAYER = new RegExp(`^(${LAYERS.join('|')})$`);
const KIND_OF: ReadonlyMap<string, ContentKind> = new Map([
  ['application/yaml', 'yaml'],
  ['application/json', 'json'],
  ['application/x-tar', 'tar'],
]);

export interface SlipwayOptions {
  /** Its base is the other's API: `https://slipway.example/api/v1`. */
  fetcher: Fetcher;
  cache: DownloadCache;
  /** Names of content packages. */
  only?: readonly string[];
  maxBytes: number;
}

/**
 * Another Slipway, through its public API: the packages of its layers, from the top down, as anybody may download them. What it delegates to
 * others itself is left out: so two that delegate to each other have what each has, and no more.
 */
export function slipwayRepository({ fetcher, cache, only, maxBytes }: SlipwayOptions): RemoteRepository {
  const packageOf = (listed: Fields): RemotePackage => {
    const name = textIn(listed, 'name', DEFINITION_NAME, 'a content package');
    const layer = textIn(listed, 'layer', LAYER, name);
    const address = `content/${name}/package?layer=${layer}`;
    return {
      id: `${layer}/${name}`,
      stamp: textIn(listed, 'hash', /^[0-9a-f]{64}$/, name),
      async open() {
        const answer = await fetcher.get(address, { maxBytes });
        const { sha256, ...file } = headOf(answer, name);
        const wanted = { name: `${fetcher.base.href}${address}`, checksum: sha256 };
        let taken = false;
        const download = async () => ((taken = true), answer.body);
        const { content } = await cache.get(wanted, download);
        if (!taken) answer.body.destroy();
        return { content, ...file };
      },
    };
  };
  return {
    async list() {
      const listed: Fields[] = [];
      const allowance = allowanceOf(fetcher);
      for (let page = await fieldsAt(fetcher, 'content', { allowance }); ;) {
        listed.push(...listIn(page, 'items', fetcher.base.href, MOST_PACKAGES - listed.length));
        const { next, items } = page;
        if (typeof next !== 'string' || (items as unknown[]).length === 0) break;
        page = await fieldsAt(fetcher, `content?cursor=${encodeURIComponent(next)}`, { allowance });
      }
      const wanted = listed.filter(({ name, layer }) => layer !== DELEGATED && isTaken(only, String(name)));
      const { read: packages, problems } = each(wanted, packageOf);
      return { packages, problems };
    },
    close: () => fetcher.close(),
  };
}

/** What is sent, as its head says it. */
function headOf({ headers }: Answer, of: string): Omit<PackageBytes, 'content'> & { sha256: ReturnType<typeof checksum> } {
  const kind = KIND_OF.get((headers['content-type'] ?? '').split(';', 1)[0]!.trim());
  const [, file] = /filename="([^"/\\]+)"/.exec(headers['content-disposition'] ?? '') ?? [];
  if (!kind || file === undefined || !CONTENT_FILE.test(file))
    throw new RemoteRefused(`${of} is not sent as a content package is: with its type and the name of its file`);
  return { kind, file, sha256: checksum('sha256', (headers['etag'] ?? '').replaceAll('"', ''), of) };
}
