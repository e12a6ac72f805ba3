import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { localCommand, type Command, type Filesystem } from '@slipway/interfaces';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace, blueprintContract, type Holding } from '../blueprint/testing/index.js';
import { noProgramOf, nothingOf, onLocalHost, pathOf, putForeign, stillForeign } from './testing/on-local-host.js';
import { workingCopy } from './working-copy.js';

const source = mkdtempSync(join(tmpdir(), 'slipway-repository-'));
afterAll(() => rmSync(source, { recursive: true, force: true }));
const git = (...args: string[]) =>
  execFileSync('git', ['-C', source, '-c', 'user.name=anna', '-c', 'user.email=anna@localhost', ...args], {
    encoding: 'utf8',
  }).trim();
git('init', '--quiet', '--initial-branch=main');
const committed = (text: string): string => {
  writeFileSync(join(source, 'README'), text);
  git('add', 'README');
  git('commit', '--quiet', '--message', text);
  return git('rev-parse', 'HEAD');
};
const first = committed('one');
git('tag', 'v1');
committed('two');
let changes = 0;

const repository = `file://${source}`;
const make = () =>
  makeBlueprint(workingCopy, { name: 'WorkingCopy', location: 'local', options: { repositories: [repository] } });

async function use(holding: Holding): Promise<() => Promise<unknown>> {
  const command = await holding.interface<Command>('command');
  const filesystem = await holding.interface<Filesystem>('filesystem');
  expect(String(await filesystem.readFile('README'))).toBe('one');
  expect((await command.execOrThrow(['git', 'status', '--porcelain'])).stdout).toBe('');
  await filesystem.writeFile('README', 'changed');
  await command.spawnDetached(['sleep', '300'], { cwd: '.', env: {}, logFile: '.git/log' });
  return () => command.execOrThrow(['git', 'log', '-1']);
}

blueprintContract('WorkingCopy', make, {
  attributes: { repository, revision: 'v1' },
  needs: onLocalHost,
  works: async (resource) => {
    expect(resource.outputs).toEqual({ commit: first });
    await access(pathOf(resource, 'g1', 'data', 'HEAD'));
  },
  gone: nothingOf,
  use,
  takenBack: async ({ resource, lease }) => {
    await noProgramOf(resource);
    await expect(access(pathOf(resource, 'leases', lease.id, `g${lease.token}`, 'data'))).rejects.toThrow();
  },
  foreign: { put: putForeign, stands: stillForeign },
  breaks: [
    {
      what: 'its repository was damaged',
      by: async (resource) => void (await localCommand().execOrThrow(['rm', pathOf(resource, 'g1', 'data', 'HEAD')])),
      reason: /not a git repository/,
    },
  ],
  change: {
    attributes: { repository, revision: 'main' },
    meanwhile: () => void committed(`change ${(changes += 1)}`),
    works: async (resource) => {
      const mirror = pathOf(resource, 'g1', 'data');
      const { stdout } = await localCommand().execOrThrow(['git', '-C', mirror, 'rev-parse', 'main']);
      expect(stdout.trim()).toBe(git('rev-parse', 'main'));
    },
  },
  points: 2,
});

test('a working copy on a leased host: everybody has his own at the revision, and what one changes no other sees', async () => {
  const place = await BlueprintPlace.make();
  try {
    const blueprint = make();
    const wanted = place.resource(blueprint, { repository, revision: 'v1' }, await onLocalHost(place));
    const context = await place.context(blueprint);
    const resource = { ...wanted, outputs: (await blueprint.allocate!(wanted, context)).outputs };
    const copyOf = async () => {
      const lease = place.lease();
      await blueprint.prepare!(lease, resource, context);
      return (await blueprint.interface('command', lease, resource, context)) as Command;
    };
    const [one, other] = [await copyOf(), await copyOf()];
    expect((await one.execOrThrow(['git', 'rev-parse', 'HEAD'])).stdout.trim()).toBe(first);
    await one.execOrThrow(['sh', '-c', 'echo mine > README; rm -rf .git/objects']);
    expect((await other.execOrThrow(['sh', '-c', 'cat README; git fsck --strict'])).stdout).toContain('one');
    // What came later is there after it was brought to it.
    const latest = committed('three');
    const attributes = { repository, revision: latest.slice(0, 12) };
    await blueprint.update!(resource, attributes, context);
    const lease = place.lease();
    await blueprint.prepare!(lease, { ...resource, attributes }, context);
    const third = (await blueprint.interface('command', lease, { ...resource, attributes }, context)) as Command;
    expect((await third.execOrThrow(['cat', 'README'])).stdout).toBe('three');
  } finally {
    await place.remove();
  }
}, 60_000);

