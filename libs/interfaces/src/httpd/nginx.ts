import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/contracts/public';
import type { Command } from '../command.js';
import type { Filesystem } from '../filesystem.js';
import type { Httpd, Site } from './httpd.js';
import { nginxConfiguration, portOf } from './nginx-site.js';

/** Its folder, below the one that paths begin in; what it serves stands beside it. */
const OWN = 'httpd';
const CURRENT = `${OWN}/nginx.conf`;
const NEXT = `${OWN}/next.conf`;
const PREVIOUS = `${OWN}/previous.conf`;
const ERRORS = `${OWN}/error.log`;

/** In ms; nginx itself tries for 2.5 s to have a port. */
const SETTLES_WITHIN = 20_000;
const PAUSE = 30;
const LOG_BYTES = 100 * 1024;

/** Runs while its number is that of an nginx. */
const RUNS = 'pid=$(cat httpd/pid 2>/dev/null) && [ -n "$pid" ] && [ "$(cat /proc/$pid/comm 2>/dev/null)" = nginx ]';

/** Of nobody: whoever is root lets go of that before nginx begins. */
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];

export interface NginxPlace {
  command: Command;
  /** Paths that are not absolute begin where programs do. */
  filesystem: Filesystem;
  /** That it listens on. */
  address: string;
  /** By which others find it. */
  host: string;
}

/**
 * An nginx of one's own as a web server: one master of an unprivileged user, whose folder is `httpd` below the one that programs begin in.
 *
 * H1. What is served is what stands in `nginx.conf`: it is put there by a rename, after nginx has found it right.
 * H2. Whether a running one has taken it is read off its own log. Where it has not, the former one is put back, which it never ceased to serve.
 */
export function nginxHttpd({ command, filesystem, address, host }: NginxPlace): Httpd {
  const run = async (...args: string[]) => {
    const { stdout } = await command.execOrThrow(['sh', '-c', 'id -u; pwd']);
    const [uid, folder] = stdout.trim().split('\n') as [string, string];
    return command.exec([...(uid === '0' ? AS_NOBODY : []), 'nginx', '-p', `${folder}/${OWN}/`, ...args]);
  };
  const runs = async () => (await command.exec(['sh', '-c', RUNS])).exitCode === 0;
  const configured = async (): Promise<string> => {
    const current = await filesystem.readFile(CURRENT);
    if (current) return String(current);
    throw new SlipwayError('not-possible', 'Nothing was configured yet: call configure');
  };

  async function makeFolder(): Promise<void> {
    if (await filesystem.stat(`${OWN}/temp`)) return;
    await filesystem.mkdir(`${OWN}/temp`);
    const { stdout } = await command.execOrThrow(['id', '-u']);
    if (stdout.trim() === '0') await filesystem.chown(OWN, NOBODY, NOBODY, { recursive: true });
  }

  async function start(): Promise<void> {
    const { exitCode, stderr } = await run('-c', 'nginx.conf');
    if (exitCode !== 0) throw refusal(stderr);
  }

  /** H2. */
  async function reload(): Promise<void> {
    const { bytes: begun } = (await filesystem.readPart(ERRORS, 0, 0)) ?? { bytes: 0 };
    const { exitCode, stderr } = await run('-c', 'nginx.conf', '-s', 'reload');
    if (exitCode !== 0) throw refusal(stderr);
    for (const end = Date.now() + SETTLES_WITHIN; Date.now() < end; await sleep(PAUSE)) {
      const said = String((await filesystem.readPart(ERRORS, begun, LOG_BYTES))?.content ?? '');
      if (said.includes('[emerg]')) throw refusal(said);
      // Not when the new one begins: the old one takes new connections till then.
      if (said.includes('gracefully shutting down')) return;
    }
    throw new SlipwayError('not-possible', `nginx has not taken its configuration within ${SETTLES_WITHIN / 1_000} s`);
  }

  return {
    async configure(site: Site) {
      const configuration = nginxConfiguration(site, address);
      await makeFolder();
      await filesystem.writeFile(NEXT, configuration);
      const { exitCode, stderr } = await run('-t', '-q', '-c', 'next.conf');
      if (exitCode !== 0) {
        await filesystem.remove(NEXT);
        throw new SlipwayError('bad-input', `nginx refuses the site: ${lastOf(stderr)}`, {
          field: 'site',
          reason: lastOf(stderr),
        });
      }
      const before = await filesystem.readFile(CURRENT);
      if (before) await filesystem.rename(CURRENT, PREVIOUS);
      await filesystem.rename(NEXT, CURRENT);
      try {
        await ((await runs()) ? reload() : start());
      } catch (error) {
        if (before) await filesystem.rename(PREVIOUS, CURRENT);
        else await filesystem.remove(CURRENT);
        throw error;
      }
    },

    async restart() {
      await configured();
      if (await runs()) await run('-c', 'nginx.conf', '-s', 'stop');
      for (const end = Date.now() + SETTLES_WITHIN; await runs(); await sleep(PAUSE))
        if (Date.now() > end) throw new SlipwayError('not-possible', `nginx has not ended within ${SETTLES_WITHIN / 1_000} s`);
      await start();
    },

    async getUri(path) {
      const base = `http://${host.includes(':') ? `[${host}]` : host}:${portOf(await configured())}`;
      const uri = path.startsWith('/') ? new URL(base + path) : undefined;
      if (uri) return uri.href;
      throw new SlipwayError('bad-input', `${path} is no path: it begins with /`, { field: 'path' });
    },

    async logs(which = 'error', lines = 100) {
      const file = `${OWN}/${which}.log`;
      const { bytes } = (await filesystem.readPart(file, 0, 0)) ?? { bytes: 0 };
      const part = await filesystem.readPart(file, Math.max(0, bytes - LOG_BYTES), LOG_BYTES);
      const said = String(part?.content ?? '').split('\n');
      // The first may have been cut off.
      return said.slice(bytes > LOG_BYTES ? 1 : 0, -1).slice(-Math.min(lines, 1_000));
    },
  };
}

function refusal(said: string): SlipwayError {
  const reason = lastOf(said.split('\n').find((line) => line.includes('[emerg]')) ?? said);
  const taken = /bind\(\) to (\S+) failed \(98/.exec(reason);
  const message = taken ? `${taken[1]} is taken: choose another port` : `nginx does not serve it: ${reason}`;
  return new SlipwayError('not-possible', `${message}. What was served before still is`, { reason });
}

/** nginx tells what is wrong last, before it says that the test has failed. */
const lastOf = (said: string): string =>
  said
    .trim()
    .split('\n')
    .filter((line) => !/test failed$|test is successful$/.test(line))
    .at(-1)
    ?.slice(-500) ?? '';
