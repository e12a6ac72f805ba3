import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { InstanceSpec, JsonObject } from '@slipway/contracts';
import { ProcessDriver } from './process.driver.js';
import type { Ensuring } from './testing/ensuring.js';
import { ask, eventually } from '../../testing/asking.js';
import { Rig, ROOT, testWhere } from './testing/rig.js';
import { QUICK } from './testing/quick.js';
import { SmallRegistry } from './testing/small-registry.js';

jest.setTimeout(180_000);

const PROGRAM = fileURLToPath(new URL('../../../dist/drivers/process/testing/ensuring.js', import.meta.url));

/** A server that somebody has published: it answers with what its configuration says, and with the Node it runs on. */
const SERVER = `#!/usr/bin/env node
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const say = require('words');
const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const answer = () => JSON.stringify({ ...config, said: say(), node: process.execPath });
createServer((_, response) => response.end(answer())).listen(config.port, config.host);
`;
const WORDS = { name: 'words', version: '1.2.0', files: { 'index.js': `module.exports = () => 'hello';` } };
const SERVED = {
  name: 'small-server',
  version: '2.0.1',
  manifest: {
    bin: { 'small-server': 'bin.js' },
    dependencies: { words: '^1.0.0' },
    scripts: { install: `node -e "require('fs').writeFileSync('ran', '')"` },
    hasInstallScript: true,
  },
  files: { 'bin.js': SERVER },
};
const FILES = { 'conf/app.json': '{"port": ${port}, "host": "${host}", "who": "${instance.name}"}' };