test('a revision that is not there is named, and a repository that is none of those that are set', async () => {
  const place = await BlueprintPlace.make();
  try {
    const blueprint = make();
    const wanted = place.resource(blueprint, { repository, revision: 'v9' }, await onLocalHost(place));
    await expect(blueprint.allocate!(wanted, await place.context(blueprint))).rejects.toMatchObject({
      code: 'lease-impossible',
      message: `${repository} has no revision v9`,
    });
  } finally {
    await place.remove();
  }
}, 60_000);

const withOptions = (options: JsonObject) => makeBlueprint(workingCopy, { name: 'WorkingCopy', location: 'local', options });

test.each([
  'ext::sh -c id',
  '--upload-pack=id',
  'https://token@git.example/shop.git',
  'https://user:token@git.example/shop.git',
  'https://git.example?x@y/shop.git',
  'ssh://git:password@git.example/shop.git',
])('a repository that runs a program, or has its password where everybody sees it, is refused by its option: %s', (refused) => {
  expect(() => withOptions({ repositories: [refused] })).toThrow(/options\.repositories\.0/);
});

test('a repository is named by its scheme, host and path, over SSH with a user', () => {
  for (const url of [
    'https://git.example:8443/a/b.git',
    'ssh://git@git.example/~anna/shop.git',
    'http://git.example/@scope/x',
    repository,
  ])
    expect(withOptions({ repositories: [url] }).attributes['repository']).toMatchObject({ default: url, oneOf: [url] });
});

test('what a repository lets him in by is read of a file, and stands in no argument and nowhere in what is fetched', async () => {
  const place = await BlueprintPlace.make();
  try {
    const credentialFile = join(place.folder, 'credential');
    const url = 'https://git.example/shop.git';
    const blueprint = withOptions({ repositories: [url], credentialFile });
    expect(blueprint.workSeconds).toEqual({ allocate: 1_920, update: 1_920, prepare: 1_920 });
    const needs = await onLocalHost(place);
    const asked: { line: readonly string[]; env: Record<string, string> }[] = [];
    const host = needs['host']!;
    // Another origin takes its place, so that it is seen what git would be told of that one.
    const watched = {
      ...host,
      interface: async <Kind extends object>(name: string) => {
        const whole = await host.interface<Kind>(name);
        if (name !== 'command') return whole;
        const command = whole as unknown as Command;
        const execOrThrow: Command['execOrThrow'] = (line, options) => {
          if (line.includes('clone')) asked.push({ line, env: { ...options?.env } });
          return command.execOrThrow(
            line.map((one) => (one === url ? repository : one)),
            options,
          );
        };
        return { ...whole, execOrThrow };
      },
    };
    const resource = place.resource(blueprint, { repository: url, revision: 'v1' }, { host: watched });
    const context = await place.context(blueprint);
    await expect(blueprint.allocate!(resource, context)).rejects.toMatchObject({
      message: /credential does not hold user:password/,
    });
    writeFileSync(credentialFile, 'anna:correct-horse\n', { mode: 0o600 });
    await blueprint.allocate!(resource, context);
    const basic = Buffer.from('anna:correct-horse').toString('base64');
    expect(asked).toHaveLength(1);
    expect(asked[0]!.line.join(' ')).not.toMatch(/correct-horse|Basic/);
    const told = (of: string) =>
      execFileSync('git', ['config', '--get-urlmatch', 'http.extraHeader', of], {
        env: { ...process.env, ...asked[0]!.env },
        cwd: place.folder,
        encoding: 'utf8',
      }).trim();
    expect(told(url)).toBe(`Authorization: Basic ${basic}`);
    expect(() => told('https://elsewhere.example/shop.git')).toThrow();
    await expect(localCommand().execOrThrow(['grep', '-r', basic, pathOf({ ...resource, needs })])).rejects.toThrow();
  } finally {
    await place.remove();
  }
}, 60_000);
