/** Leases through the door: what the guide to leases shows is what is printed; a holder, a call and a file through kill -9. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestRedfishServer, whyNoRedfishServer } from '@slipway/interfaces/testing/redfish-server';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { TestMesh, root } from '@slipway/testing';
import { program, slipway } from './slipway.js';
import { commandsIn, shapeOf, typedAt } from './shown.js';

const guide = readFileSync(join(root, 'docs/guides/leases.md'), 'utf8');
const [here, there, bare] = guide.split(/\n## (?:A working copy on a remote host|A bare machine)\n/) as [string, string, string];
const missing = whyNoSshServer();
const noController = whyNoRedfishServer();

/** A repository as the guide has it. */
function makeRepository(folder: string): string {
  const who = { GIT_AUTHOR_DATE: '2026-01-05T09:30:00Z', GIT_COMMITTER_DATE: '2026-01-05T09:30:00Z' };
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost', ...args], { env: { ...process.env, ...who } });
  git('init', '--quiet', '--initial-branch=main', folder);
  writeFileSync(join(folder, 'README.md'), '# Shop\n');
  git('-C', folder, 'add', 'README.md');
  git('-C', folder, 'commit', '--quiet', '--message', 'The first page');
  return `file://${folder}`;
}

describe('Leases', () => {
  let folder: string;
  let mesh: TestMesh;
  let server: TestSshServer | undefined;
  let controller: TestRedfishServer | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-leases-'));
    mkdirSync(join(folder, 'home'));
    writeFileSync(join(folder, 'home', 'notes.txt'), 'Bring the keys.\n');
    server = missing === undefined ? await startSshServer() : undefined;
    const remote = {
      RemoteHost: { options: { ...placeOf(server), keyFile: join(folder, 'build.key'), folder: join(folder, 'remote') } },
      WorkingCopy: { options: { repositories: [makeRepository(join(folder, 'shop'))] } },
      PxeMachine: { options: { credentialFile: join(folder, 'controllers.credential') } },
    };
    controller = noController === undefined ? await TestRedfishServer.start('1') : undefined;
    if (controller) writeFileSync(join(folder, 'controllers.credential'), controller.credential, { mode: 0o600 });
    if (server) writeFileSync(join(folder, 'build.key'), server.privateKey, { mode: 0o600 });
    mesh = await TestMesh.start({ processes: true, settings: { blueprints: { LocalHost: {}, ...remote } } });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    await server?.stop();
    await controller?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const follows = async ({ command, lines }: { command: string; lines: string[] }) => {
    const printed = await typedAt(mesh, join(folder, 'home'), command);
    expect(printed.map(shapeOf)).toEqual(lines.map(shapeOf));
  };

  describe('docs/guides/leases.md', () => {
    it.each(commandsIn(here))('$command', follows, 60_000);
  });

  (missing === undefined ? describe : describe.skip)(
    `docs/guides/leases.md, a working copy on a remote host${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      it.each(commandsIn(there))('$command', follows, 60_000);
    },
  );

  (noController === undefined ? describe : describe.skip)(
    `docs/guides/leases.md, a bare machine${noController === undefined ? '' : ` (skipped: ${noController})`}`,
    () => {
      const meant = (command: string) =>
        command.replace('https://bmc-a3.example', controller!.url).replace(/SHA256:[0-9a-f]{64}/, controller!.fingerprint);
      it.each(commandsIn(bare))('$command', (shown) => follows({ ...shown, command: meant(shown.command) }), 60_000);

      it('is off once it was given back', async () => {
        const machine = controller!.machines.get('1')!;
        expect(await until(() => machine.power === 'Off')).toBe(true);
        expect(controller!.asked.filter((asked) => asked.startsWith('POST')).map((asked) => asked.split(' ').at(-1))).toEqual([
          'On',
          'ForceOff',
        ]);
      }, 60_000);
    },
  );

  it('the program of the guide', () => {
    const code = /^```ts\n([^]*?)^```/m.exec(guide)![1]!;
    const said = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', code], {
      cwd: root,
      env: { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
      encoding: 'utf8',
    });
    expect(said).toBe('hello\n');
  }, 60_000);

  it('a program ends with Ctrl-C, and with its lease', async () => {
    await slipway(mesh, ['blueprints', 'approve', 'LocalHost', '--owner', 'operator']);
    const { stdout } = await slipway(mesh, ['lease', '--type', 'host', '--wait', '--environment', 'default']);
    const lease = stdout.trim();
    const run = () => {
      const child = spawn(process.execPath, [program, 'exec', lease, '--', 'sh', '-c', 'echo on; exec sleep 4711'], {
        env: { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const begun = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
      return { child, ended, begun };
    };
    const first = run();
    await first.begun;
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect(await until(() => sleeping() === 0)).toBe(true);
    const second = run();
    await second.begun;
    await slipway(mesh, ['release', lease]);
    expect(await second.ended).toBe(1);
    expect(await until(() => sleeping() === 0)).toBe(true);
  }, 90_000);

  it('a program that says very much says all of it, while others are answered; one without end goes with its caller', async () => {
    await slipway(mesh, ['blueprints', 'approve', 'LocalHost', '--owner', 'operator']);
    await using lease = await mesh.client().lease({ type: 'host' }).waitUntilActive({ timeoutMs: 60_000 });
    const command = lease.interface('command');
    const isEndless = new AbortController();
    const endless = command.exec(['yes', 'flood-4712'], {
      signal: isEndless.signal,
      // It is not read on: the program waits.
      onLines: () => new Promise<void>(() => {}),
    });
    const gone = expect(endless).rejects.toThrow();
    let lines = 0;
    const whole = command.exec(['seq', '1', '700000'], {
      onLines(said) {
        expect(said).toEqual(said.map(() => `${(lines += 1)}`));
      },
    });
    expect(await command.execOrThrow(['echo', 'here'])).toMatchObject({ stdout: 'here\n' });
    expect(await whole).toMatchObject({ exitCode: 0 });
    expect(lines).toBe(700_000);
    isEndless.abort();
    await gone;
    expect(await until(() => !running().includes('yes flood-4712'))).toBe(true);
  }, 90_000);

  it('lasts through kill -9 of the allocator and of the gateway: its token holds, and what it had is there', async () => {
    const lease = await mesh.client().lease({ type: 'host' }).waitUntilActive({ timeoutMs: 60_000 });
    const before = lease.holding();
    await lease.interface('filesystem').writeFile('kept', 'x'.repeat(1_000_000));
    const cut = expect(lease.interface('command').exec(['sleep', '60'])).rejects.toThrow();
    for (const service of ['gateway', 'allocator'] as const) {
      await mesh.hostOf(service).kill();
      await mesh.hostOf(service).start();
    }
    await cut;
    await mesh.ready();
    await using later = await mesh.client().lease(before.id).waitUntilActive({ timeoutMs: 60_000 });
    expect(later.holding()).toEqual(before);
    expect((await later.interface('filesystem').readFile('kept'))?.byteLength).toBe(1_000_000);
  }, 120_000);
});

/** Where there is no server nobody leases a host on it. */
const placeOf = ({ address, port, user }: Pick<TestSshServer, 'address' | 'port' | 'user'> = NOWHERE) => ({
  address,
  port,
  user,
});
const NOWHERE = { address: '127.0.0.1', port: 1, user: 'nobody' };

/** Programs of the test that run still. */
const running = (): string[] => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
const sleeping = (): number => running().filter((line) => line === 'sleep 4711').length;

async function until(done: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (done()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
