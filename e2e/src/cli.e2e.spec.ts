import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@slipway/contracts';
import type { RequestView, ResourceView } from '@slipway/contracts/http';
import { TestMesh, root } from '@slipway/testing';
import { parse } from 'yaml';
import { whereBordersAre } from './modes.js';
import { slipway } from './slipway.js';

const program = join(root, 'apps/cli/bin/slipway.mjs');
/** An address at which nobody listens: port 1 is for the superuser's services, of which none is left. */
const NOBODY = 'http://127.0.0.1:1';

/** The CLI while it goes on: what it has said so far, and a Ctrl-C for it. */
class Going {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  constructor(mesh: TestMesh, args: string[]) {
    this.child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }
  async says(text: string): Promise<void> {
    for (let tries = 0; tries < 600; tries++, await sleep(50)) if (`${this.stdout}${this.stderr}`.includes(text)) return;
    throw new Error(`It did not say "${text}":\n${this.stdout}${this.stderr}`);
  }
  async interrupt(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill('SIGINT');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}

whereBordersAre('The command line', ({ processes }) => {
  /** Where the border between processes can change nothing, one mode is enough. */
  const inOneProcess = (name: string, suite: () => void) => processes || describe(name, suite);

  let mesh: TestMesh;
  let folder: string;
  /** The request that made `shop`. */
  let made: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
    const drivers = { storage: 'directory', database: 'sqlite', instance: 'process' };
    mesh = await TestMesh.start({
      processes,
      settings: {
        locations: ['local', 'lab'],
        guestLocations: { local: { location: 'local', drivers }, bench: { location: 'lab', drivers } },
        clusters: { default: ['local', 'bench'], lab: ['bench'] },
      },
    });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
  const run = (...args: string[]) => slipway(mesh, args);

  describe('asks for a service', () => {
    it('says first what it would do, and does nothing', async () => {
      const planned = await run('plan', 'ada', 'shop', '--definition=guestbook');
      expect(planned).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('  + instance/shop (guestbook@1.0.0, process at local'),
      });
      expect(planned.stdout).toMatch(/\n3 to make, 0 to remove\. Nothing has been changed\.\n$/);
      const plan = JSON.parse((await run('plan', 'ada', 'shop', '-o', 'json')).stdout) as Plan;
      expect(plan).toMatchObject({ outcome: 'install', environment: 'default' });
      expect((await mesh.client().requests.list()).items).toEqual([]);
    }, 60_000);

    it("takes the profile's default definition, and prints plain lines where nobody watches", async () => {
      const { code, stdout, stderr } = await run('provision', '--', 'ada', 'shop');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(/^shop is there: 3 made, 0 used as they were\.\nhttp:\/\/127\.0\.0\.1:\d+\n$/);
      expect(stderr).toMatch(/^request \S+ \w+/);
      expect(stderr).toContain('instance/shop succeeded\n');
      expect(stderr).not.toContain('\u001b');
      const shop = await mesh.client().instances.get('default.shop');
      expect(shop).toMatchObject({ definition: { name: 'guestbook' }, location: 'local' });
      made = (await mesh.client().requests.list({ filter: { instanceId: 'shop' } })).items[0]!.id;
    }, 120_000);

    it('draws its steps live on a terminal', () => {
      const command = `stty cols 60 && '${process.execPath}' '${program}' provision --definition=hello ada drawn`;
      const { status, stdout } = spawnSync('script', ['-qefc', command, '/dev/null'], {
        env: { PATH: process.env.PATH, TERM: 'xterm', SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 110_000,
      });
      expect({ status, stdout }).toMatchObject({ status: 0 });
      expect(stdout.replaceAll('\u001b', 'ESC')).toMatch(/ESC\[\d+AESC\[J/); // back to the first line, and drawn anew
      expect(stdout).toContain('✓ instance/drawn succeeded');
      expect(stdout).toContain('drawn is there: 1 made');
    }, 120_000);

    it('in a second environment, under the same name', async () => {
      const { code, stdout } = await run('provision', '--environment=blue', '--definition=hello@^1.0.0', 'ada', 'shop');
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('1 made') });
      const there = await Promise.all(['default.shop', 'blue.shop'].map((id) => mesh.client().instances.get(id)));
      expect(there.map(({ environment, definition }) => `${environment} ${definition.name}`)).toEqual([
        'default guestbook',
        'blue hello',
      ]);
      expect(there[0]!.outputs.url).not.toBe(there[1]!.outputs.url);
    }, 120_000);

    it('at a guest location, and in a cluster', async () => {
      expect((await run('provision', '--definition=hello', 'ada', 'guest', 'bench')).code).toBe(0);
      expect((await mesh.client().instances.get('default.guest')).location).toBe('lab');
      expect((await run('provision', '--definition=hello', '--cluster-id=lab', 'ada', 'clustered')).code).toBe(0);
      expect((await mesh.client().instances.get('default.clustered')).location).toBe('lab');
      for (const wrong of [
        ['--cluster-id=nowhere', 'ada', 'x'],
        ['ada', 'x', 'nowhere'],
      ]) {
        const { code, stderr } = await run('provision', ...wrong);
        expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('nowhere') });
      }
      expect((await run('deprovision', '--cluster-id=lab', '--', 'clustered')).code).toBe(0);
      expect((await mesh.client().instances.get('default.clustered')).status).toBe('destroyed');
    }, 120_000);

    it('takes what follows a bare -- as names; such a name is refused with its reason', async () => {
      const { code, stderr } = await run('provision', '--definition=hello', '--', 'ada', '-shop');
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^instanceId: must be .*lower-case/) });
      const gone = await run('deprovision', '--', '-shop');
      expect({ code: gone.code, stderr: gone.stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/^instanceId: must be/),
      });
      const unmarked = await run('provision', 'ada', '-shop');
      expect({ code: unmarked.code, stderr: unmarked.stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/unknown option '-shop'.*bare -- ends the options/s),
      });
      expect((await mesh.client().requests.list({ filter: { instanceId: '-shop' } })).items).toEqual([]);
    }, 60_000);

    it('of a version that nothing provides says which there is, with exit code 3', async () => {
      const { code, stdout } = await run('provision', '--definition=hello@^9.0.0', 'ada', 'never');
      expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringMatching(/hello@\^9\.0\.0.*1\.0\.0/s) });
    }, 60_000);

    it('without waiting prints the id; Ctrl-C while following leaves the request going on', async () => {
      const soon = () => new Date(Date.now() + 6_000).toISOString();
      const asked = await run('provision', '--definition=hello', '--no-wait', '--not-before', soon(), 'ada', 'later');
      expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36}\n$/), stderr: '' });
      const id = asked.stdout.trim();
      const following = new Going(mesh, ['wait', id]);
      await following.says(`request ${id} queued`);
      expect(await following.interrupt()).toEqual({ code: 130, signal: null });
      expect(following.stderr).toContain(`Request ${id} goes on. Follow it with: npx slipway wait ${id}`);
      const { code, stdout } = await run('wait', id);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('later is there: 1 made') });
    }, 120_000);

    it('the same key again does nothing twice', async () => {
      const ask = () => run('provision', '--definition=hello', '--no-wait', '--idempotency-key', 'once', 'ada', 'keyed');
      const [first, second] = [await ask(), await ask()];
      expect(second).toEqual(first);
      expect((await run('wait', first.stdout.trim())).code).toBe(0);
    }, 60_000);
  });

  describe('stays with a request', () => {
    it('until its time is over (5), pauses it, resumes it, cancels it (1)', async () => {
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
      const args = ['--definition=hello', '--priority', '5', '--not-before', tomorrow, 'ada', 'patient'];
      const over = await run('provision', '--timeout', '1', ...args);
      expect({ code: over.code, stderr: over.stderr }).toEqual({
        code: 5,
        stderr: expect.stringMatching(/still queued after 1 s; it goes on\. Follow it with: npx slipway wait \S+/),
      });
      const id = /slipway wait (\S+)/.exec(over.stderr)![1]!;
      expect((await run('wait', '--timeout', '0.5', id)).code).toBe(5);
      expect(await run('pause', id, '--reason', 'lunch')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('is paused'),
      });
      expect((await mesh.client().requests.get(id)).status).toBe('paused');
      expect(await run('resume', id)).toMatchObject({ code: 0, stdout: expect.stringContaining('goes on') });
      expect((await run('cancel', id, '--reason', 'no need')).code).toBe(0);
      const ended = await run('wait', id);
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: expect.stringContaining('cancelled') });
      expect((await run('retry', made)).stderr).toContain('(not-possible)');
    }, 90_000);

    it('shows the logs of all its steps, or of one', async () => {
      const all = await run('logs', made);
      expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('storage/shop-data') });
      const one = await run('logs', made, '--step', 'instance/shop');
      expect(one.code).toBe(0);
      expect(one.stdout).toContain('port');
      expect(one.stdout.length).toBeLessThan(all.stdout.length);
      expect(await run('logs', made, '--step', 'instance/other')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('instance/shop'),
      });
    }, 60_000);
  });

  it('says whether all is well', async () => {
    const status = await run('status');
    expect(status).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^mesh dev \(dev\), version \S+: ready\n( {2}✓ .*\n)+No unfinished/),
    });
    expect(JSON.parse((await run('status', '-o', 'json')).stdout)).toMatchObject({ ready: { ready: true }, unfinished: [] });
    const doctor = await run('doctor', '--data', mesh.data);
    expect(doctor).toMatchObject({ code: 0 });
    for (const line of ['✓ key file: only its owner', '✓ log: ready', '✓ requests: none needs', '✓ instances: none is'])
      expect(doctor.stdout).toContain(line);
  }, 60_000);

  inOneProcess('shows what there is', () => {
    it.each([
      ['instances', 'shop', ['instances', 'shop']],
      ['storages', 'shop-data', ['storages', 'shop-data']],
      ['databases', 'shop-db', ['databases', 'shop-db']],
    ])(
      '%s, as a table, JSON and YAML, and one of them',
      async (noun, name, one) => {
        const table = await run(noun, '--environment', 'default', '--sort', 'name');
        expect(table.code).toBe(0);
        const [head, ...rows] = table.stdout.trimEnd().split('\n');
        expect(head!.split(/\s{2,}/)).toEqual([
          ...['NAME', 'ENVIRONMENT', 'STATUS', 'HEALTH', 'DEFINITION', 'DRIVER', 'LOCATION', 'WHERE', 'UPDATED'],
        ]);
        expect(rows.find((row) => row.startsWith(`${name} `))).toMatch(/default\s+present/);
        const json = JSON.parse((await run(noun, '--output=json', '--environment', 'default')).stdout) as ResourceView[];
        expect(json.find((row) => row.name === name)).toMatchObject({ id: `default.${name}`, ownerId: 'ada', status: 'present' });
        const yaml = parse((await run('-o', 'yaml', noun, '--environment', 'default')).stdout) as ResourceView[];
        expect(yaml.map((row) => row.id).toSorted()).toEqual(json.map((row) => row.id).toSorted());
        expect(parse((await run(...one)).stdout)).toMatchObject({ id: `default.${name}` });
        expect(await run(noun, 'nowhere')).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('default.nowhere (not-found)'),
        });
      },
      60_000,
    );

    it('requests, filtered, and one with its steps', async () => {
      const { code, stdout } = await run('requests', '--status', 'succeeded', '--owner', 'ada', '--instance', 'shop');
      expect(code).toBe(0);
      const [head, ...rows] = stdout.trimEnd().split('\n');
      expect(head).toMatch(/^REQUEST +JOB +STATUS +INSTANCE +OWNER +ENVIRONMENT +ACCEPTED +WHY$/);
      expect(rows.map((row) => row.split(/\s{2,}/)[5]).toSorted()).toEqual(['blue', 'default']);
      const one = JSON.parse((await run('requests', made, '-o', 'json')).stdout) as RequestView;
      expect(one.steps.map((step) => step.id).toSorted()).toEqual(['database/shop-db', 'instance/shop', 'storage/shop-data']);
      const cut = await run('requests', '--limit', '1', '-o', 'json');
      expect(JSON.parse(cut.stdout)).toHaveLength(1);
      expect(cut.stderr).toContain('Only the first 1 are shown, and there are more');
      expect((await run('requests', '--owner', 'nobody')).stdout).toBe('No requests.\n');
    }, 60_000);

    it('as it was', async () => {
      const then = (await mesh.client().info()).eventLog.position;
      expect((await run('deprovision', 'guest')).code).toBe(0);
      expect((await run('instances')).stdout).not.toMatch(/^guest /m);
      expect((await run('instances', '--as-of', then)).stdout).toMatch(/^guest /m);
      expect((await run('instances', '--all')).stdout).toMatch(/^guest .*destroyed/m);
    }, 60_000);

    it('environments; pauses and resumes one', async () => {
      expect((await run('environments')).stdout).toMatch(/^blue +on +1 +0 +0$/m);
      expect((await run('environments', 'pause', 'blue', '--reason', 'night')).stdout).toBe('Dispatching in blue is paused.\n');
      expect(parse((await run('environments', 'show', 'blue')).stdout)).toMatchObject({ name: 'blue', paused: true });
      expect((await run('environments', 'list')).stdout).toMatch(/^blue +paused/m);
      expect((await run('environments', '--limit', '1', '--sort', '-name', '-o', 'json')).stdout).toContain('"name": "default"');
      expect((await run('environments', 'resume', 'blue')).stdout).toBe('Dispatching in blue is on.\n');
      expect((await mesh.client().environments.get('blue')).paused).toBe(false);
    }, 60_000);

    it('where the read models stand; an event is skipped only where one has stopped', async () => {
      expect(await run('views')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^All read models stand at \S+\.\n$/) });
      const id = '7d0c3f0e-6f0f-4b8e-9d7a-0a4a5f1f3c11';
      expect(await run('views', 'skip', 'instances', id)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not-possible'),
      });
      expect(await run('views', 'skip', 'instances', 'all')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('eventId'),
      });
    }, 60_000);

    it('what was recorded, once, and as it comes', async () => {
      const past = await run('events', '--request', made, '--category', 'request', '--limit', '500');
      const lines = past.stdout.trimEnd().split('\n');
      expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}RequestAccepted +request-/);
      expect(lines.at(-1)).toContain('RequestSucceeded');
      const types = (await run('events', '--request', made, '-o', 'json', '--type', 'StepSucceeded', 'RequestSucceeded')).stdout;
      const parsed = types
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
      expect(parsed).toEqual(['StepSucceeded', 'StepSucceeded', 'StepSucceeded', 'RequestSucceeded']);

      const newest = await run('events', '--request', made, '--limit', '2', '-o', 'json');
      const ids = (text: string) =>
        text
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { id: string }).id);
      const all = ids((await run('events', '--request', made, '--after', 'start', '-o', 'json')).stdout);
      expect(ids(newest.stdout)).toEqual(all.slice(-2));
      expect(newest.stderr).toMatch(/^These are the newest 2; there are older ones: .*\nGo on after these with: --after \S+\n$/);
      const first = await run('events', '--request', made, '--after', 'start', '--limit', '3', '-o', 'json');
      const on = /--after (\S+)/.exec(first.stderr)![1]!;
      const rest = await run('events', '--request', made, '--after', on, '-o', 'json');
      expect([...ids(first.stdout), ...ids(rest.stdout)]).toEqual(all);

      const following = new Going(mesh, ['events', '--follow', '--environment', 'blue', '--after', 'start', '-o', 'json']);
      await following.says('RequestSucceeded');
      await run('provision', '--definition=hello', '--environment=blue', 'bob', 'followed');
      await following.says('"instance-blue.followed"');
      await following.interrupt();
      const seen = following.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string; environment: string });
      expect(new Set(seen.map((event) => event.environment))).toEqual(new Set(['blue']));
      expect(new Set(seen.map((event) => event.id)).size).toBe(seen.length);
      for (const more of [[], ['--follow']])
        expect(await run('events', '--after', 'yesterday', ...more)).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/yesterday|a position of the log/),
        });
    }, 120_000);

    it('saves it all in an archive', async () => {
      const file = join(folder, 'all.tar');
      expect(await run('backup', file)).toMatchObject({ code: 0, stdout: expect.stringMatching(/all\.tar \(\d+\.\d MiB\)\n$/) });
      expect(await run('restore', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('--replace') });
      expect(await run('restore', join(folder, 'none.tar'))).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('none.tar'),
      });
    }, 60_000);
  });

  inOneProcess('finds the mesh', () => {
    const bare = { SLIPWAY_URL: undefined, SLIPWAY_KEY: undefined };
    it('by its data folder, named by --data or SLIPWAY_DATA; SLIPWAY_KEY and --url win', async () => {
      const url = ['--url', mesh.url];
      const own = join(folder, 'own');
      mkdirSync(join(own, 'run'), { recursive: true });
      writeFileSync(join(own, 'gateway.key'), mesh.key);
      writeFileSync(join(own, 'run/gateway.url'), mesh.url);
      expect((await slipway(mesh, ['status', '--data', own], { env: bare })).code).toBe(0);
      expect((await slipway(mesh, ['status', ...url], { env: { ...bare, SLIPWAY_DATA: own } })).code).toBe(0);
      const wrong = await slipway(mesh, ['status', '--data', own], { env: { SLIPWAY_KEY: 'x'.repeat(43) } });
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/\(unauthenticated\)\n.*gateway\.key/) });
    }, 60_000);

    it("and gives the folder's key to no other address", async () => {
      const none = await slipway(mesh, ['status', '--url', mesh.url, '--data', folder], { env: bare });
      expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/^No key for .*SLIPWAY_KEY.*gateway\.key/) });
    }, 60_000);

    it('or says that there is none (4)', async () => {
      for (const args of [['status'], ['provision', 'ada', 'x'], ['events', '--follow']]) {
        const { code, stderr } = await slipway(mesh, ['--url', NOBODY, ...args]);
        expect({ code, stderr }).toEqual({
          code: 4,
          stderr: expect.stringMatching(/answers at http:\/\/127\.0\.0\.1:1\.\n.*npm start/),
        });
      }
      const none = await slipway(mesh, ['status', '--data', folder], { env: bare });
      expect(none).toMatchObject({ code: 4, stderr: expect.stringMatching(/gateway\.key is not there.*npm start/s) });
    }, 60_000);

    it.each([
      [['provision', '--bogus', 'ada', 'x'], "unknown option '--bogus'"],
      [['provision', 'ada'], "missing required argument 'instance-id'"],
      [['provision', 'ada', 'x', 'local', 'more'], 'too many arguments'],
      [['frobnicate'], "unknown command 'frobnicate'"],
      [['instances', '--output', 'xml'], 'Allowed choices are table, json, yaml'],
      [['instances', '--limit', '0'], 'whole number from 1'],
      [['instances', '--sort', 'colour'], 'colour'],
      [['wait', '--timeout', 'soon', 'x'], 'number of seconds'],
      [['abandon', 'x'], '--reason'],
      [['--url', 'nonsense', 'status'], '"nonsense"'],
      [['provision', 'ada', 'Upper'], 'lower-case'],
      [['provision', '--priority', '101', 'ada', 'x'], '100'],
      [['provision', '--not-before', 'soon', 'ada', 'x'], 'notBefore'],
      [['events', '--limit', 'x'], 'limit'],
      [['environments', 'frobnicate'], 'frobnicate'],
      [['environments', 'pause'], "missing required argument 'name'"],
      [['views', 'skip', 'instances'], "missing required argument 'event-id'"],
      [['logs'], "missing required argument 'request'"],
      [['completion', 'tcsh'], 'bash, zsh, fish'],
    ])(
      'and refuses what it was not made for: %j (2)',
      async (args, reason) => {
        expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) });
      },
      60_000,
    );
  });

  inOneProcess('with something wrong', () => {
    it('the doctor names a key that others can read', async () => {
      const file = join(mesh.data, 'gateway.key');
      chmodSync(file, 0o644);
      const { code, stdout } = await run('doctor', '--data', mesh.data);
      chmodSync(file, 0o600);
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining(`✗ key file: others can read it\n    → chmod 600 ${file}`),
      });
    }, 60_000);

    it('the doctor names a gateway that does not answer, and a folder that is not one', async () => {
      const { code, stdout } = await run('doctor', '--url', NOBODY, '--data', join(folder, 'none'), '-o', 'json');
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ check: 'data folder', ok: false, hint: expect.stringContaining('--data') }),
          expect.objectContaining({ check: 'gateway', ok: false, found: expect.stringContaining(NOBODY) }),
        ]),
      );
    }, 60_000);

    it('status and doctor name what is away, and are well again without a restart', async () => {
      await mesh.nats.stop();
      for (let tries = 0; tries < 200 && (await mesh.client().ready()).ready; tries++) await sleep(50);
      const status = await run('status');
      expect(status).toMatchObject({ code: 1, stdout: expect.stringMatching(/not ready\n(.*\n)* {2}✗ nats/) });
      const doctor = await run('doctor', '--data', mesh.data);
      expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ nats: .+\n {4}\S/) });
      const refused = await run('provision', '--definition=hello', 'ada', 'unheard');
      expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('(unreachable)') });
      await mesh.nats.start();
      await mesh.ready();
      expect((await run('doctor', '--data', mesh.data)).code).toBe(0);
    }, 120_000);
  });

  it('says no secret: the key stands in no output', async () => {
    const key = readFileSync(join(mesh.data, 'gateway.key'), 'utf8').trim();
    for (const args of [
      ['status', '-o', 'json'],
      ['doctor', '--data', mesh.data],
      ['requests', made, '-o', 'json'],
      ['--help'],
    ]) {
      const { stdout, stderr } = await run(...args);
      expect(`${stdout}${stderr}`).not.toContain(key);
    }
  }, 60_000);
});
