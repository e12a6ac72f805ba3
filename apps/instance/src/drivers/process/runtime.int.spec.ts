import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { reachableNode } from './runtime.js';
import { USERS } from '../../place/ranges.js';
import { Rig, ROOT, testWhere } from './testing/rig.js';

jest.setTimeout(60_000);

describe('the Node that instances run on', () => {
  const real = process.execPath;
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(async () => {
    process.execPath = real;
    await rig.close();
  });

  /** Where root's home would be: nobody else gets through. */
  const hide = () => {
    const hidden = join(rig.folder, 'home-of-root');
    mkdirSync(hidden, { mode: 0o700 });
    process.execPath = join(hidden, 'node');
    try {
      linkSync(real, process.execPath);
    } catch {
      copyFileSync(real, process.execPath);
    }
    chmodSync(process.execPath, 0o755);
  };

  test('is the one that runs Slipway', async () => {
    expect(await reachableNode(rig.context(), null)).toBe(real);
  });

  testWhere(ROOT, 'needs root', 'is found below the place by who cannot reach that one, the same by all', async () => {
    hide();
    expect(await reachableNode(rig.context(), null)).toBe(process.execPath);
    const found = await Promise.all(Array.from({ length: 5 }, () => reachableNode(rig.context(), USERS.from)));
    expect(new Set(found)).toEqual(new Set([join(rig.root, 'runtime', `node-${process.version}-${process.arch}`)]));
    expect(readdirSync(join(rig.root, 'runtime'))).toHaveLength(1);
    const user = [`--reuid=${USERS.from}`, `--regid=${USERS.from}`, '--clear-groups'];
    const said = execFileSync('setpriv', [...user, found[0]!, '-p', 'process.version'], { cwd: '/', encoding: 'utf8' });
    expect(said.trim()).toBe(process.version);
  });

  testWhere(
    ROOT,
    'needs root',
    'lets an instance start with a user of its own, and again after its supervisor has ended',
    async () => {
      hide();
      const target = rig.target('shop');
      const made = await rig.driver.ensure(target, await rig.spec(), {}, rig.context());
      expect(made.observed).toMatchObject({ user: { uid: expect.any(Number) } });
      await rig.driver.stop(target, rig.context());
      process.execPath = real;
      await rig.driver.observe(target, await rig.spec(), rig.context());
      expect((await rig.driver.ensure(target, await rig.spec(), {}, rig.context())).effect).toBe('found');
    },
  );
});
