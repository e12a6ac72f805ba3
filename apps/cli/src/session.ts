import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SlipwayClient } from '@slipway/client';
import { NoMesh, UsageError } from './exit.js';
import type { Format } from './output/format.js';

/** Options that every command takes. */
export interface GlobalOptions {
  url?: string;
  data?: string;
  output: Format;
  logToken?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7420';

/** The clone that this program stands in. */
const clone = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Where the mesh on this machine keeps its data: as told, else `.slipway` here, else that of the clone. */
export function dataFolder(options: GlobalOptions, env = process.env): string {
  const told = options.data ?? env.SLIPWAY_DATA;
  if (told) return resolve(told);
  return existsSync('.slipway') ? resolve('.slipway') : join(clone, '.slipway');
}

/** The key that this program knows: as told, else that of the mesh on this machine. */
export const gatewayKey = (options: GlobalOptions, env = process.env): string | null =>
  env.SLIPWAY_KEY ?? read(join(dataFolder(options, env), 'gateway.key'));

/**
 * Address and key of the gateway: as told, else what the mesh on this machine has left in its data folder. The key of the folder
 * opens that mesh alone, so it goes to the address that this mesh has told, and nowhere else.
 */
export function connect(options: GlobalOptions, env = process.env): SlipwayClient {
  const told = options.url ?? env.SLIPWAY_URL;
  const found = env.SLIPWAY_KEY
    ? { url: told ?? ownUrl(options, env) ?? DEFAULT_URL, key: env.SLIPWAY_KEY }
    : ownMesh(options, env, told);
  const logToken = options.logToken ?? env.SLIPWAY_LOG_TOKEN;
  return new SlipwayClient({ url: addressOf(found.url), key: found.key, ...(logToken && { logToken }) });
}

/** Where the mesh of the data folder says that its gateway is. */
const ownUrl = (options: GlobalOptions, env: NodeJS.ProcessEnv) => read(join(dataFolder(options, env), 'run', 'gateway.url'));

/** Where the mesh of the data folder has told that its gateway is, as the client has it; `null` when it has told nothing. */
export function ownAddress(options: GlobalOptions, env = process.env): string | null {
  const url = ownUrl(options, env);
  return url === null ? null : addressOf(url);
}

/** The mesh of the data folder. Throws where another address was told, or nothing was left there. */
function ownMesh(options: GlobalOptions, env: NodeJS.ProcessEnv, told: string | undefined): { url: string; key: string } {
  const folder = dataFolder(options, env);
  const url = ownUrl(options, env);
  if (told !== undefined && (url === null || addressOf(told) !== addressOf(url)))
    throw new UsageError(
      `No key for ${addressOf(told)}: set SLIPWAY_KEY to the key of that mesh, which stands in gateway.key in its data folder. ` +
        `The key in ${folder} goes ${url === null ? 'nowhere: no mesh there has told its address' : `to ${addressOf(url)} only`}.`,
    );
  const file = join(folder, 'gateway.key');
  const key = read(file);
  if (key && url !== null) return { url, key };
  const missing = key ? join(folder, 'run', 'gateway.url') : file;
  throw new NoMesh(
    `No mesh was started here: ${missing} ${existsSync(missing) ? "can't be read by this user" : 'is not there'}.\n` +
      'Start one with npm start, name its data folder with --data, or set SLIPWAY_URL and SLIPWAY_KEY.',
  );
}

/** Scheme, host and port of a gateway's address. Throws a `UsageError` for what has anything else. */
function addressOf(url: string): string {
  if (/^https?:\/\/[^/@?#\\]+\/?$/.test(url) && URL.canParse(url)) return new URL(url).origin;
  throw new UsageError(`--url must be the gateway's address such as ${DEFAULT_URL}, not "${url}".`);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
