import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ask, eventually } from '../../testing/asking.js';
import { Rig, ROOT, runs, testWhere } from './testing/rig.js';
import { QUICK } from './testing/quick.js';

jest.setTimeout(180_000);

interface Self {
  uid: number;
  gid: number;
  groups: number[];
  cwd: string;
  node: string;
  limits: string;
  status: string;
}

/** A test of what only root can give. */
const asRoot = (name: string, run: () => Promise<void>) => testWhere(ROOT, 'needs root', name, run);
const portOf = ({ outputs }: { outputs: JsonObject }): number => outputs.port as number;

describe('an instance as a process', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.close());

  const ensure = async (name: string, over = {}, inputs = {}) =>
    rig.driver.ensure(rig.target(name), await rig.spec(over), inputs, rig.context());

  test('is made, answers at its port, is found again, and goes without a trace but its tombstone', async () => {
    const target = rig.target('shop');
    const spec = await rig.spec();
    expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'absent', observed: {} });
    const made = await rig.driver.ensure(target, spec, {}, rig.context());
    const port = portOf(made);
    expect(made).toMatchObject({ effect: 'made', outputs: { url: `http://127.0.0.1:${port}`, host: '127.0.0.1', port } });
    const pid = await ask<number>(port, '/pid');

    const found = await rig.driver.ensure(target, spec, {}, rig.context());
    expect(found).toEqual({ ...made, effect: 'found' });
    expect(await ask<number>(port, '/pid')).toBe(pid);
    expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'present', observed: made.observed });

    expect(await rig.driver.destroy(target, rig.context())).toBe('destroyed');
    expect(runs(pid)).toBe(false);
    expect(rig.processes()).toEqual([]);
    expect([rig.claims('ports'), rig.claims('users')]).toEqual([[], []]);
    expect(readdirSync(join(rig.root, 'default.shop'))).toEqual(['g1']);
    expect(statSync(rig.home(target)).isFile()).toBe(true);
    expect(await rig.driver.destroy(target, rig.context())).toBe('absent');
    expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'destroyed', observed: {} });
    await expect(rig.driver.ensure(target, spec, {}, rig.context())).rejects.toMatchObject({ code: 'generation-old' });
  });

  test('has a clean environment with its placeholders filled in, its own folder, and the Node that runs Slipway', async () => {
    const environment = {
      PORT: '${port}',
      WHERE: '${data.path}/x',
      WHO: '${instance.name} at ${host}',
      ODD: `it's "$HOME" \\ ok`,
    };
    const data = join(rig.root, 'data');
    mkdirSync(data);
    const target = rig.target('shop');
    const port = portOf(
      await rig.driver.ensure(target, await rig.spec({ environment }), { data: { path: data } }, rig.context()),
    );
    const home = rig.home(target);
    expect(await ask(port, '/environment')).toEqual({
      PORT: String(port),
      WHERE: `${data}/x`,
      WHO: 'shop at 127.0.0.1',
      ODD: `it's "$HOME" \\ ok`,
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      LANG: 'C.UTF-8',
      HOME: join(home, 'home'),
      SLIPWAY_FOLDER: home,
    });
    // Where the instance's user can't reach the Node that runs Slipway, it gets a copy of it beside the instances.
    const ours = new RegExp(`^(${process.execPath}|.*/runtime/node-${process.version}-${process.arch})$`);
    expect(await ask(port, '/self')).toMatchObject({ cwd: join(home, 'app'), node: expect.stringMatching(ours) });
  });

  test.each([
    ['environment.DATA', { environment: { DATA: '${date.path}' } }],
    ['environment.SLIPWAY_FOLDER', { environment: { SLIPWAY_FOLDER: '/' } }],
    ['environment.a b', { environment: { 'a b': '1' } }],
    ['secrets.../x', { secrets: { '../x': {} } }],
    ['command', { command: ['node', 'a\0b'] }],
  ])('a spec that is wrong at %s is refused by name, and nothing is left of it', async (field, over) => {
    await expect(ensure('shop', over)).rejects.toMatchObject({ code: 'spec-invalid', details: { field } });
    expect([rig.claims('ports'), rig.claims('users')]).toEqual([[], []]);
    expect(readdirSync(join(rig.root, 'default.shop'))).toEqual([]);
  });

  test.each([
    ['container', { container: { image: 'node:24' } }, /"docker" does/],
    ['limits.cpus', { limits: { cpus: 0.5 } }, /"docker" can/],
    ['command', { command: undefined }, /needs a program/],
  ])('what only a container can have is refused by name: %s', async (field, over, message) => {
    const refused = ensure('shop', over);
    await expect(refused).rejects.toMatchObject({
      code: 'spec-invalid',
      details: { field },
      message: expect.stringMatching(message),
    });
  });

  asRoot('runs as a user of its own, to which it hands what the instance is wired to, and takes it back', async () => {
    const data = join(rig.root, 'data');
    const database = join(rig.root, 'db');
    mkdirSync(join(data, 'inner'), { recursive: true });
    mkdirSync(database);
    for (const file of [
      join(data, 'inner/file'),
      join(database, 'shop.db'),
      join(database, 'shop.db-wal'),
      join(database, 'mark'),
    ]) {
      writeFileSync(file, '');
    }
    const inputs = { data: { path: data }, db: { path: join(database, 'shop.db') } };
    const environment = { PORT: '${port}', DATA: '${data.path}' };
    const target = rig.target('shop');
    const made = await rig.driver.ensure(target, await rig.spec({ environment }), inputs, rig.context());
    const self = await ask<Self>(portOf(made), '/self');
    expect(self.uid).toBeGreaterThanOrEqual(0x7000_0000);
    expect(made.observed).toMatchObject({ user: { uid: self.uid, gid: self.uid }, handedOver: ['data', 'db'] });
    expect(self).toMatchObject({ gid: self.uid, groups: [self.uid] });
    expect(self.status).toMatch(/NoNewPrivs:\t1/);
    expect(self.status).toMatch(/CapEff:\t0+\n/);
    expect(await ask(portOf(made), '/write')).toBe('written');

    const owners = () => ({
      folder: statSync(data).uid,
      inner: statSync(join(data, 'inner/file')).uid,
      database: statSync(join(database, 'shop.db')).uid,
      log: statSync(join(database, 'shop.db-wal')).uid,
      databaseFolder: statSync(database).uid,
    });
    const all = (uid: number) => ({ folder: uid, inner: uid, database: uid, log: uid, databaseFolder: uid });
    expect(owners()).toEqual(all(self.uid));
    expect(statSync(join(database, 'mark')).uid).toBe(0);
    // What steers it is not its own.
    for (const file of ['run', 'log', 'launch.sh', 'supervise.sh', 'slipway.json'])
      expect(statSync(join(rig.home(target), file)).uid).toBe(0);

    await rig.driver.destroy(target, rig.context());
    expect(owners()).toEqual(all(0));
  });

  asRoot('uses through its group what somebody else owns', async () => {
    const data = join(rig.root, 'data');
    mkdirSync(data);
    await rig.context().filesystem.chown(data, 1234, 4321);
    await rig.context().filesystem.chmod(data, 0o770);
    const environment = { PORT: '${port}', DATA: '${data.path}' };
    const made = await ensure('shop', { environment }, { data: { path: data } });
    expect(await ask<Self>(portOf(made), '/self')).toMatchObject({ groups: expect.arrayContaining([4321]) });
    expect(await ask(portOf(made), '/write')).toBe('written');
    expect(statSync(data)).toMatchObject({ uid: 1234, gid: 4321 });
    expect(made.observed).toMatchObject({ handedOver: [] });
  });

  asRoot('where its user could not reach its folder it runs as Slipway does, and says so', async () => {
    await rig.context().filesystem.chmod(rig.root, 0o700);
    const made = await ensure('shop');
    expect(made.observed).toMatchObject({ user: null, sharedUserBecause: `another user cannot reach ${rig.root}` });
    expect(rig.claims('users')).toEqual([]);
    expect((await ask<Self>(portOf(made), '/self')).uid).toBe(0);
    await rig.driver.destroy(rig.target('shop'), rig.context());
    expect(rig.processes()).toEqual([]);
  });

  test('its limits are in force', async () => {
    const { outputs, observed } = await ensure('shop', { limits: { memory: '256MiB', openFiles: 333, processes: 44 } });
    const { limits } = await ask<Self>(outputs.port as number, '/self');
    const dataBytes = (256 + 512) * 1024 ** 2;
    expect(limits).toMatch(new RegExp(`Max data size +${dataBytes} +${dataBytes} `));
    expect(limits).toMatch(/Max open files +333 +333 /);
    expect(limits).toMatch(/Max core file size +0 +0 /);
    if (ROOT) expect(limits).toMatch(/Max processes +44 +44 /);
    expect(observed.limits).toEqual({ dataBytes, openFiles: 333, ...(ROOT && { processes: 44 }) });
  });

  test('an app that eats more memory than it may is ended by it and started again', async () => {
    const target = rig.target('shop');
    const made = await rig.driver.ensure(target, await rig.spec({ limits: { memory: '128MiB' } }), {}, rig.context());
    await ask(portOf(made), '/eat').catch(() => {});
    await eventually('restarted', () => rig.state(target).restarts === '1');
    await eventually('answering', async () => (await ask(portOf(made), '/')) === 'here');
  });

  test('secrets come as files of mode 0400 and stand nowhere else', async () => {
    const target = rig.target('shop');
    const input = await rig.secrets.put('elsewhere', 'canary-of-another-resource');
    const spec = await rig.spec({
      secrets: { 'session-key': { bytes: 32 } },
      environment: { PORT: '${port}', KEY_FILE: '${secret.session-key}', PASSWORD_FILE: '${db.password}' },
    });
    const made = await rig.driver.ensure(target, spec, { db: { password: input } }, rig.context());
    const ref = `secret://instance-default.shop/g1/session-key#1` as const;
    expect(made.outputs.secrets).toEqual({ 'session-key': ref });
    const values = [await rig.secrets.read(ref), 'canary-of-another-resource'];
    expect(await ask(portOf(made), '/secret')).toBe(values[0]);

    const home = rig.home(target);
    const uid = (await ask<Self>(portOf(made), '/self')).uid;
    expect(statSync(join(home, 'secrets'))).toMatchObject({ uid, mode: 0o040700 });
    for (const [index, file] of ['session-key', 'db.password'].entries()) {
      expect(statSync(join(home, 'secrets', file))).toMatchObject({ uid, mode: 0o100400 });
      expect(rig.read(target, `secrets/${file}`)).toBe(values[index]);
    }
    const files = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.parentPath !== join(home, 'secrets'))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(5);
    const pids = [rig.supervisorPid(target), await ask<number>(portOf(made), '/pid')];
    const seen = [
      ...files.map((file) => rig.context().filesystem.readFile(file)),
      ...pids.flatMap((pid) => ['environ', 'cmdline'].map((file) => rig.context().filesystem.readFile(`/proc/${pid}/${file}`))),
    ];
    const everything = [...(await Promise.all(seen)).map(String), JSON.stringify(made), ...rig.log].join('\n');
    expect(everything).toContain('listening on');
    for (const value of values) expect(everything).not.toContain(value);

    await rig.driver.destroy(target, rig.context());
    await expect(rig.secrets.read(ref)).rejects.toMatchObject({ code: 'secret-missing' });
    expect(await rig.secrets.read(input)).toBe('canary-of-another-resource');
  });

  test('new secrets: it runs with them, in files as before, and with the new ones of what it is wired to', async () => {
    const target = rig.target('shop');
    const [old, next] = [
      await rig.secrets.put('database-default.shop-db/g1/password', 'the-old-one'),
      await rig.secrets.put('database-default.shop-db/g1/password', 'the-new-one'),
    ];
    const spec = await rig.spec({
      secrets: { 'session-key': {} },
      environment: { PORT: '${port}', KEY_FILE: '${secret.session-key}', PASSWORD_FILE: '${db.password}' },
    });
    const made = await rig.driver.ensure(target, spec, { db: { password: old } }, rig.context());
    const before = await ask(portOf(made), '/secret');
    const uid = (await ask<Self>(portOf(made), '/self')).uid;
    for (const version of [2, 3]) {
      // A second time, as after a crash before it was recorded.
      const { outputs } = await rig.driver.rotate(target, spec, { db: { password: next } }, rig.context());
      expect(outputs).toEqual({
        ...made.outputs,
        secrets: { 'session-key': `secret://instance-default.shop/g1/session-key#${version}` },
      });
      expect(rig.processes()).toEqual([]);
    }
    await rig.driver.observe(target, spec, rig.context());
    await eventually('it runs', async () => (await ask(portOf(made), '/secret')) !== before);
    expect(await ask(portOf(made), '/secret')).toBe(await rig.secrets.read('secret://instance-default.shop/g1/session-key#3'));
    expect(rig.read(target, 'secrets/db.password')).toBe('the-new-one');
    for (const file of ['session-key', 'db.password'])
      expect(statSync(join(rig.home(target), 'secrets', file))).toMatchObject({ uid, mode: 0o100400 });
    const found = await rig.driver.ensure(target, spec, { db: { password: next } }, rig.context());
    expect(found.outputs.secrets).toEqual({ 'session-key': 'secret://instance-default.shop/g1/session-key#3' });
    await rig.driver.destroy(target, rig.context());
    await expect(rig.driver.rotate(target, spec, {}, rig.context())).rejects.toMatchObject({ code: 'generation-old' });
  });

  test('an app that never answers fails with the end of its log', async () => {
    const never = { command: ['sh', '-c', 'echo no licence found >&2; exit 9'], health: { startSeconds: 3 } };
    const failed = ensure('shop', never);
    await expect(failed).rejects.toMatchObject({
      code: 'health-failed',
      message: expect.stringContaining('no licence found'),
      details: { log: expect.stringContaining('no licence found'), reason: expect.stringMatching(/exit code 9/) },
    });
    expect(await rig.driver.inspect(rig.target('shop'), rig.context())).toMatchObject({ state: 'partial' });
  });

  test('a wrong answer is not healthy; without a health check a connection is enough', async () => {
    const wrong = ensure('wrong', { health: { path: '/nowhere', startSeconds: 6 } });
    await expect(wrong).rejects.toMatchObject({ code: 'health-failed', details: { reason: 'GET /nowhere answered 404' } });
    expect((await ensure('open', { health: undefined })).effect).toBe('made');
  });

  test('without a path of its own its health is that of its resource', async () => {
    const wrong = ensure('wrong', { resourceUri: '/nowhere', health: { startSeconds: 6 } });
    await expect(wrong).rejects.toMatchObject({ code: 'health-failed', details: { reason: 'GET /nowhere answered 404' } });
    const own = { resourceUri: '/nowhere', health: { path: '/' } };
    expect((await ensure('own', own)).effect).toBe('made');
  });

  test('a cancelled ensure ends while it waits', async () => {
    const cancel = new AbortController();
    const target = rig.target('shop');
    const spec = await rig.spec({ command: ['sleep', '600'] });
    const waiting = rig.driver.ensure(target, spec, {}, rig.context(cancel.signal));
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: 'step-cancelled' }),
      eventually('started', () => rig.state(target).phase === 'running').then(() => cancel.abort()),
    ]);
    expect(await rig.driver.destroy(target, rig.context())).toBe('destroyed');
    expect(rig.processes()).toEqual([]);
  });

  test('its log keeps the latest within its bounds', async () => {
    const target = rig.target('shop');
    const port = portOf(await rig.driver.ensure(target, await rig.spec(), {}, rig.context()));
    for (let round = 0; round < 20; round++) await ask(port, '/say');
    await eventually('written', () => rig.read(target, 'log/app.log').includes('line 3999'));
    const log = join(rig.home(target), 'log');
    const files = ['app.1.log', 'app.log', 'supervisor.log'];
    // When the last one is full, the next one is there a moment later.
    await eventually('rotated', () => readdirSync(log).length === files.length);
    expect(readdirSync(log)).toEqual(files);
    for (const file of files) expect(statSync(join(log, file)).size).toBeLessThanOrEqual(QUICK.logBytes + 1024 ** 2);
  });

  test('no port free is said so, and a port that somebody else uses is not taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const narrow = new Rig({ from: port, to: port });
    try {
      const refused = narrow.driver.ensure(narrow.target('shop'), await narrow.spec(), {}, narrow.context());
      await expect(refused).rejects.toMatchObject({ code: 'no-port-free', message: `No port of ${port}-${port} is free` });
      await new Promise((resolve) => server.close(resolve));
      const made = await narrow.driver.ensure(narrow.target('shop'), await narrow.spec(), {}, narrow.context());
      expect(portOf(made)).toBe(port);
      await narrow.driver.stop(narrow.target('shop'), narrow.context());
      const second = narrow.driver.ensure(narrow.target('second'), await narrow.spec(), {}, narrow.context());
      await expect(second).rejects.toMatchObject({ code: 'no-port-free' });
      await narrow.driver.destroy(narrow.target('shop'), narrow.context());
      expect(portOf(await narrow.driver.ensure(narrow.target('second'), await narrow.spec(), {}, narrow.context()))).toBe(port);
    } finally {
      server.close();
      await narrow.close();
    }
  });

  test('what carries no mark of ours is not touched', async () => {
    const target = rig.target('shop');
    mkdirSync(rig.home(target), { recursive: true });
    writeFileSync(join(rig.home(target), 'precious'), 'yes');
    for (const work of [
      rig.driver.ensure(target, await rig.spec(), {}, rig.context()),
      rig.driver.destroy(target, rig.context()),
      rig.driver.inspect(target, rig.context()),
    ]) {
      await expect(work).rejects.toMatchObject({ code: 'foreign' });
    }
    expect(rig.read(target, 'precious')).toBe('yes');
    expect(existsSync(join(rig.root, 'ports')) ? rig.claims('ports') : []).toEqual([]);
    await rig.context().filesystem.remove(rig.home(target));
  });
});
