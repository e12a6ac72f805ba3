import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { DelegateConfig } from '@slipway/mesh';
import {
  DownloadCache,
  Fetcher,
  RemoteRefused,
  httpIndexRepository,
  localLayout,
  mavenRepository,
  npmRepository,
  remoteLayout,
  slipwayRepository,
  type RemoteRepository,
} from '@slipway/remote-content';

export interface OpenedWith {
  cache: DownloadCache;
  /** Largest package that is taken, in bytes. */
  maxBytes: number;
}

/** The repository that a configuration is of: the one place that knows all kinds. */
export function openDelegate(config: DelegateConfig, { cache, maxBytes }: OpenedWith): RemoteRepository {
  const { kind, url = '', folder, packages: only, target = 'process' } = config;
  const shared = { cache, maxBytes, ...(only && { only }) };
  switch (kind) {
    case 'slipway':
      return slipwayRepository({ ...shared, fetcher: fetcherOf(config, `${url.replace(/\/$/, '')}/api/v1`) });
    case 'http':
      return httpIndexRepository({ ...shared, fetcher: fetcherOf(config, new URL('.', url).href), index: indexOf(new URL(url)) });
    case 'npm':
      return npmRepository({ cache, maxBytes, only: only ?? [], target, fetcher: fetcherOf(config, url) });
    case 'maven': {
      const given = { cache, only: only ?? [], target };
      if (folder !== undefined) return mavenRepository({ ...given, layout: localLayout(folder), close: async () => undefined });
      const fetcher = fetcherOf(config, url);
      return mavenRepository({ ...given, layout: remoteLayout(fetcher, maxBytes), close: () => fetcher.close() });
    }
  }
}

/** Where it is, as it is shown. */
export const sourceOf = ({ url, folder }: DelegateConfig): string => url ?? folder!;

const indexOf = ({ pathname }: URL): string => pathname.slice(pathname.lastIndexOf('/') + 1);

const fetcherOf = ({ hosts, privateHosts, caFile, tokenFile }: DelegateConfig, base: string): Fetcher =>
  new Fetcher({
    base,
    ...(hosts && { hosts }),
    ...(privateHosts && { privateHosts }),
    ...(caFile !== undefined && { ca: caIn(caFile) }),
    ...(tokenFile !== undefined && { authorization: async () => `Bearer ${await tokenIn(tokenFile)}` }),
  });

/** Throws `RemoteRefused`. */
function caIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RemoteRefused(`the file with its CA cannot be read: ${(error as Error).message}`);
  }
}

/** Read for each request: a token that was changed counts from then on. Throws `RemoteRefused`. */
async function tokenIn(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new RemoteRefused(`the file with its token, ${path}, is not there`);
  if (found.mode & 0o077) throw new RemoteRefused(`others may read the file with its token; make it private: chmod 600 ${path}`);
  const token = (await readFile(path, 'utf8')).trim();
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) throw new RemoteRefused(`the file ${path} holds no token of one line`);
  return token;
}
