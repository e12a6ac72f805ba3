import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { InstanceSpec } from '@slipway/contracts';
import { seeded } from '@slipway/mesh/testing';
import type { Target } from '@slipway/provisioner';
import { ask, eventually } from '../../testing/asking.js';
import { Rig } from './testing/rig.js';
import type { Ensuring } from './testing/ensuring.js';

jest.setTimeout(600_000);

const PROGRAM = fileURLToPath(new URL('../../../dist/drivers/process/testing/ensuring.js', import.meta.url));
const SEED = Number(process.env.SLIPWAY_SEED ?? Date.now() % 1_000_000);
const MOMENTS = 20;

describe('an ensure in a process that dies', () => {
  let rig: Rig;
  let children: ChildProcess[];
  beforeEach(() => {
    rig = new Rig();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rig.close();
  });

  /** Ensures in a process of its own; resolves when it works. */
  const start = async (target: Target, spec: InstanceSpec): Promise<ChildProcess> => {
    const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { PATH: process.env.PATH } });
    children.push(child);
    const message: Ensuring = { action: 'ensure', folder: rig.folder, ports: rig.ports, target, spec };
    const begun = new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('The child process could not begin')));
    });
    child.send(message);
    await begun;
    return child;
  };
  const ended = (child: ChildProcess) =>
    new Promise<void>((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', () => resolve()) : resolve(),
    );
  const spec = async () => rig.spec({ command: ['node', '-e', APP], artefactBlob: undefined, secrets: { key: {} } });

  const expectNothingLeft = async (target: Target) => {
    // What it started just before it was told, or died, may need a moment to end or to see that its folder is gone.
    await eventually('nothing runs', () => rig.processes().length === 0);
    expect([...rig.claims('ports'), ...rig.claims('users')]).toEqual([]);
    expect(readdirSync(join(rig.root, `default.${target.resource.name}`))).toEqual(['g1']);
    expect(statSync(rig.home(target)).isFile()).toBe(true);
  };

  test(`killed at ${MOMENTS} random moments: an ensure finishes it, a destroy leaves nothing (SLIPWAY_SEED=${SEED})`, async () => {
    const random = seeded(SEED);
    for (let moment = 0; moment < MOMENTS; moment++) {
      const target = rig.target(`moment-${moment}`);
      const child = await start(target, await spec());
      await new Promise((resolve) => setTimeout(resolve, random() * 400));
      child.kill('SIGKILL');
      await ended(child);
      if (moment % 2 === 0) {
        const { outputs } = await rig.driver.ensure(target, await spec(), {}, rig.context());
        expect(await ask(outputs.port as number, '/')).toBe('here');
      }
      await rig.driver.destroy(target, rig.context());
      await expectNothingLeft(target);
    }
  });

  test('stopped (SIGSTOP), destroyed elsewhere and woken up, it leaves nothing either', async () => {
    const random = seeded(SEED);
    for (let moment = 0; moment < MOMENTS / 2; moment++) {
      const target = rig.target(`stopped-${moment}`);
      const child = await start(target, await spec());
      await new Promise((resolve) => setTimeout(resolve, random() * 400));
      child.kill('SIGSTOP');
      await rig.driver.destroy(target, rig.context());
      child.kill('SIGCONT');
      await ended(child);
      await expectNothingLeft(target);
    }
  });

  test('what it made goes on running when it is killed, and is found again', async () => {
    const target = rig.target('shop');
    const child = await start(target, await spec());
    const made = new Promise((resolve) => child.once('message', resolve));
    const { port } = (await made) as { port: number };
    child.kill('SIGKILL');
    await ended(child);
    expect(await ask(port, '/')).toBe('here');
    const pid = Number(rig.state(target).pid);
    process.kill(pid, 'SIGKILL');
    await eventually(
      'restarted with nobody there',
      async () => rig.state(target).restarts === '1' && (await ask(port, '/')) === 'here',
    );
    const found = await rig.driver.ensure(target, await spec(), {}, rig.context());
    expect(found).toMatchObject({ effect: 'found', outputs: { port } });
    expect(await rig.driver.observe(target, await spec(), rig.context())).toMatchObject({ health: 'healthy', restarts: 1 });
  });
});

const APP = `require('node:http').createServer((_, response) => response.end('"here"')).listen(process.env.PORT, '127.0.0.1')`;
