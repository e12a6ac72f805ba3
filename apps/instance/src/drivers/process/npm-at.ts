import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { MINIMAL_ENV } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import { nodeAt } from './runtime.js';
import { ourUid } from './user.js';

/** Variables of whoever runs Slipway, as `process.env` holds them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The npm of a place, and what it is run with. */
export interface PlacesNpm {
  npm: string;
  env: Record<string, string>;
  /** Where its configuration is, in words. */
  configuredAt: string;
}

/**
 * Of npm's own variables those that say how a registry is reached, and with which credential; none of what `npm start` says about
 * the project that it runs.
 */
const OF_NPM =
  /^npm_config_(userconfig|globalconfig|cache|registry|.*:registry|\/\/.*|proxy|https_proxy|noproxy|ca|cafile|cert|key|strict_ssl|fetch_.*|maxsockets|local_address|offline)$/i;
const OF_THE_NETWORK = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/i;

/**
 * The npm beside the place's Node, else the first of the search path: that of whoever runs Slipway, whose variables it is given, or at another
 * machine that of its usual folders of programs. There our variables, which name our files and our network, are not known: it has the
 * configuration of the user as whom it is reached. Throws `driver-failed` where there is no npm.
 */
export async function npmAt(context: DriverContext, variables: Variables): Promise<PlacesNpm> {
  const { machine, filesystem } = context;
  const { path: node } = await nodeAt(context);
  const usual = machine ? MINIMAL_ENV.PATH : (variables['PATH'] ?? '');
  const own = machine ? { HOME: await homeThere(context) } : { HOME: homedir(), ...passedOn(variables) };
  const env = { LANG: 'C.UTF-8', ...own, PATH: `${dirname(node)}${delimiter}${usual}` };
  const folders = [dirname(node), ...usual.split(delimiter)].filter((folder) => folder.startsWith('/'));
  for (const folder of folders) {
    const npm = join(folder, 'npm');
    if ((await filesystem.stat(npm)) !== null) return { npm, env, configuredAt: machine ? 'at that host' : 'on this machine' };
  }
  throw new SlipwayError('driver-failed', `npm is not found in ${folders.join(', ')}; install it there, it comes with Node`);
}

/** Of the user as whom the place is reached (passwd(5)). */
async function homeThere(context: DriverContext): Promise<string> {
  const { stdout } = await context.command.execOrThrow(['getent', 'passwd', String(await ourUid(context))]);
  return stdout.split(':')[5] ?? '/';
}

function passedOn(variables: Variables): Record<string, string> {
  const passed = Object.entries(variables).filter(([name]) => OF_NPM.test(name) || OF_THE_NETWORK.test(name));
  return Object.fromEntries(passed) as Record<string, string>;
}
