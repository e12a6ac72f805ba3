import { execFileSync, fork, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ask, eventually } from '../../testing/asking.js';
import { Rig, ROOT, testWhere } from './testing/rig.js';
import type { Ensuring } from './testing/ensuring.js';

jest.setTimeout(180_000);

const PROGRAM = fileURLToPath(new URL('../../../dist/drivers/process/testing/ensuring.js', import.meta.url));
const NOBODY = 65_534;
const APP = `require('node:http').createServer((_, response) => response.end(JSON.stringify(process.getuid()))).listen(process.env.PORT, '127.0.0.1')`;

/** Root can play somebody else only where somebody else may read this clone; who is not root is somebody else already. */
const reachable = !ROOT || spawnSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'test', '-r', PROGRAM]).status === 0;
const somebody = ROOT ? NOBODY : process.getuid!();

describe('where Slipway does not run as root', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
    if (ROOT) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, rig.folder]);
  });
  afterEach(() => rig.close());

  const run = (message: Omit<Ensuring, 'folder' | 'ports'>): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      const child = fork(PROGRAM, {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { PATH: process.env.PATH },
        cwd: '/',
        ...(ROOT && { uid: NOBODY, gid: NOBODY }),
      });
      child.on('message', (answer) => answer !== 'begun' && resolve(answer as JsonObject));
      child.once('exit', () => reject(new Error('The child process did not answer')));
      child.send({ ...message, folder: rig.folder, ports: rig.ports } satisfies Ensuring);
    });

  testWhere(
    reachable,
    'nobody else may read this clone',
    'an instance runs as who runs Slipway and says so, restarts, keeps its secret, and goes',
    async () => {
      const target = rig.target('shop');
      const script = `setsid sleep 600 & exec "$0" -e "$APP"`;
      const spec = await rig.spec({
        command: ['sh', '-c', script, process.execPath],
        artefactBlob: undefined,
        environment: { PORT: '${port}', APP },
        limits: { openFiles: 300, processes: 50 },
        secrets: { key: {} },
      });
      const made = await run({ action: 'ensure', target, spec });
      expect(made).toMatchObject({
        observed: {
          user: null,
          sharedUserBecause: 'Slipway does not run as root',
          // RLIMIT_NPROC would count all that this user runs.
          limits: { openFiles: 300 },
        },
      });
      const port = made.port as number;
      expect(await ask(port, '/')).toBe(somebody);
      expect(statSync(`${rig.home(target)}/secrets/key`)).toMatchObject({ uid: somebody, mode: 0o100400 });
      expect(rig.claims('users')).toEqual([]);

      process.kill(Number(rig.state(target).pid), 'SIGKILL');
      await eventually('restarted', async () => rig.state(target).restarts === '1' && (await ask(port, '/')) === somebody);
      // The child that left its process group has gone with the first run.
      expect(rig.processes().filter((line) => line.includes('sleep 600'))).toHaveLength(1);

      expect(await run({ action: 'destroy', target, spec })).toEqual({ effect: 'destroyed' });
      expect(rig.processes()).toEqual([]);
      expect(rig.claims('ports')).toEqual([]);
    },
  );
});
