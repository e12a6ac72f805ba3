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

/** The gateway's key: as told, else what the mesh on this machine has left in its data folder. */
export const gatewayKey = (options: GlobalOptions, env = process.env): string | null =>
  env.SLIPWAY_KEY ?? read(join(dataFolder(options, env), 'gateway.key'));

/** Address and key of the gateway: as told, else what the mesh on this machine has left in its data folder. */
export function connect(options: GlobalOptions, env = process.env): SlipwayClient {
  const folder = dataFolder(options, env);
  const told = options.url ?? env.SLIPWAY_URL;
  const url = told ?? read(join(folder, 'run', 'gateway.url')) ?? DEFAULT_URL;
  if (!/^https?:\/\/[^/]+\/?$/.test(url))
    throw new UsageError(`--url must be the gateway's address such as ${DEFAULT_URL}, not "${url}".`);
  const key = gatewayKey(options, env);
  if (!key) {
    const file = join(folder, 'gateway.key');
    if (told) throw new UsageError(`No key for ${url}: set SLIPWAY_KEY, or name with --data the folder that holds gateway.key.`);
    throw new NoMesh(
      `No mesh was started here: ${file} ${existsSync(file) ? "can't be read by this user" : 'is not there'}.\n` +
        'Start one with npm start, name its data folder with --data, or set SLIPWAY_URL and SLIPWAY_KEY.',
    );
  }
  const logToken = options.logToken ?? env.SLIPWAY_LOG_TOKEN;
  return new SlipwayClient({ url: url.replace(/\/$/, ''), key, ...(logToken && { logToken }) });
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
