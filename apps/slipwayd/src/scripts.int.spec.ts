import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const clone = fileURLToPath(new URL('../../../', import.meta.url));
const script = (name: string) => import(new URL(`../../../scripts/${name}`, import.meta.url).href);
const { ensureNats, unpackRelease } = await script('nats.mjs');
const { bringServers } = await script('servers.mjs');
const { packagesInstalled } = await script('bootstrap.mjs');
const { tally } = await script('tally.mjs');
const { default: Tally } = await script('jest-tally.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-scripts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program in a folder of its own: what it was called with stands in `<name>.calls` there. */
function program(name: string, text = ''): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> '${join(bin, `${name}.calls`)}'\n${text}\n`, { mode: 0o755 });
  return bin;
}
const callsOf = (name: string) => {
  const file = join(folder, 'bin', `${name}.calls`);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
/** What `node -e` with this text prints and how it ends. Only these programs are on its PATH. */
function node(text: string, path: string, executable = process.execPath) {
  const env = { PATH: path };
  const { status, stdout, stderr } = spawnSync(executable, ['--input-type=module', '-e', text], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
const importOf = (name: string) => JSON.stringify(new URL(`../../../scripts/${name}`, import.meta.url).href);

/** A Node on this machine that is too old for Slipway; `null` when there is none. */
const olderNode =
  [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin']
    .map((place) => join(place, 'node'))
    .filter((file) => existsSync(file))
    .find((file) => Number(/^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout)?.[1]) < 24) ?? null;

describe('nats-server', () => {
  const never = () => Promise.reject(new Error('it was not to be downloaded'));
  const offline = () => Promise.reject(new Error('no network'));

  it('is taken from the PATH before anything is installed', async () => {
    const bin = program('nats-server');
    program('apt-get');
    const found = await ensureNats({ yes: true, isRoot: true, folders: [join(folder, 'none'), bin], bring: never });
    expect(found).toBe(join(bin, 'nats-server'));
    expect(callsOf('apt-get')).toEqual([]);
  });

  it("is installed by the system's package manager when root", () => {
    const bin = program('apt-get', `[ "$1" = install ] && printf '#!/bin/sh\\n' > "$(dirname "$0")/nats-server"; exit 0`);
    for (const name of ['dirname']) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const text = `import { ensureNats } from ${importOf('nats.mjs')};
      console.log(await ensureNats({ yes: false, isRoot: true, folders: ['${bin}'], bring: () => Promise.reject(new Error('no')) }));`;
    expect(node(text, bin)).toMatchObject({ status: 0, stdout: expect.stringContaining(join(bin, 'nats-server')), stderr: '' });
    expect(callsOf('apt-get')).toEqual(['apt-get update -qq', 'apt-get install -y -qq --no-install-recommends nats-server']);
  });

  it('is installed through sudo with --yes; without it nobody is asked for a password', () => {
    const bin = program('dnf');
    program('sudo', 'echo "sudo: a password is required" >&2; exit 1');
    const text = (yes: boolean) => `import { ensureNats } from ${importOf('nats.mjs')};
      await ensureNats({ yes: ${yes}, isRoot: false, folders: ['${bin}'], bring: () => Promise.resolve('brought') });`;
    expect(node(text(false), bin).status).toBe(0);
    expect(callsOf('sudo')).toEqual([]);
    expect(node(text(true), bin).status).toBe(0);
    expect(callsOf('sudo')).toEqual(['sudo -n dnf install -y nats-server']);
  });

  it('is brought as a pinned release where there is no package manager', async () => {
    const bring = () => Promise.resolve('/brought/nats-server');
    expect(await ensureNats({ yes: false, isRoot: true, folders: [folder], bring })).toBe('/brought/nats-server');
  });

  it('that cannot be had lists every way that was tried, and the way out', async () => {
    const bin = program('apk');
    await expect(ensureNats({ yes: false, isRoot: false, folders: [bin], bring: offline })).rejects.toThrow(
      /could not be brought here:\n {2}- apk: not root \(run npm start -- --yes .*\n {2}- download: no network\n.*apt-get install nats-server.*NATS_URL/,
    );
    const text = `import { ensureNats } from ${importOf('nats.mjs')};
      await ensureNats({ yes: false, isRoot: true, folders: ['${program('apk', 'echo unable to select packages >&2; exit 1')}'], bring: () => Promise.reject(new Error('no network')) });`;
    expect(node(text, bin).stderr).toMatch(/- apk: unable to select packages\n {2}- download: no network/);
  });

  it('as a release is checked by its SHA-256 before it is used', () => {
    const name = 'nats-server-v1-linux-test';
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'nats-server'), '#!/bin/sh\necho hello\n');
    const archive = spawnSync('tar', ['-cz', '-C', folder, name], { maxBuffer: 1e8 }).stdout;
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const into = join(folder, 'into');
    const wrong = sha256.replace(/^./, (first) => (first === '0' ? '1' : '0'));
    expect(() => unpackRelease(archive, wrong, name, into)).toThrow(`is ${sha256}, not ${wrong}: it was not used`);
    expect(existsSync(into)).toBe(false);
    const unpacked = unpackRelease(archive, sha256, name, into);
    expect(spawnSync(unpacked, { encoding: 'utf8' }).stdout).toBe('hello\n');
    expect(() => unpackRelease(Buffer.from('no tar'), createHash('sha256').update('no tar').digest('hex'), name, into)).toThrow(
      /tar/,
    );
  });
});

describe('database servers for tests', () => {
  const apt = (text: string) => join(program('apt-get', text), 'apt-get');
  const bring = (text: string, isRoot = true): string[] => bringServers({ isRoot, root: folder, apt: apt(text) });
  const policy = () => existsSync(join(folder, 'usr/sbin/policy-rc.d'));
  /** As apt would: only where no service may be started. */
  const installs = () => `[ "$1" = install ] || exit 0
    test -x '${folder}/usr/sbin/policy-rc.d' && mkdir -p '${folder}/usr/lib/postgresql/15/bin' &&
    mkdir -p '${folder}/usr/bin' && touch '${folder}/usr/lib/postgresql/15/bin/initdb' '${folder}/usr/sbin/mariadbd' \
      '${folder}/usr/sbin/dockerd' '${folder}/usr/bin/ceph-mon' '${folder}/usr/bin/ceph-osd' '${folder}/usr/bin/radosgw' \
      '${folder}/usr/bin/javac' '${folder}/usr/bin/mmdebstrap' '${folder}/usr/sbin/nginx' \
      '${folder}/usr/sbin/sshd' &&
    mkdir -p '${folder}/usr/share/java' '${folder}/usr/share/tomcat10/bin' &&
    touch '${folder}/usr/share/java/org.apache.felix.framework.jar' '${folder}/usr/share/tomcat10/bin/bootstrap.jar'`;
  const all = [
    'postgresql',
    'mariadb-server',
    'docker.io',
    'ceph-mon',
    'ceph-osd',
    'tomcat10-common',
    'libfelix-framework-java',
    'default-jdk-headless',
    'nginx-light',
    'openssh-server',
    'mmdebstrap',
    'radosgw',
  ];

  it('are installed when root, with nothing started by it, once', () => {
    expect(bring(installs())).toEqual([]);
    expect(callsOf('apt-get')).toEqual([
      'apt-get update -qq',
      `apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold ${all.join(' ')}`,
    ]);
    expect(policy()).toBe(false);
    expect(bring('exit 1')).toEqual([]);
    expect(callsOf('apt-get')).toHaveLength(2);
  });

  it('that cannot be had are named, and fail nothing', () => {
    expect(bring('echo no network >&2; exit 100')).toEqual(all);
    expect(policy()).toBe(false);
    const calls = 2 + all.length;
    expect(callsOf('apt-get')).toHaveLength(calls);
    expect(bring('exit 0', false)).toEqual(all);
    expect(callsOf('apt-get')).toHaveLength(calls);
  });

  it('are installed one by one where one of them cannot be had', () => {
    const one = `case "$*" in *update*) exit 0;; *" "*-confold" radosgw") ;; *) exit 100;; esac
      mkdir -p '${folder}/usr/bin' && touch '${folder}/usr/bin/radosgw'`;
    expect(bring(one)).toEqual(all.slice(0, -1));
  });
});

describe('packages', () => {
  const lock = (file: string, packages: object) => {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify({ packages }));
  };
  const wanted = {
    '': { name: 'slipway' },
    'libs/a': { version: '0.1.0' },
    'node_modules/a': { link: true },
    'node_modules/b': { version: '1.2.3' },
    'node_modules/elsewhere': { version: '1.0.0', optional: true },
  };
  const there = { 'node_modules/a': { link: true }, 'node_modules/b': { version: '1.2.3' } };

  it('are there when npm has recorded what the lock file says', () => {
    lock('package-lock.json', wanted);
    expect(packagesInstalled(folder)).toBe(false);
    lock('node_modules/.package-lock.json', there);
    expect(packagesInstalled(folder)).toBe(true);
    lock('node_modules/.package-lock.json', { ...there, 'node_modules/b': { version: '1.2.2' } });
    expect(packagesInstalled(folder)).toBe(false);
    lock('node_modules/.package-lock.json', { ...there, 'node_modules/elsewhere': { version: '0.9.0', optional: true } });
    expect(packagesInstalled(folder)).toBe(false);
  });

  it('are installed from the lock file when they are missing, only then, and a failure says what to do', () => {
    lock('package-lock.json', wanted);
    const bin = program('npm');
    // The Node that runs Slipway stands first on npm's PATH: one that has no npm beside it.
    const own = join(bin, 'node');
    copyFileSync(process.execPath, own);
    const install = `import { installPackages } from ${importOf('bootstrap.mjs')}; installPackages('${folder}');`;
    expect(node(install, bin, own)).toMatchObject({ status: 0, stdout: expect.stringContaining('Installing packages') });
    expect(callsOf('npm')).toEqual([expect.stringMatching(/^npm ci /)]);
    lock('node_modules/.package-lock.json', there);
    expect(node(install, bin, own)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(callsOf('npm')).toHaveLength(1);
    rmSync(join(folder, 'node_modules'), { recursive: true });
    program('npm', 'exit 7');
    expect(node(install, bin, own)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/npm ci: exit code 7.*Check the network/),
    });
  });
});

describe('npm start', () => {
  /** As a fresh clone: nothing installed, nothing built. Whatever would install or build is written down. */
  function start(args: string[], env: NodeJS.ProcessEnv = {}, executable = process.execPath) {
    for (const name of ['scripts/start.mjs', 'scripts/bootstrap.mjs', 'scripts/nats.mjs', 'apps/slipwayd/options.mjs']) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      copyFileSync(join(clone, name), join(folder, name));
    }
    writeFileSync(join(folder, 'package-lock.json'), '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
    for (const name of ['npm', 'apt-get']) program(name, 'exit 1');
    const { status, stdout, stderr } = spawnSync(executable, [join(folder, 'scripts/start.mjs'), ...args], {
      env: { PATH: join(folder, 'bin'), ...env },
      encoding: 'utf8',
    });
    return { status, stdout, stderr, called: [...callsOf('npm'), ...callsOf('apt-get')] };
  }

  it.each([
    [['--prot', '1'], {}, /'--prot'.*npm start -- --help/],
    [['--port', 'http'], {}, /--port must be a number/],
    [[], { SLIPWAY_PROCESSES: 'maybe' }, /SLIPWAY_PROCESSES must be one of 1, true, yes, on, .* not "maybe"/],
    [[], { SLIPWAY_YES: 'sure' }, /SLIPWAY_YES must be one of .* not "sure"/],
  ])('refuses %j %j before it installs or builds anything', (args, env, reason) => {
    for (const executable of [process.execPath, olderNode].filter((one) => one !== null)) {
      expect(start(args, env, executable)).toEqual({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(reason),
        called: [],
      });
    }
    expect(start([]).called).toEqual([expect.stringMatching(/^npm ci /)]);
  });

  const noOlder = olderNode ? '' : ' (skipped: no Node older than 24 on the PATH)';
  (olderNode ? it : it.skip)(`says that slipwayd needs a newer Node, when an older one starts it${noOlder}`, () => {
    const daemon = join(clone, 'apps/slipwayd/dist/main.js');
    const { status, stderr } = spawnSync(olderNode!, [daemon], { env: {}, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/slipwayd needs Node 24 or newer and was started by v\d+\.\d+\.\d+; use npm start/),
    });
  });
});

/** A clone with these scripts, whose packages are there, and programs of packages that a test has written. */
function cloneWith(scripts: string[], programs: Record<string, string>) {
  for (const name of scripts) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    copyFileSync(join(clone, name), join(folder, name));
  }
  writeFileSync(join(folder, 'package-lock.json'), '{"packages":{}}');
  for (const [name, text] of Object.entries({ 'node_modules/typescript7/bin/tsc': '', ...programs })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const name of ['npm', 'apt-get']) program(name, 'exit 1');
  return { PATH: join(folder, 'bin'), NATS_URL: 'nats://127.0.0.1:1', SLIPWAY_NATS_SERVER: process.execPath };
}

describe('a signal to npm start', () => {
  /** In the place of slipwayd: tells each signal, and ends a while after the first. */
  const DAEMON = `let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
      console.log(signal);
      if (!stopping) setTimeout(() => process.exit(7), 300);
      stopping = true;
    });
    setInterval(() => {}, 1000);
    console.log('up');`;

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s to its process alone reaches slipwayd, whose end it waits for',
    async (signal) => {
      const scripts = ['scripts/start.mjs', 'scripts/bootstrap.mjs', 'scripts/nats.mjs', 'apps/slipwayd/options.mjs'];
      const env = cloneWith(scripts, { 'apps/slipwayd/dist/main.js': DAEMON });
      const child = spawn(process.execPath, [join(folder, 'scripts/start.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      const up = new Promise<void>((resolve) =>
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (output.includes('up\n')) resolve();
        }),
      );
      const ended = once(child, 'close');
      await Promise.race([up, ended]);
      child.kill(signal);
      expect(await ended).toEqual([7, null]);
      expect(output).toBe(`up\n${signal}\n`);
    },
  );
});

describe('npm test', () => {
  const test = (command: string) => {
    const env = cloneWith(
      ['bootstrap', 'nats', 'tally', 'test'].map((name) => `scripts/${name}.mjs`),
      {
        'scripts/servers.mjs': 'export const bringServers = () => [];',
        'node_modules/nx/dist/bin/nx.js': `console.log('nx ' + process.argv.slice(2).join(' '), 'seed', process.env.SLIPWAY_SEED);`,
      },
    );
    const args = [join(folder, 'scripts/test.mjs'), ...command.replace('npm test -- ', '').split(' ')];
    return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  };

  it('begins random tests with the same seed each time, or with the one that is asked for', () => {
    const seedOf = (command: string) => / seed (.*)$/m.exec(test(command).stdout)![1];
    expect(seedOf('storage')).toMatch(/^\d+$/);
    expect(seedOf('storage')).toBe(seedOf('storage'));
    expect(seedOf('storage --seed 7')).toBe('7');
    expect(seedOf('storage --seed random')).toBe('undefined');
  });

  it('hands the name of files on to the tests of the project, as the guide to drivers says', () => {
    const guide = readFileSync(join(clone, 'docs/guides/add-a-driver.md'), 'utf8');
    const [, command] = /^```sh\n(npm test -- .*)\n```$/m.exec(guide)!;
    expect(test(command!).stdout).toMatch(/^nx run-many -t test .*--projects=@slipway\/storage -- scratch seed/m);
  });

  it('says what is wrong with what it is told', () => {
    expect(test('--files scratch')).toMatchObject({ status: 2, stderr: expect.stringContaining('--files needs a project') });
    expect(test('storage --seed x')).toMatchObject({ status: 2, stderr: expect.stringContaining('not "x"') });
    expect(test('storage --file')).toMatchObject({ status: 2, stderr: expect.stringContaining("'--file'") });
  });
});

describe('the closing line of npm test', () => {
  const report = (name: string, passed: number, failed = 0, skipped: string[] = []) => ({ name, passed, failed, skipped });

  it('sums all projects and lists what was skipped by name', () => {
    const { lines, ok } = tally([report('libs-a', 3, 0, ['a server (skipped: no KURRENTDB_URL)']), report('types', 1)], true);
    expect(ok).toBe(true);
    expect(lines).toContain('  - libs-a: a server (skipped: no KURRENTDB_URL)');
    expect(lines.at(-1)).toBe('4 passed, 0 failed, 1 skipped');
  });

  it('fails with a failing test', () => {
    expect(tally([report('a', 3, 2), report('b', 1)], false)).toMatchObject({
      ok: false,
      lines: ['4 passed, 2 failed, 0 skipped'],
    });
    expect(tally([report('a', 3, 2)], true).ok).toBe(false);
  });

  it('names what failed, so that the end of a long log is enough', () => {
    const { lines } = tally([{ ...report('libs-a', 3, 1), failures: ['src/x.spec.ts x is y\n      expected y'] }], false);
    expect(lines).toEqual(['Failed:', '  - libs-a: src/x.spec.ts x is y\n      expected y', '', '3 passed, 1 failed, 0 skipped']);
  });

  it('fails with a test that is skipped without a reason in its name', () => {
    const { lines, ok } = tally([report('a', 3, 0, ['silently'])], true);
    expect(ok).toBe(false);
    expect(lines).toContain('  - a: silently');
    expect(lines.at(-1)).toBe('3 passed, 1 failed, 1 skipped');
  });

  it('counts a project that ended badly without a failing test as failed', () => {
    const silent = tally([report('a', 3)], false);
    expect(silent.ok).toBe(false);
    expect(silent.lines).toEqual([expect.stringContaining('ended badly'), '3 passed, 1 failed, 0 skipped']);
    const broken = tally([report('a', 3, 1), { ...report('b', 0), finished: false }], false);
    expect(broken.lines).toEqual([expect.stringMatching(/^b ended before/), '3 passed, 2 failed, 0 skipped']);
  });
});

describe('the report of a project', () => {
  it('names what was skipped and what failed, and tells a run that never came to its end', () => {
    const reporter = new Tally({ rootDir: join(clone, 'libs/mesh') }, { folder, exitMs: 2 ** 31 - 1 });
    const read = () => JSON.parse(readFileSync(join(folder, 'libs-mesh.json'), 'utf8'));
    reporter.onRunStart();
    expect(tally([read()], false).lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    const testResults = [
      {
        testFilePath: join(clone, 'libs/mesh/src/a.unit.spec.ts'),
        testResults: [
          { status: 'passed', fullName: 'a' },
          { status: 'pending', fullName: 'b (skipped: no server)' },
          { status: 'failed', fullName: 'c', failureMessages: ['\u001b[31mnot d\u001b[39m\n  at line 3'] },
        ],
      },
      {
        testFilePath: join(clone, 'libs/mesh/src/b.unit.spec.ts'),
        testResults: [],
        testExecError: { message: 'no such module' },
      },
    ];
    reporter.onRunComplete(new Set(), { numPassedTests: 1, numFailedTests: 1, numRuntimeErrorTestSuites: 1, testResults });
    expect(read()).toEqual({
      name: 'libs-mesh',
      passed: 1,
      failed: 2,
      skipped: ['b (skipped: no server)'],
      failures: ['src/a.unit.spec.ts c\n      not d\n        at line 3', 'src/b.unit.spec.ts did not run\n      no such module'],
      finished: true,
    });
  });

  it('ends a run that does not exit by itself, and counts it as failed', () => {
    const ran = (leaves: string) =>
      node(
        `import Tally from ${importOf('jest-tally.mjs')};
