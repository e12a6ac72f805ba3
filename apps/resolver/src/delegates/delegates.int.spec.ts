import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { jarOf } from '@slipway/artefacts/testing';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  comparePlans,
  hashOfPlan,
  lackingIn,
  sha256,
  systemClock,
  type Plan,
  type RequestContext,
  type ResolveQuery,
} from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import type { DelegateConfig } from '@slipway/mesh';
import { DownloadCache } from '@slipway/remote-content';
import { openOtherServer, sends, type OtherServer } from '@slipway/remote-content/testing';
import { pino } from 'pino';
import { pack } from 'tar-stream';
import { Content } from '../content/content.js';
import { FolderRecord } from '../content/folder-record.js';
import { RecordedContent } from '../content/recorded-content.js';
import { ContentRecorder } from '../content/recorder.js';
import { WrittenDefinitions } from '../content/written.js';
import { Environments } from '../environment/environments.js';
import { Planning } from '../planning.js';
import { Repository } from '../repository/repository.js';
import { Delegates } from './delegates.js';
import { openDelegate } from './open-delegate.js';

const ada: RequestContext = { actor: { id: 'ada', type: 'user' }, correlationId: 'call-1' } as RequestContext;
const logger = pino({ level: 'silent' });
const warOf = (files: Record<string, string>) => jarOf({}, files);
const yaml = (name: string, ...keys: string[]) =>
  `name: ${name}\nversion: 1.0.0\ndefinitions:\n${keys.map((key) => `  - { name: ${key.split('@')[0]}, version: ${key.split('@')[1]} }\n`).join('')}`;