describe('an instance whose artefact comes from the npm registry', () => {
  let registry: SmallRegistry;
  let rig: Rig;
  let home: string;
  let variables: Record<string, string | undefined>;
  let driver: ProcessDriver;

  beforeEach(async () => {
    registry = await new SmallRegistry().start();
    await registry.add(WORDS);
    await registry.add(SERVED);
    rig = new Rig();
    // As on a machine whose npm is configured by a file: nothing else says where the registry is.
    home = mkdtempSync(join(tmpdir(), 'slipway-npm-'));
    writeFileSync(join(home, '.npmrc'), `registry=${registry.url}\ncache=${home}/cache\nfetch-retries=0\n`);
    variables = {
      PATH: process.env['PATH'],
      HOME: home,
      npm_config_userconfig: join(home, '.npmrc'),
      npm_config_prefix: '/nowhere',
    };
    driver = new ProcessDriver({ ports: rig.ports, supervision: QUICK, variables });
  });
  afterEach(async () => {
    await rig.close();
    await registry.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const served = (over: Partial<InstanceSpec> = {}): InstanceSpec => ({
    npm: { package: 'small-server', version: '2.0.1' },
    command: ['small-server', 'conf/app.json'],
    files: FILES,
    health: { path: '/', startSeconds: 60 },
    ...over,
  });
  const ensure = (name: string, spec: InstanceSpec, signal?: AbortSignal) =>
    driver.ensure(rig.target(name), spec, {}, rig.context(signal));
  const lockOf = (name: string): Buffer => readFileSync(join(rig.home(rig.target(name)), 'app/package-lock.json'));
  const emptied = () => {
    expect([rig.claims('ports'), rig.claims('users')]).toEqual([[], []]);
    expect(readdirSync(join(rig.root, 'default.shop'))).toEqual([]);
  };

  test('runs a package by the name of its program, on our Node, with its files filled in; its lock is kept', async () => {
    const target = rig.target('shop');
    const { outputs, observed } = await ensure('shop', served());
    const said = await ask<JsonObject>(outputs.port as number, '/');
    expect(said).toMatchObject({ who: 'shop', said: 'hello', port: outputs.port });
    expect(said.node).toMatch(new RegExp(`^(${process.execPath}|.*/runtime/node-${process.version}-${process.arch})$`));

    const lock = lockOf('shop');
    const npm = { package: 'small-server', version: '2.0.1', lock: createHash('sha256').update(lock).digest('hex') };
    expect(observed).toMatchObject({ npm, artefact: null });
    expect(JSON.parse(String(lock)).packages).toMatchObject({
      'node_modules/words': { version: '1.2.0', integrity: registry.integrity(WORDS) },
    });
    // It names no registry: the same packages have the same lock everywhere.
    expect(String(lock)).not.toContain(registry.url);
    expect(await driver.inspect(target, rig.context())).toMatchObject({ state: 'present', observed: { npm } });
    const config = join(rig.home(target), 'app/conf/app.json');
    expect(statSync(config).mode & 0o777).toBe(0o440);
    if (ROOT) expect(statSync(config).uid).not.toBe(0);
    expect(rig.log.some((line) => line.startsWith('Installing small-server@2.0.1'))).toBe(true);

    expect(await driver.destroy(target, rig.context())).toBe('destroyed');
    expect(rig.processes()).toEqual([]);
  });

  test('no script of a package is ever run', async () => {
    await ensure('shop', served());
    const folder = join(rig.home(rig.target('shop')), 'app/node_modules/small-server');
    expect(existsSync(join(folder, 'bin.js'))).toBe(true);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  test('is made again from what npm has kept when the registry cannot be reached', async () => {
    await ensure('shop', served());
    await registry.stop();
    expect((await ensure('second', served())).effect).toBe('made');
    expect(lockOf('second')).toEqual(lockOf('shop'));
    await registry.start();
  });

  test("what an artefact's lock says is installed beside it, whatever is newer by now", async () => {
    const words = { package: 'words', version: '1.2.0' };
    await ensure('shop', served({ npm: words, command: ['sleep', '600'], health: { startSeconds: 1 } })).catch(() => {});
    const lock = String(lockOf('shop'));
    await registry.add({ ...WORDS, version: '1.3.0', files: { 'index.js': `module.exports = () => 'newer';` } });
    const manifest = JSON.stringify({ private: true, dependencies: { words: '1.2.0' } });
    const app = `require('node:http').createServer((_, r) => r.end(JSON.stringify(require('words')()))).listen(process.env.PORT, '127.0.0.1')`;
    const over = { command: ['node', 'app.js'], npm: { ci: true as const } };
    const spec = await rig.spec(over, { 'app.js': app, 'package.json': manifest, 'package-lock.json': lock });
    const { outputs, observed } = await ensure('locked', spec);
    expect(await ask(outputs.port as number, '/')).toBe('hello');
    expect(observed).toMatchObject({
      npm: { lock: createHash('sha256').update(lock).digest('hex') },
      artefact: spec.artefactBlob!.sha256,
    });
  });

  test.each([
    [
      'a version that there is not',
      { npm: { package: 'small-server', version: '9.9.9' } },
      /small-server@9\.9\.9 cannot be installed: .*9\.9\.9/s,
    ],
    [
      'a package that there is not',
      { npm: { package: 'no-such', version: '1.0.0' } },
      /no-such@1\.0\.0 cannot be installed: .*404/s,
    ],
    [
      'another archive than the definition wants',
      { npm: { package: 'words', version: '1.2.0', integrity: `sha512-${'A'.repeat(86)}==` } },
      /npm\.integrity: the registry's words has sha512-/,
    ],
    ['a lock that is not there', { npm: { ci: true as const } }, /npm\.ci: the artefact holds no package-lock\.json/],
    ['neither a package nor a lock', { npm: {} }, /npm: it must be either/],
    ['a file outside of the app', { files: { '../../x': '' } }, /files\.\.\.\/\.\.\/x: it is no path beside the artefact/],
    ['a file through what npm has linked', { files: { 'node_modules/.bin/small-server': '' } }, /it is no path beside/],
    ['a file where one stands', { files: { 'package.json': '' } }, /files\.package\.json: something stands there already/],
    ['a file below a file', { files: { 'package.json/x': '' } }, /something stands there already/],
    [
      'an unknown placeholder in a file',
      { files: { x: '${db.path}' } },
      /files\.x: nothing is known as \$\{db\.path\}; known are/,
    ],
  ])('%s is refused, and nothing is left of it', async (_what, over, message) => {
    await expect(ensure('shop', served(over))).rejects.toMatchObject({
      code: 'spec-invalid',
      message: expect.stringMatching(message),
    });
    emptied();
  });

  test('an archive that is not what the registry promised is refused', async () => {
    registry.forge(WORDS);
    await expect(ensure('shop', served())).rejects.toMatchObject({ code: 'spec-invalid', details: { npm: 'EINTEGRITY' } });
    emptied();
  });

  test('a registry that cannot be reached is said with the way out, and tried again', async () => {
    await registry.stop();
    await expect(ensure('shop', served())).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/npm could not install small-server@2\.0\.1: .*ECONNREFUSED.*npm config ls/s),
    });
    emptied();
    await registry.start();
  });

  testWhere(
    !existsSync(join(process.execPath, '../npm')),
    'npm stands beside this Node',
    'a machine without npm is told so',
    async () => {
      driver = new ProcessDriver({ ports: rig.ports, supervision: QUICK, variables: { PATH: '/nowhere' } });
      const refused = ensure('shop', served());
      await expect(refused).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/npm is not found in .*nowhere; install it there/),
      });
      emptied();
    },
  );

  test('ends at once when the step is cancelled, and nothing of npm goes on', async () => {
    registry.silent = true;
    const cancel = new AbortController();
    const refused = expect(ensure('shop', served(), cancel.signal)).rejects.toMatchObject({ code: 'step-cancelled' });
    await eventually('asked', () => registry.asked.length > 0);
    cancel.abort();
    await refused;
    emptied();
    expect(rig.processes()).toEqual([]);
  });

  test('npm goes with a Slipway that is killed; the next one makes it, and nothing is left over', async () => {
    registry.silent = true;
    const target = rig.target('shop');
    const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: variables as NodeJS.ProcessEnv });
    const ensuring: Ensuring = { action: 'ensure', folder: rig.folder, ports: rig.ports, target, spec: served() };
    child.send(ensuring);
    await eventually('asked', () => registry.asked.length > 0);
    const running = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && cwdOf(pid).startsWith(rig.root));
    expect(running().length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await eventually('gone', () => running().length === 0);
    registry.silent = false;
    const { outputs } = await driver.ensure({ ...target, epoch: 2 }, served(), {}, rig.context());
    expect(await ask(outputs.port as number, '/')).toMatchObject({ said: 'hello' });
    expect(readdirSync(join(rig.root, 'default.shop'))).toEqual(['g1']);
  });
});

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