const options = { folder: ${JSON.stringify(folder)}, exitMs: 200 };
const reporter = new Tally({ rootDir: ${JSON.stringify(join(clone, 'libs/mesh'))} }, options);
reporter.onRunComplete(new Set(), { numPassedTests: 1, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [] });
${leaves}`,
        '',
      ).status;
    const read = () => JSON.parse(readFileSync(join(folder, 'libs-mesh.json'), 'utf8'));
    expect(ran('')).toBe(0);
    expect(read()).toMatchObject({ passed: 1, failed: 0 });
    expect(ran('setInterval(() => {}, 1000);')).toBe(1);
    expect(read()).toMatchObject({ passed: 1, failed: 1, failures: [expect.stringMatching(/^did not exit .*Timeout/)] });
  });
});

describe('the clone', () => {
  it('has every top-level folder and file', () => {
    for (const name of [
      'package.json',
      'nx.json',
      'apps',
      'libs',
      'deploy',
      'docker',
      'e2e',
      'content',
      'bench',
      'docs',
      'README.md',
    ])
      expect({ name, there: existsSync(join(clone, name)) }).toEqual({ name, there: true });
    for (const profile of ['dev', 'test', 'prod']) expect(existsSync(join(clone, 'deploy', profile, 'slipway.yaml'))).toBe(true);
  });

  it('has CI call npm test, and nothing else', () => {
    const file = join(clone, '.ci/run');
    accessSync(file, constants.X_OK);
    const commands = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(commands.at(-1)).toBe('exec npm test');
    expect(commands.filter((line) => /\b(npm|npx|node)\b/.test(line))).toEqual(['exec npm test']);
    const { scripts, bin } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
    expect(scripts).toMatchObject({ start: 'node scripts/start.mjs', test: 'node scripts/test.mjs' });
    expect(bin).toEqual({ slipway: 'apps/cli/bin/slipway.mjs' });
  });
});

describe('every registered driver', () => {
  const kinds = ['storage', 'database', 'instance'];
  /** Modules of drivers that a sub-provisioner's index imports. */
  const registered = kinds.flatMap((kind) => {
    const index = readFileSync(join(clone, 'apps', kind, 'src/index.ts'), 'utf8');
    return [...index.matchAll(/\.\/drivers\/([^/]+)\/[^']*\.js'/g)].map(([, driver]) => `${kind}/${driver}`);
  });

  it('is known here', () => {
    expect([...new Set(registered)].toSorted()).toEqual([
      'database/mariadb',
      'database/postgres',
      'database/sqlite',
      'instance/apt',
      'instance/artefact',
      'instance/docker',
      'instance/host',
      'instance/process',
      'storage/directory',
      'storage/docker-volume',
      'storage/s3',
    ]);
  });

  it.each([...new Set(registered)])('%s runs the contract suite of its kind', (name) => {
    const [kind, driver] = name.split('/') as [string, string];
    const spec = join(clone, 'apps', kind, 'src/drivers', driver, `${driver}.contract.int.spec.ts`);
    expect(readFileSync(spec, 'utf8')).toMatch(new RegExp(`^driverContract\\('${driver}', `, 'm'));
  });
});