describe('another repository that is delegated to', () => {
  let root: string;
  let log: MemoryEventLog;
  let blobs: MemoryBlobs;
  let other: OtherServer;
  const stops: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-delegates-'));
    for (const name of ['content', 'unpacked']) await mkdir(join(root, name));
    log = new MemoryEventLog();
    blobs = new MemoryBlobs();
    other = await openOtherServer();
  });
  afterEach(async () => {
    await other.close();
    for (const stop of stops.splice(0)) await stop();
    await rm(root, { recursive: true });
  });

  const upstream = (from = other, file = 'index.json'): DelegateConfig => ({
    ...{ kind: 'http', url: `${from.url}${file}`, privateHosts: ['127.0.0.1'] },
  });
  /** What the other one has from now on: each file listed with its checksum. */
  function has(files: Record<string, string | Buffer>, from = other): void {
    const packages = Object.entries(files).map(([file, content]) => {
      from.routes.set(`/${file}`, sends(content));
      return { name: file.split('.')[0], version: '1.0.0', file, sha256: sha256(content) };
    });
    from.routes.set('/index.json', sends(JSON.stringify({ packages })));
  }

  /** A replica of the resolver; all of them share log, blobs and folders. */
  function replica(configured: Record<string, DelegateConfig> = { upstream: upstream() }, name = 'a-resolver') {
    const store = log.as('resolver');
    const recorded = new RecordedContent(store, blobs);
    const repository = new Repository({
      ...{ folder: join(root, 'content'), blobs, clock: systemClock, logger, recorded, record: new FolderRecord(store, name) },
      delegates: Object.keys(configured),
    });
    const recorder = new ContentRecorder(store);
    const cache = new DownloadCache({ folder: join(root, 'downloads'), maxBytes: 1024 ** 2 });
    const delegates = new Delegates({
      ...{ configured, recorder, recorded, blobs, clock: systemClock, logger, replica: name, refreshSeconds: 3600 },
      ...{ folder: join(root, 'unpacked'), maxUnpackedBytes: 1024 ** 2 },
      open: (config) => openDelegate(config, { cache, maxBytes: 1024 ** 2 }),
    });
    stops.push(async () => cache.settled());
    const content = new Content(repository, blobs, delegates);
    const written = new WrittenDefinitions({ recorder, blobs, repository, folder: join(root, 'unpacked') });
    const environments = new Environments({ store, blobs, clock: systemClock });
    const standings = { of: async () => new Map() };
    const planning = new Planning(repository, environments, standings as never, ['local'], systemClock, delegates);
    const inForce = async () =>
      (await repository.current()).stack.inForce().map(({ key, package: { layer } }) => `${layer} ${key}`);
    const plan = (definition: string): Promise<Plan> =>
      planning.plan({ job: 'provision', environment: 'default', instanceId: 'shop', definition, place: PLACE });
    return { repository, delegates, content, written, inForce, plan, refresh: () => delegates.refresh(ada) };
  }
  const events = async () =>
    (await log.as('resolver').read('content-layers')).map(({ type, data }) => ({ type, data }) as { type: string; data: object });

  test('is in force on every replica once it was asked, and recorded with who asked; what it was asked for is here', async () => {
    const archive = pack();
    archive.entry(
      { name: 'package.yaml' },
      `${yaml('tools', 'tool@1.0.0').replace(' }', ', type: instance, spec: { artefact: app, command: [node, a.mjs] } }')}`,
    );
    archive.entry({ name: 'app/a.mjs' }, 'console.log(1)');
    archive.finalize();
    has({ 'greetings.yaml': yaml('greetings', 'greeting@1.0.0'), 'tools.tar': await buffer(archive) });
    const [one, another] = [replica(), replica(undefined, 'b-resolver')];
    expect(await one.inForce()).toEqual([]);
    await one.refresh();
    const there = ['delegated greeting@1.0.0', 'delegated tool@1.0.0'];
    expect([await one.inForce(), await another.inForce()]).toEqual([there, there]);
    expect(await events()).toEqual([
      {
        type: 'DelegateTaken',
        data: expect.objectContaining({
          name: 'upstream',
          packages: 2,
          definitions: 2,
          source: `${other.url}index.json`,
          actor: ada.actor,
        }),
      },
    ]);
    const { definition } = await another.content.definition({ name: 'tool', version: '1.0.0' });
    const artefact = (definition['spec'] as { artefactBlob: { sha256: string } }).artefactBlob;
    expect((await blobs.read(artefact.sha256)).toString()).toContain('console.log(1)');
    const { items, delegates, problems } = await one.content.list({ layer: 'delegated' });
    expect([items.map(({ name, source }) => [name, source]), problems]).toEqual([
      [
        ['greetings', `upstream (${other.url}index.json)`],
        ['tools', `upstream (${other.url}index.json)`],
      ],
      [],
    ]);
    expect(delegates).toEqual([
      expect.objectContaining({ name: 'upstream', kind: 'http', packages: 2, definitions: 2, answeredAt: expect.any(String) }),
    ]);
    expect(await readdir(join(root, 'unpacked'))).toEqual([]);
  });

  test('stands below all layers: it neither hides anything nor stands against it, and of two the first counts', async () => {
    const second = await openOtherServer();
    stops.push(() => second.close());
    await writeFile(join(root, 'content', 'p.yaml'), yaml('shipped', 'a@1.0.0'));
    has({ 'one.yaml': yaml('one', 'a@1.0.0', 'b@1.0.0', 'c@1.0.0') });
    has({ 'two.yaml': yaml('two', 'b@1.0.0', 'd@1.0.0') }, second);
    const { repository, refresh, content, written, inForce } = replica({ upstream: upstream(), also: upstream(second) });
    await repository.refresh();
    await refresh();
    expect(await inForce()).toEqual(['default a@1.0.0', ...['b', 'c', 'd'].map((name) => `delegated ${name}@1.0.0`)]);
    const standing = async (name: string) => {
      const { package: one, overrides } = await content.definition({ name, version: '1.0.0' });
      return [one, overrides.map((below) => below.package)];
    };
    expect([await standing('a'), await standing('b')]).toEqual([
      ['shipped', ['one']],
      ['one', ['two']],
    ]);
    await expect(written.write({ change: 'update', definition: { name: 'c', version: '1.0.0' } }, ada)).rejects.toMatchObject({
      code: 'layer-refuses',
      message: expect.stringContaining('c@1.0.0 is delegated (content package one of upstream'),
    });
    await written.write({ change: 'create', definition: { name: 'c', version: '1.0.0', title: 'Own' } }, ada);
    expect(await standing('c')).toEqual(['writable', ['one']]);
  });

  test('is taken where the layers have nothing that would do as well, as these come from the top down', async () => {
    const cache = (name: string, version = '1.0.0') =>
      yaml(name, `${name}@1.0.0`).replace(
        ' }',
        `, type: storage, capabilities: [{ namespace: cache, attributes: { version: ${version} } }] }`,
      );
    const app = yaml('app', 'app@1.0.0').replace(
      ' }',
      ', type: instance, requirements: [{ namespace: cache }], spec: { command: [x] } }',
    );
    await writeFile(join(root, 'content', 'app.yaml'), app);
    has({ 'a.yaml': cache('a-cache') });
    const { repository, refresh, plan, written } = replica();
    const taken = async () => {
      await repository.refresh();
      expect(repository.problems).toEqual([]);
      return (await plan('app')).steps.map(({ definition }) => definition.name);
    };
    await refresh();
    expect(await taken()).toEqual(['a-cache', 'app']);
    await writeFile(join(root, 'content', 'b.yaml'), cache('b-cache'));
    expect(await taken()).toEqual(['b-cache', 'app']);
    const capabilities = [{ namespace: 'cache', attributes: { version: '1.0.0' } }];
    const definition = { name: 'c-cache', version: '1.0.0', type: 'storage' as const, capabilities };
    await written.write({ change: 'create', definition }, ada);
    expect(await taken()).toEqual(['c-cache', 'app']);
    has({ 'a.yaml': cache('a-cache', '1.1.0') });
    await refresh();
    expect(await taken()).toEqual(['a-cache', 'app']);
  });

  test('is pinned: what it has changes nothing here until it is asked again, and each change is an event', async () => {
    has({ 'greetings.yaml': yaml('greetings', 'greeting@1.0.0') });
    const { refresh, plan, repository } = replica();
    await refresh();
    const [first, { catalogue }] = [await plan('greeting'), await repository.current()];
    expect(first.repository).toBe(catalogue.hash);
    has({ 'greetings.yaml': yaml('greetings', 'greeting@2.0.0') });
    expect(await plan('greeting')).toEqual(first);
    await refresh();
    const second = await plan('greeting@>=2');
    expect([second.outcome, second.repository === first.repository]).toEqual(['satisfied', false]);
    await refresh();
    expect((await events()).map(({ type }) => type)).toEqual(['DelegateTaken', 'DelegateTaken']);
    has({});
    await refresh();
    expect((await plan('greeting')).outcome).toBe('unsatisfied');
  });

  test('is recorded once by replicas that ask at once', async () => {
    has({ 'greetings.yaml': yaml('greetings', 'greeting@1.0.0') });
    const [one, another] = [replica(), replica(undefined, 'b-resolver')];
    await Promise.all([one.refresh(), another.refresh()]);
    expect((await events()).length).toBe(1);
  });

  describe('that is away', () => {
    test('leaves what was fetched of it in force, also on a replica that starts meanwhile; it is told since when, and why', async () => {
      has({ 'greetings.yaml': yaml('greetings', 'greeting@1.0.0') });
      const { refresh } = replica();
      await refresh();
      await other.close();
      const later = replica(undefined, 'b-resolver');
      await later.refresh();
      expect(await later.inForce()).toEqual(['delegated greeting@1.0.0']);
      expect((await later.plan('greeting')).outcome).toBe('satisfied');
      const { problems, delegates } = await later.content.list({});
      expect(problems).toEqual([
        expect.stringMatching(
          /^upstream \(http:.*index\.json\) is away since 20.*Z: http:.*: connection refused; what was fetched/,
        ),
      ]);
      expect(delegates).toEqual([expect.objectContaining({ packages: 1, awaySince: expect.any(String), problems })]);
      const [since] = delegates.map(({ awaySince }) => awaySince);
      await later.refresh();
      expect((await later.content.list({})).delegates[0]!.awaySince).toBe(since);
    });

    test('is named where a plan lacks something that it may have, outside of its hash: that is the same on every replica', async () => {
      await other.close();
      const { refresh, plan } = replica();
      const { plan: planOfAnother } = replica(undefined, 'b-resolver');
      await refresh();
      const [made, another] = [await plan('nothing'), await planOfAnother('nothing')];
      expect([made.outcome, lackingIn(made)[0]!.message]).toEqual([
        'unsatisfied',
        expect.stringMatching(/nothing.* It may be elsewhere: upstream \(.*\) is away since .*: connection refused/),
      ]);
      // Another replica knows otherwise, and makes the same plan.
      expect([another.elsewhere, another.hash]).toEqual([undefined, made.hash]);
      expect(hashOfPlan(made)).toBe(made.hash);
      expect(comparePlans(made, another)).toEqual([]);
    });

    test('keeps no plan waiting while it is asked', async () => {
      const asked = new Promise<void>((resolve) => other.routes.set('/index.json', () => resolve()));
      const { refresh, plan, inForce } = replica();
      const underway = refresh();
      await asked;
      expect([(await plan('nothing')).outcome, await inForce()]).toEqual(['unsatisfied', []]);
      await other.close();
      await underway;
    });

    test('in the middle: what is new is taken next time, what was there stays, and both is told', async () => {
      has({ 'a.yaml': yaml('a', 'a@1.0.0') });
      const { refresh, inForce, content } = replica();
      await refresh();
      has({ 'b.yaml': yaml('b', 'b@1.0.0'), 'a.yaml': yaml('a', 'a@2.0.0') });
      other.routes.set('/b.yaml', (_asked, response) => response.writeHead(503).end());
      await refresh();
      expect(await inForce()).toEqual(['delegated a@1.0.0']);
      expect((await content.list({})).problems).toEqual([
        expect.stringContaining('b.yaml answered 503'),
        'upstream: b@1.0.0 is not here: it is away',
        'upstream: a@1.0.0 is not here as it is there now; 1.0.0 stays: it is away',
      ]);
      other.routes.set('/b.yaml', sends(yaml('b', 'b@1.0.0')));
      await refresh();
      expect([await inForce(), (await content.list({})).problems]).toEqual([['delegated b@1.0.0', 'delegated a@2.0.0'], []]);
    });
  });

  test.each<[string, string, string]>([
    ['has another content than was promised', 'hacked', 'is not what was promised: its sha256 is'],
    ['is no content package', '[]', 'a.yaml'],
    ['has a definition that is not good', yaml('a', 'A@1.0.0'), 'a.yaml:4:13: definitions.0.name must be lower-case'],
  ])('gives nothing that %s: what was there stays, and it is told by file and line', async (_what, wrong, problem) => {
    has({ 'a.yaml': yaml('a', 'a@1.0.0'), 'b.yaml': yaml('b', 'b@1.0.0') });
    const { refresh, inForce, content } = replica();
    await refresh();
    has({ 'a.yaml': wrong, 'b.yaml': yaml('b', 'b@2.0.0') });
    if (wrong === 'hacked') other.routes.set('/a.yaml', sends('something else'));
    await refresh();
    expect(await inForce()).toEqual(['delegated a@1.0.0', 'delegated b@2.0.0']);
    const { problems } = await content.list({});
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toMatch(/^upstream: a@1\.0\.0 is not taken as it is there now; 1\.0\.0 stays: /);
  });

  test('that sends a bomb, or more in all than is taken of it, is told; what fits is taken', async () => {
    const bomb = pack();
    bomb.entry({ name: 'package.yaml' }, Buffer.alloc(3 * 1024 ** 2, '#'));
    bomb.finalize();
    const large = `${yaml('large', 'large@1.0.0')}description: ${'x'.repeat(1500)}\n`;
    has({
      'bomb.tgz': gzipSync(await buffer(bomb)),
      'a.yaml': yaml('a', 'a@1.0.0'),
      'large.yaml': large,
      'b.yaml': yaml('b', 'b@1.0.0'),
    });
    const { refresh, inForce, content } = replica({ upstream: { ...upstream(), maxBytes: 1024 } });
    await refresh();
    expect(await inForce()).toEqual(['delegated a@1.0.0', 'delegated b@1.0.0']);
    expect((await content.list({})).problems).toEqual([
      expect.stringMatching(/^upstream: bomb@1\.0\.0 is not taken: .*more than \d+ bytes/),
      expect.stringMatching(/^upstream: large@1\.0\.0 is not taken: with it the repository would have sent more than 1024 bytes/),
    ]);
    expect(await readdir(join(root, 'unpacked'))).toEqual([]);
  });

  test('of npm, or in a Maven layout, gives definitions that passed the same rules', async () => {
    const folder = join(root, 'm2');
    for (const [version, file] of [
      ['1.0', warOf({ 'index.html': 'hello' })],
      ['2.0', Buffer.from('no war')],
    ] as const) {
      await mkdir(join(folder, 'org/example/shop', version), { recursive: true });
      await writeFile(join(folder, 'org/example/shop', version, `shop-${version}.war`), file);
    }
    const archive = pack();
    archive.entry({ name: 'package/package.json' }, JSON.stringify({ name: 'tool', version: '1.2.3', bin: 'cli.js' }));
    archive.finalize();
    const tarball = gzipSync(await buffer(archive));
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const listed = { dist: { tarball: `${other.url}tool.tgz`, integrity } };
    other.routes
      .set('/tool', sends(JSON.stringify({ 'dist-tags': { latest: '1.2.3' }, versions: { '1.2.3': listed } })))
      .set('/tool.tgz', sends(tarball));
    const { refresh, inForce, content, plan } = replica({
      m2: { kind: 'maven', folder, packages: ['org.example:shop@war'], target: 'tomcat' },
      npm: { kind: 'npm', url: other.url, packages: ['tool'], privateHosts: ['127.0.0.1'] },
    });
    await refresh();
    expect(await inForce()).toEqual(['delegated org.example.shop@1.0.0', 'delegated tool@1.2.3']);
    expect((await content.list({})).problems).toEqual([
      expect.stringMatching(/^m2: org\.example:shop:2\.0@war is not taken: package\.json:.*definitions\.0\.spec\.artefact/),
    ]);
    const { definition } = await content.definition({ name: 'org.example.shop', version: '1.0.0' });
    expect(definition['spec']).toMatchObject({ artefactFacts: { kind: 'war', name: 'shop' }, artefactBlob: expect.any(Object) });
    const { outcome, steps } = await plan('tool');
    expect([outcome, steps.map(({ spec }) => spec['npm'])]).toEqual([
      'install',
      [{ package: 'tool', version: '1.2.3', integrity }],
    ]);
    const found = await content.capabilities({ filter: '(|(name=tool)(artifact=shop))', namespace: 'npm' });
    expect(found.items.map(({ definition: { name } }) => name)).toEqual(['tool']);
  });

  test('in a Maven layout brings a WAR, which a plan puts into a Tomcat', async () => {
    const folder = join(root, 'm2/org/example/shop/1.2');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'shop-1.2.war'), warOf({ 'index.html': 'hello' }));
    const tomcat = { name: 'tomcat', version: '10.1.0', type: 'instance', spec: { command: ['x'] } };
    const capabilities = [{ namespace: 'slipway.target', attributes: { type: 'tomcat' } }];
    const shipped = { name: 'shipped', version: '1.0.0', definitions: [{ ...tomcat, capabilities }] };
    await writeFile(join(root, 'content/p.json'), JSON.stringify(shipped));
    const m2 = { kind: 'maven', folder: join(root, 'm2'), packages: ['org.example:shop@war'], target: 'tomcat' } as const;
    const { repository, refresh, plan } = replica({ m2: { ...m2, packages: [...m2.packages] } });
    await repository.refresh();
    await refresh();
    const { outcome, steps, wires } = await plan('org.example.shop');
    expect([outcome, steps.map(({ definition: { name, version } }) => `${name}@${version}`)]).toEqual([
      'install',
      ['tomcat@10.1.0', 'org.example.shop@1.2.0'],
    ]);
    expect(steps[1]!.spec).toMatchObject({ placement: { path: 'webapps/shop-1.2.war' } });
    expect(wires).toEqual([{ from: 'instance/shop', requirement: 'target', to: steps[0]!.id }]);
  });

  test('that is not configured any more is not in force, and that is recorded', async () => {
    has({ 'a.yaml': yaml('a', 'a@1.0.0') });
    await replica().refresh();
    const without = replica({});
    expect(await without.inForce()).toEqual([]);
    const recordedLeft = new Promise<void>((resolve) => {
      const subscription = log.as('resolver').subscribe({
        name: 'test',
        filter: { categories: ['content'] },
        events: (all) => {
          if (all.some(({ type }) => type === 'DelegateLeft')) resolve();
        },
        failed: () => undefined,
      });
      stops.push(() => subscription.stop());
    });
    stops.push(without.delegates.follow());
    await recordedLeft;
    expect((await events()).at(-1)).toEqual({
      type: 'DelegateLeft',
      data: { name: 'upstream', actor: { id: 'a-resolver', type: 'system' } },
    });
  });

  test('that there is not cannot be asked, and whose token others may read is not asked', async () => {
    const tokenFile = join(root, 'token');
    await writeFile(tokenFile, 'secret\n', { mode: 0o644 });
    const { delegates, content } = replica({ upstream: { ...upstream(), tokenFile } });
    await expect(delegates.refresh(ada, 'downstream')).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no other repository downstream; there are upstream',
    });
    await delegates.refresh(ada);
    expect([(await content.list({})).problems, other.asked]).toEqual([[expect.stringContaining(`chmod 600 ${tokenFile}`)], []]);
  });
});

const PLACE: ResolveQuery['place'] = {
  ...{ guestLocation: 'local', location: 'local', provisioner: 'slipway' },
  drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process', 'artefact'] },
};
