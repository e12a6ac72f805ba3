import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SlipwayError, type OnFailure } from '@slipway/contracts';
import type { Ensured, Target } from '@slipway/provisioner';
import { ask, eventually } from '../../testing/asking.js';
import { Rig, runs } from './testing/rig.js';
import { QUICK } from './testing/quick.js';

jest.setTimeout(180_000);

describe('an instance goes on running', () => {
  let rig: Rig;
  let target: Target;
  let made: Ensured;
  let port: number;
  beforeEach(async () => {
    rig = new Rig();
    target = rig.target('shop');
    made = await rig.driver.ensure(target, await rig.spec(), {}, rig.context());
    port = made.outputs.port as number;
  });
  afterEach(() => rig.close());

  const appPid = () => ask<number>(port, '/pid');
  const observe = async () => rig.driver.observe(target, await rig.spec(), rig.context());

  test('is observed healthy', async () => {
    expect(await observe()).toEqual({ health: 'healthy', reason: 'It answers', restarts: 0 });
  });

  test('an app that is killed is started again at its port, and each restart is counted', async () => {
    for (const restarts of [1, 2]) {
      const pid = await appPid();
      process.kill(pid, 'SIGKILL');
      await eventually('another one answers', async () => (await appPid()) !== pid);
      expect(rig.state(target)).toMatchObject({ phase: 'running', restarts: String(restarts), exit: '137' });
      expect(await observe()).toEqual({ health: 'healthy', reason: 'It answers', restarts });
    }
  });

  test('an app that ends by itself is started again, and its exit code is kept', async () => {
    await ask(port, '/exit').catch(() => {});
    await eventually('restarted', () => rig.state(target).restarts === '1');
    expect(rig.state(target).exit).toBe('3');
  });

  test('its backoff doubles up to the longest', async () => {
    const hasty = rig.target('hasty');
    const spec = await rig.spec({ command: ['sh', '-c', 'exit 4'], health: { startSeconds: 1 } });
    await expect(rig.driver.ensure(hasty, spec, {}, rig.context())).rejects.toMatchObject({ code: 'health-failed' });
    const delays = new Map<number, number>();
    await eventually('the longest has come twice', () => {
      const { phase, restarts, delay } = rig.state(hasty);
      if (phase === 'waiting') delays.set(Number(restarts), Number(delay));
      return delays.size > 2 && Math.max(...delays.keys()) >= 6;
    });
    for (const [restarts, delay] of delays) {
      expect(delay).toBe(Math.min(QUICK.firstBackoffMs * 2 ** restarts, QUICK.longestBackoffMs));
    }
    expect(await rig.driver.observe(hasty, spec, rig.context())).toMatchObject({
      health: 'unhealthy',
      reason: expect.stringContaining('ended with exit code 4'),
    });
  });

  describe('by what its definition says of failures', () => {
    const failing = async (onFailure: OnFailure, script = 'exit 4') => {
      const one = rig.target('failing');
      const spec = await rig.spec({ command: ['sh', '-c', script], health: { startSeconds: 30 }, onFailure });
      const look = () => rig.driver.observe(one, spec, rig.context());
      return { one, spec, look };
    };

    test('it is restarted as often in a row as it may be, then left, and ensure need not wait any longer', async () => {
      const { one, spec, look } = await failing({ limit: 2, backoffSeconds: 0.2, longestBackoffSeconds: 0.3 });
      await expect(rig.driver.ensure(one, spec, {}, rig.context())).rejects.toMatchObject({
        code: 'health-failed',
        message: expect.stringContaining('Not healthy: It ended with exit code 4 and is not started again (2 restarts so far)'),
      });
      expect(rig.state(one)).toMatchObject({ phase: 'failed', restarts: '2', delay: '300' });
      await eventually('its supervisor has gone', () => rig.processes().every((line) => !line.includes('default.failing')));
      const failed = 'It ended with exit code 4 and is not started again (2 restarts so far)';
      expect(await look()).toEqual({ health: 'unhealthy', reason: failed, failed, restarts: 2 });
      expect(rig.state(one).phase).toBe('failed');
    });

    test.each(['leave', 'stop'] as const)(
      '%s: it is not started again by itself, and is when somebody has ended it',
      async (action) => {
        const { one, spec, look } = await failing({ action }, 'exit 5');
        for (const _try of [1, 2])
          await expect(rig.driver.ensure(one, spec, {}, rig.context())).rejects.toMatchObject({ code: 'health-failed' });
        expect(await look()).toMatchObject({ health: 'unhealthy', restarts: 0, failed: expect.stringContaining('exit code 5') });
        await rig.driver.stop(one, rig.context());
        expect(rig.state(one).phase).toBe('stopped');
        await look();
        await eventually('it ended again', () => rig.state(one).phase === 'failed');
      },
    );

    test('one that has run steadily begins to count anew', async () => {
      const steady = new Rig(rig.ports, { ...QUICK, steadySeconds: 0 });
      try {
        const one = steady.target('failing');
        const spec = await steady.spec({ command: ['sh', '-c', 'exit 4'], health: { startSeconds: 2 }, onFailure: { limit: 1 } });
        await expect(steady.driver.ensure(one, spec, {}, steady.context())).rejects.toMatchObject({ code: 'health-failed' });
        await eventually('many restarts', () => Number(steady.state(one).restarts) >= 3);
      } finally {
        await steady.close();
      }
    });
  });

  test('an app that has run steadily begins with the first backoff again', async () => {
    const steady = new Rig(rig.ports, { ...QUICK, steadySeconds: 0 });
    try {
      const hasty = steady.target('hasty');
      const spec = await steady.spec({ command: ['sh', '-c', 'exit 4'], health: { startSeconds: 1 } });
      await expect(steady.driver.ensure(hasty, spec, {}, steady.context())).rejects.toMatchObject({ code: 'health-failed' });
      await eventually('many restarts', () => Number(steady.state(hasty).restarts) >= 5);
      await eventually('waiting', () => steady.state(hasty).phase === 'waiting');
      expect(steady.state(hasty).delay).toBe(String(QUICK.firstBackoffMs));
    } finally {
      await steady.close();
    }
  });

  test('neither app nor log reader holds the lock of the supervisor', async () => {
    const lock = join(rig.home(target), 'run/lock');
    const holders = rig
      .processes()
      .map((line) => line.split(' ')[0]!)
      .filter((pid) => descriptors(pid).includes(lock));
    expect(holders).toEqual([String(rig.supervisorPid(target))]);
  });

  test('when its supervisor is killed the app goes on; the next look starts another, and only one app remains', async () => {
    const [supervisor, app] = [rig.supervisorPid(target), await appPid()];
    process.kill(supervisor, 'SIGKILL');
    await eventually('supervisor gone', () => !runs(supervisor));
    expect(await appPid()).toBe(app);
    expect(await rig.driver.inspect(target, rig.context())).toMatchObject({ state: 'present', observed: { running: false } });
    expect(await observe()).toMatchObject({ health: 'starting' });
    await eventually('another app answers', async () => (await appPid()) !== app);
    expect(runs(app)).toBe(false);
    await eventually('healthy', async () => (await observe()).health === 'healthy');
    expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'present', observed: made.observed });
  });

  test('after a reboot, when nothing of it runs, a look starts it again with its port and its count', async () => {
    const pid = await appPid();
    process.kill(pid, 'SIGKILL');
    await eventually('restarted', async () => rig.state(target).restarts === '1' && (await appPid()) !== pid);
    process.kill(rig.supervisorPid(target), 'SIGKILL');
    process.kill(await appPid(), 'SIGKILL');
    await eventually('nothing runs', () => rig.processes().length === 0);
    await observe();
    await eventually('answers', async () => (await ask(port, '/')) === 'here');
    expect(await observe()).toEqual({ health: 'healthy', reason: 'It answers', restarts: 1 });
  });

  test('two that look at once start one supervisor', async () => {
    process.kill(rig.supervisorPid(target), 'SIGKILL');
    process.kill(await appPid(), 'SIGKILL');
    await Promise.all([observe(), observe(), observe()]);
    await eventually('answers', async () => (await ask(port, '/')) === 'here');
    await eventually('one of them left', () => rig.processes().filter((line) => line.includes('app.mjs')).length === 1);
    const lock = join(rig.home(target), 'run/lock');
    const open = () => rig.processes().filter((line) => descriptors(line.split(' ')[0]!).includes(lock));
    await eventually('the others have left', () => open().length === 1);
  });

  test('stop ends it and keeps all it has; a look starts it again', async () => {
    await rig.driver.stop(target, rig.context());
    expect(rig.processes()).toEqual([]);
    expect(rig.state(target).phase).toBe('stopped');
    expect(await rig.driver.inspect(target, rig.context())).toMatchObject({ state: 'present', observed: { running: false } });
    await rig.driver.stop(target, rig.context());
    await observe();
    await eventually('answers', async () => (await ask(port, '/')) === 'here');
    expect(await observe()).toMatchObject({ health: 'healthy', restarts: 0 });
  });

  test('an app is asked to end before it is ended, once, with all its processes', async () => {
    const polite = rig.target('polite');
    const script = `trap 'echo asked; sleep 0.3; echo ended; exit 0' TERM; while :; do sleep 0.05; done`;
    const spec = await rig.spec({ command: ['sh', '-c', script], health: { startSeconds: 1 } });
    await expect(rig.driver.ensure(polite, spec, {}, rig.context())).rejects.toMatchObject({ code: 'health-failed' });
    await rig.driver.stop(polite, rig.context());
    const said = rig.read(polite, 'log/app.log').trim().split('\n');
    expect(said.filter((line) => line !== 'Terminated')).toEqual(['asked', 'ended']);
    expect(rig.state(polite)).toMatchObject({ phase: 'stopped', exit: '0' });
  });

  test('a supervisor that has just been started when its step is cut short is found and ended', async () => {
    const late = rig.target('late');
    const cut = new AbortController();
    const context = rig.context(cut.signal);
    const { spawnDetached } = context.command;
    context.command.spawnDetached = async (line, options) => {
      const pid = await spawnDetached(['sh', '-c', 'sleep 0.5; exec "$0" "$@"', ...line], options);
      cut.abort(new SlipwayError('shutting-down'));
      return pid;
    };
    const silent = await rig.spec({ command: ['sh', '-c', 'while :; do sleep 0.05; done'], health: { startSeconds: 60 } });
    await expect(rig.driver.ensure(late, silent, {}, context)).rejects.toMatchObject({ code: 'shutting-down' });
    await rig.driver.stop(late, rig.context());
    await sleep(1_000);
    expect(rig.processes().filter((line) => line.includes('default.late'))).toEqual([]);
  });

  test('what does not want to end is ended, children that left its group too', async () => {
    const stubborn = rig.target('stubborn');
    const script = `trap '' TERM; setsid sh -c 'trap "" TERM; while :; do sleep 1; done' & while :; do sleep 1; done`;
    const spec = await rig.spec({ command: ['sh', '-c', script], health: { startSeconds: 1 } });
    await expect(rig.driver.ensure(stubborn, spec, {}, rig.context())).rejects.toMatchObject({ code: 'health-failed' });
    const count = () => rig.processes().filter((line) => line.includes('trap')).length;
    await eventually('both run', () => count() === 2);
    await rig.driver.stop(stubborn, rig.context());
    expect(count()).toBe(0);
    expect(rig.state(stubborn).exit).toBe('137');
  });

  test('a stopped (SIGSTOP) supervisor does not keep its instance from being destroyed', async () => {
    const app = await appPid();
    process.kill(rig.supervisorPid(target), 'SIGSTOP');
    expect(await rig.driver.destroy(target, rig.context())).toBe('destroyed');
    expect(runs(app)).toBe(false);
    // Who reads the log of a supervisor that had to be killed sees its end a moment later.
    await eventually('nothing runs', () => rig.processes().length === 0);
  });

  test('a process that has got the number of an old supervisor is left alone', async () => {
    await rig.driver.stop(target, rig.context());
    const { filesystem, command } = rig.context();
    const innocent = await command.spawnDetached(['sleep', '600'], { cwd: '/', env: {}, logFile: '/dev/null' });
    try {
      await filesystem.writeFile(join(rig.home(target), 'run/supervisor'), `${innocent} 1\n`);
      const holding = command.exec(['flock', join(rig.home(target), 'run/lock'), 'sleep', '1.5']);
      await rig.driver.destroy(target, rig.context());
      await holding;
      expect(runs(innocent)).toBe(true);
    } finally {
      process.kill(innocent, 'SIGKILL');
    }
  });
});

/** Paths that a process has open. */
function descriptors(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
  } catch {
    return [];
  }
}
