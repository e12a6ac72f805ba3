import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { SlipwayError, systemClock, type ContentKind, type ContentRecorded, type RequestContext } from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { identityOf } from '@slipway/solver';
import { pino } from 'pino';
import { extract, pack, type Header } from 'tar-stream';
import { Repository } from '../repository/repository.js';
import { Content } from './content.js';
import { FolderRecord } from './folder-record.js';
import { RecordedContent } from './recorded-content.js';
import { ContentRecorder } from './recorder.js';
import { ContentUploads } from './uploads.js';
import { WrittenDefinitions } from './written.js';

const ada: RequestContext = { actor: { id: 'ada', type: 'user' }, correlationId: 'call-1' } as RequestContext;
const SMALLEST = `name: greetings
version: 1.0.0
definitions:
  - name: greeting
    version: 1.0.0
    dependencies: ["other@>=2.0.0"]
`;
const yaml = (name: string, ...keys: string[]) =>
  `name: ${name}\nversion: 1.0.0\ndefinitions:\n${keys.map((key) => `  - { name: ${key.split('@')[0]}, version: ${key.split('@')[1]} }\n`).join('')}`;

/** Nobody is delegated to. */
const NOBODY = { views: () => [], problems: [], refresh: async () => undefined };

async function tarOf(...entries: [Partial<Header> & { name: string }, string?][]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content = ''] of entries) archive.entry(header as Header, content);
  archive.finalize();
  return buffer(archive);
}

describe('content', () => {
  let root: string;
  let log: MemoryEventLog;
  let blobs: MemoryBlobs;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-content-'));
    for (const name of ['content', 'local', 'unpacked']) await mkdir(join(root, name));
    log = new MemoryEventLog();
    blobs = new MemoryBlobs();
  });
  afterEach(() => rm(root, { recursive: true }));

  /** A replica of the resolver; all of them share log, blobs and folders. */
  function replica(name = 'a-resolver', store = log.as('resolver')) {
    const recorded = new RecordedContent(store, blobs);
    const repository = new Repository({
      ...{ folder: join(root, 'content'), localFolder: join(root, 'local'), blobs, clock: systemClock },
      ...{ logger: pino({ level: 'silent' }), recorded, record: new FolderRecord(store, name) },
    });
    const folder = join(root, 'unpacked');
    const recorder = new ContentRecorder(store);
    const written = new WrittenDefinitions({ recorder, blobs, repository, folder });
    const uploads = new ContentUploads({ recorder, blobs, recorded, repository, folder, maxUnpackedBytes: 20 * 1024 ** 2 });
    const content = new Content(repository, blobs, NOBODY);
    const send = async (bytes: string | Buffer, kind: ContentKind = 'yaml', file = `p.${kind}`, replaces?: string) => {
      const holder = randomUUID();
      const upload = await blobs.of(holder).put(bytes);
      return uploads.store({ holder, upload, kind, file, ...(replaces !== undefined && { replaces }) }, ada);
    };
    const inForce = async () =>
      (await repository.current()).stack.inForce().map(({ key, package: { layer } }) => `${layer} ${key}`);
    return { repository, uploads, written, content, send, inForce };
  }
  const events = async (stream = 'content-layers') =>
    (await log.as('resolver').read(stream)).map(({ type, data }) => ({ type, data }));
  const put = (path: string, text: string) => writeFile(join(root, path), text);

  test('the smallest package: uploaded on one replica, it is in force on all, and recorded with who did it', async () => {
    const [one, other] = [replica(), replica('b-resolver')];
    await other.repository.refresh();
    const answer = await one.send(SMALLEST, 'yaml', 'p.yaml');
    expect(answer).toEqual({
      name: 'greetings',
      version: '1.0.0',
      layer: 'dynamic',
      definitions: 1,
      position: expect.any(String),
    });
    expect(await one.inForce()).toEqual(['dynamic greeting@1.0.0']);
    const { catalogue } = await other.repository.current();
    expect(catalogue.get({ name: 'greeting', version: '1.0.0' })?.definition.dependencies).toEqual(['other@>=2.0.0']);
    expect(await events()).toEqual([
      {
        type: 'ContentUploaded',
        data: expect.objectContaining({ name: 'greetings', version: '1.0.0', kind: 'yaml', file: 'p.yaml', actor: ada.actor }),
      },
    ]);
    // A replica that starts later, or again.
    expect(await replica('c-resolver').inForce()).toEqual(['dynamic greeting@1.0.0']);
    expect(await readdir(join(root, 'unpacked'))).toEqual([]);
  });

  test('is told with its layer, what may be done to it, where it is from, and counts', async () => {
    await put('content/p.yaml', `${yaml('shipped', 'greeting@1.0.0', 'b@1.0.0')}description: What is shipped\n`);
    const { repository, send, content } = replica();
    await repository.refresh();
    await send(SMALLEST);
    expect(await content.list({})).toEqual({
      delegates: [],
      items: [
        {
          ...{
            name: 'greetings',
            version: '1.0.0',
            layer: 'dynamic',
            overwritable: false,
            writable: false,
            source: 'upload by ada',
          },
          counts: { definitions: 1, overridden: 0, capabilities: 0, requirements: 1, artefacts: 0 },
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        {
          ...{
            name: 'shipped',
            version: '1.0.0',
            description: 'What is shipped',
            layer: 'default',
            overwritable: true,
            writable: false,
          },
          source: join(root, 'content'),
          counts: { definitions: 2, overridden: 1, capabilities: 0, requirements: 0, artefacts: 0 },
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
      problems: [],
    });
    expect(await content.definition({ name: 'greeting', version: '1.0.0' })).toMatchObject({
      ...{ layer: 'dynamic', package: 'greetings', overrides: [{ layer: 'default', package: 'shipped' }] },
      definition: { name: 'greeting', version: '1.0.0', dependencies: ['other@>=2.0.0'] },
    });
    await expect(content.definition({ name: 'greeting', version: '2.0.0' })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('capabilities are told by namespace, page by page, identity among them', async () => {
    const { send, content } = replica();
    await send(
      'name: p\nversion: 1.0.0\ndefinitions:\n  - {name: a, version: 1.0.0, capabilities: [{namespace: db, attributes: {version: 2.0.0}}, {namespace: db}]}\n  - {name: b, version: 1.0.0, capabilities: [{namespace: db}]}\n',
    );
    const first = await content.capabilities({ namespace: 'db', limit: 2 });
    const a = { namespace: 'db', definition: { name: 'a', version: '1.0.0' }, layer: 'dynamic' };
    expect(first.items).toEqual([
      { ...a, attributes: { version: '2.0.0' } },
      { ...a, attributes: {} },
    ]);
    const second = await content.capabilities({ namespace: 'db', limit: 2, cursor: first.next! });
    expect(second).toEqual({ items: [{ ...a, attributes: {}, definition: { name: 'b', version: '1.0.0' } }] });
    const names = (await content.capabilities({ namespace: 'slipway.identity' })).items.map(({ attributes }) => attributes);
    expect(names).toEqual([
      { name: 'a', version: '1.0.0' },
      { name: 'b', version: '1.0.0' },
    ]);
    await expect(content.capabilities({ cursor: '???' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('capabilities are told by a filter, as a requirement would take them', async () => {
    const { send, content } = replica();
    await send(
      'name: p\nversion: 1.0.0\ndefinitions:\n  - {name: a, version: 1.0.0, capabilities: [{namespace: db, attributes: {version: 9.0.0, engine: x}}, {namespace: db, attributes: {version: 10.0.0}}]}\n',
    );
    const found = async (filter: string) =>
      (await content.capabilities({ namespace: 'db', filter })).items.map(({ attributes }) => attributes['version']);
    // Versions compare as versions, not as texts.
    expect([await found('(version>=9.5)'), await found('(&(version>=2)(engine=x))'), await found('(nothing=*)')]).toEqual([
      ...[['10.0.0'], ['9.0.0'], []],
    ]);
    const named = await content.capabilities({ filter: '(&(name=a)(version<=1.0))' });
    expect(named.items).toMatchObject([{ namespace: 'slipway.identity' }]);
    await expect(content.capabilities({ filter: '(a=b' })).rejects.toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: 'filter', reason: expect.stringContaining('character 5') }] },
    });
  });

  test('content packages are told page by page, each once', async () => {
    const { send, content } = replica();
    for (const name of ['one', 'two', 'three']) await send(yaml(name, `${name}@1.0.0`), 'yaml', `${name}.yaml`);
    const { items, next } = await content.list({ limit: 2 });
    const rest = await content.list({ limit: 2, cursor: next! });
    expect([...items, ...rest.items].map(({ name }) => name).toSorted()).toEqual(['one', 'three', 'two']);
    expect([items.length, rest.next]).toEqual([2, undefined]);
    await expect(content.list({ cursor: '???' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('definitions are listed, all, by name, by the layer that they count in, page by page', async () => {
    await put('content/p.yaml', yaml('shipped', 'a@1.0.0', 'b@1.0.0', 'b@2.0.0'));
    const { repository, send, content } = replica();
    await repository.refresh();
    await send(yaml('p', 'a@1.0.0'));
    const key = ({ layer, ...one }: { name: string; version: string; layer: string }) => `${layer} ${identityOf(one)}`;
    const listed = async (query: Parameters<typeof content.definitions>[0]) => (await content.definitions(query)).items.map(key);
    expect(await listed({})).toEqual(['dynamic a@1.0.0', 'default b@2.0.0', 'default b@1.0.0']);
    expect([await listed({ name: 'b' }), await listed({ layer: 'dynamic' })]).toEqual([
      ['default b@2.0.0', 'default b@1.0.0'],
      ['dynamic a@1.0.0'],
    ]);
    const { items, next } = await content.definitions({ limit: 2 });
    expect([items.map(key), await listed({ limit: 2, cursor: next! })]).toEqual([
      ['dynamic a@1.0.0', 'default b@2.0.0'],
      ['default b@1.0.0'],
    ]);
    await expect(content.definitions({ cursor: '???' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  describe('is taken as', () => {
    const definition = '  - {name: app, version: 1.0.0, type: instance, spec: {artefact: app, command: [node]}}\n';
    const withArtefact = `name: p\nversion: 1.0.0\ndefinitions:\n${definition}`;

    test.each<[string, ContentKind, () => Promise<Buffer>]>([
      [
        'JSON',
        'json',
        async () => Buffer.from('{"name":"p","version":"1.0.0","definitions":[{"name":"app","version":"1.0.0"}]}'),
      ],
      [
        'a tar with the package at its top',
        'tar',
        () => tarOf([{ name: 'package.yaml' }, withArtefact], [{ name: 'app/server.mjs' }, 'x']),
      ],
      [
        'a gzipped tar with one folder',
        'tar',
        async () => gzipSync(await tarOf([{ name: './p/package.yaml' }, withArtefact], [{ name: './p/app/server.mjs' }, 'x'])),
      ],
      ['a tar with one file', 'tar', () => tarOf([{ name: 'anything.yaml' }, yaml('p', 'app@1.0.0')])],
    ])('%s', async (_what, kind, bytes) => {
      const { send, inForce, content } = replica();
      const sent = await bytes();
      await send(sent, kind, `p.${kind}`);
      expect(await inForce()).toEqual(['dynamic app@1.0.0']);
      const given = await content.pack({ name: 'p' });
      expect([given.kind, given.file, await blobs.read(given.blob.sha256)]).toEqual([kind, `p.${kind}`, sent]);
    });

    test('a folder, whose artefacts are pinned by their content', async () => {
      const { send, repository, content } = replica();
      await send(await tarOf([{ name: 'package.yaml' }, withArtefact], [{ name: 'app/server.mjs' }, 'x']), 'tar');
      const { spec } = (await repository.current()).catalogue.get({ name: 'app', version: '1.0.0' })!.definition;
      const { sha256 } = spec!['artefactBlob'] as { sha256: string };
      expect((await blobs.read(sha256)).toString()).toContain('server.mjs');
      expect((await content.list({})).items[0]!.counts.artefacts).toBe(1);
    });
  });

  describe('that is not good is refused whole, and nothing of it is kept:', () => {
    const big = `description: ${'x'.repeat(10 * 1024 ** 2)}\n`;
    const bomb = () => gzipSync(Buffer.alloc(64 * 1024 ** 2));
    const good = yaml('p', 'a@1.0.0');

    test.each<[string, ContentKind, () => Promise<Buffer | string> | Buffer | string, RegExp]>([
      [
        'a version that is none',
        'yaml',
        () => yaml('p', 'a@1.0.0', 'b@one'),
        /^p\.yaml:5:24: definitions\.1\.version must be a semantic version/,
      ],
      ['no definitions', 'yaml', () => 'name: p\nversion: 1.0.0\n', /^p\.yaml:1:1: definitions /],
      ['a definition of 10 MB', 'yaml', () => good + big, /^p\.yaml: has more than 4194304 bytes$/],
      [
        'an identity that stands twice',
        'yaml',
        () => yaml('p', 'a@1.0.0', 'a@1.0.0'),
        /^p\.yaml:5:24: definitions\.1\.version a@1\.0\.0 stands in this package twice$/,
      ],
      ['a prototype key', 'yaml', () => `${good}__proto__: {x: 1}\n`, /^p\.yaml:5:1: "__proto__" cannot be a field’s name$/],
      ['a prototype key in JSON', 'json', () => '{"constructor": {}}', /"constructor" cannot be a field’s name$/],
      ['what is no YAML', 'yaml', () => 'name: [', /^p\.yaml:\d+:\d+: /],
      ['what is no tar', 'tar', () => Buffer.alloc(2048, 'x'), /^The archive is refused: "the whole": /],
      [
        'a tar that breaks off',
        'tar',
        async () => (await tarOf([{ name: 'package.yaml' }, good])).subarray(0, 600),
        /^The archive is refused: /,
      ],
      [
        'a broken gzip',
        'tar',
        () => Buffer.concat([gzipSync(good).subarray(0, 12), Buffer.alloc(40, 'x')]),
        /^The archive is refused: it is not gzip/,
      ],
      [
        'a name that leads out',
        'tar',
        () => tarOf([{ name: '../package.yaml' }, good]),
        /"\.\.\/package\.yaml": its name holds "\.\."$/,
      ],
      ['an absolute name', 'tar', () => tarOf([{ name: '/etc/slipway/content/p.yaml' }, good]), /its name is absolute$/],
      ['a device', 'tar', () => tarOf([{ name: 'null', type: 'character-device' }]), /"null": it is a character-device$/],
      [
        'a link that leads out',
        'tar',
        () => tarOf([{ name: 'package.yaml', type: 'symlink', linkname: '/etc/passwd' }]),
        /it is a link that leads out$/,
      ],
      [
        'a link to another package file',
        'tar',
        () => tarOf([{ name: 'x.txt' }, good], [{ name: 'package.yaml', type: 'symlink', linkname: 'x.txt' }]),
        /package\.yaml: is a link/,
      ],
      [
        'a name that comes twice',
        'tar',
        () => tarOf([{ name: 'package.yaml' }, good], [{ name: 'package.yaml' }, good]),
        /comes twice$/,
      ],
      ['what grows without end', 'tar', bomb, /more than 20971520 bytes once it is unpacked/],
      [
        'two packages',
        'tar',
        () => tarOf([{ name: 'a.yaml' }, good], [{ name: 'b.yaml' }, good]),
        /^p\.tar: holds 2 packages \(a\.yaml, b\.yaml\)/,
      ],
      ['no package', 'tar', () => tarOf([{ name: 'README.md' }, 'x']), /^p\.tar: holds no package\.yaml$/],
      ['nothing', 'tar', () => '', /^p\.tar: holds no package\.yaml$|^The archive is refused/],
    ])('%s', async (_what, kind, bytes, message) => {
      const { send, inForce } = replica();
      await expect(send(await bytes(), kind)).rejects.toMatchObject({ code: 'content-invalid', message });
      expect([await inForce(), await events(), blobs.contents.size, await readdir(join(root, 'unpacked'))]).toEqual([
        [],
        [],
        0,
        [],
      ]);
    });

    test('with all that is wrong, as data too', async () => {
      const refusal = await replica()
        .send(yaml('p', 'a@one', 'b@two'))
        .catch((error: SlipwayError) => error);
      expect((refusal as SlipwayError).details).toEqual({
        problems: [
          { file: 'p.yaml', line: 4, column: 25, field: 'definitions.0.version', reason: expect.stringMatching(/^must be/) },
          { file: 'p.yaml', line: 5, column: 25, field: 'definitions.1.version', reason: expect.stringMatching(/^must be/) },
        ],
      });
    });
  });

  describe('that collides is refused whole, and nothing of it is kept:', () => {
    const refused = async (work: Promise<unknown>, where: object, message: RegExp) => {
      const before = [await events(), blobs.contents.size];
      await expect(work).rejects.toMatchObject({ code: 'layer-refuses', details: where, message });
      expect([await events(), blobs.contents.size]).toEqual(before);
    };

    test('with a folder that overrides', async () => {
      await put('local/mine.yaml', yaml('mine', 'a@1.0.0'));
      const { repository, send } = replica();
      await repository.refresh();
      await refused(
        send(yaml('p', 'b@1.0.0', 'a@1.0.0')),
        { layer: 'local', package: 'mine', key: 'a@1.0.0' },
        /^The content package p is refused: a@1\.0\.0 stands in the layer local \(content package mine\), and the layer dynamic may not be overridden$/,
      );
    });

    test('with another upload, and with one of its name', async () => {
      const { send } = replica();
      await send(yaml('one', 'a@1.0.0'));
      await refused(send(yaml('two', 'a@1.0.0')), { layer: 'dynamic', package: 'one' }, /beside which it cannot stand again$/);
      await refused(send(yaml('one', 'b@1.0.0')), { layer: 'dynamic', package: 'one' }, /holds a content package one already/);
    });

    test('of two that are uploaded to two replicas at once one is taken, whichever', async () => {
      const replicas = Array.from({ length: 8 }, (_, index) => replica(`r${index}-resolver`));
      const all = await Promise.allSettled(
        replicas.map(({ send }, index) => send(yaml(`p${index}`, 'a@1.0.0', `b${index}@1.0.0`))),
      );
      const taken = all.filter((one) => one.status === 'fulfilled');
      expect(taken.length).toBe(1);
      for (const one of all)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'layer-refuses', details: { key: 'a@1.0.0' } });
      for (const { inForce } of replicas) expect((await inForce()).length).toBe(2);
      expect((await events()).length).toBe(1);
    });

    test('what comes into a folder, where an upload stands against it; it comes in when that is removed', async () => {
      const { repository, send, uploads, inForce } = replica();
      await send(yaml('p', 'a@1.0.0'));
      await put('local/mine.yaml', yaml('mine', 'b@1.0.0', 'a@1.0.0'));
      await repository.refresh();
      expect([await inForce(), repository.problems]).toEqual([
        ['dynamic a@1.0.0'],
        [
          `${join(root, 'local/mine.yaml')}:5:5: definitions.1 a@1.0.0 stands in the layer dynamic (content package p), and the layer dynamic may not be overridden`,
        ],
      ]);
      await uploads.remove({ name: 'p' }, ada);
      expect([await inForce(), repository.problems]).toEqual([['local b@1.0.0', 'local a@1.0.0'], []]);
    });
  });

  describe('that is there', () => {
    test('is replaced, by one of its name only, and by another content only', async () => {
      const [one, other] = [replica(), replica('b-resolver')];
      await one.send(yaml('p', 'a@1.0.0', 'b@1.0.0'));
      await expect(one.send(yaml('q', 'a@1.0.0'), 'yaml', 'q.yaml', 'p')).rejects.toMatchObject({
        code: 'content-invalid',
        message: 'The content package is called q; it cannot take the place of p',
      });
      const newer = yaml('p', 'b@1.0.0', 'c@1.0.0').replace('version: 1.0.0', 'version: 2.0.0');
      expect((await other.send(newer, 'yaml', 'p.yaml', 'p')).version).toBe('2.0.0');
      expect(await one.inForce()).toEqual(['dynamic b@1.0.0', 'dynamic c@1.0.0']);
      expect(await one.send(newer, 'yaml', 'p.yaml', 'p')).toMatchObject({ repeated: true, version: '2.0.0', definitions: 2 });
      expect((await events()).map(({ type, data }) => [type, data['before']])).toEqual([
        ['ContentUploaded', undefined],
        ['ContentReplaced', '1.0.0'],
      ]);
    });

    test('is not there twice when it is sent twice', async () => {
      const { send } = replica();
      const first = await send(SMALLEST);
      expect(await send(SMALLEST)).toEqual({ ...first, repeated: true });
      expect((await events()).length).toBe(1);
    });

    test('is removed, and what it hid shows again', async () => {
      await put('content/p.yaml', yaml('shipped', 'a@1.0.0'));
      const { repository, send, uploads, inForce } = replica();
      await repository.refresh();
      await send(yaml('p', 'a@1.0.0'));
      expect(await inForce()).toEqual(['dynamic a@1.0.0']);
      expect(await uploads.remove({ name: 'p', reason: 'old' }, ada)).toMatchObject({
        name: 'p',
        version: '1.0.0',
        layer: 'dynamic',
      });
      expect(await inForce()).toEqual(['default a@1.0.0']);
      expect((await events()).at(-1)).toEqual({
        type: 'ContentRemoved',
        data: { name: 'p', version: '1.0.0', actor: ada.actor, reason: 'old' },
      });
    });

    test('in a layer that takes none through the API is neither replaced nor removed', async () => {
      await put('content/p.yaml', yaml('shipped', 'a@1.0.0'));
      const { repository, send, uploads } = replica();
      await repository.refresh();
      const refusal = {
        code: 'layer-refuses',
        message: `The content package shipped stands in the layer default (${join(root, 'content')}), which takes no packages through the API`,
        details: { layer: 'default', package: 'shipped' },
      };
      await expect(uploads.remove({ name: 'shipped' }, ada)).rejects.toMatchObject(refusal);
      await expect(send(yaml('shipped', 'b@1.0.0'), 'yaml', 'p.yaml', 'shipped')).rejects.toMatchObject(refusal);
      await expect(uploads.remove({ name: 'nothing' }, ada)).rejects.toMatchObject({ code: 'not-found' });
      expect(await events()).toEqual([]);
    });
  });

  describe('a definition that is written', () => {
    const definition = { name: 'a', version: '1.0.0', title: 'One' };
    const create = { change: 'create' as const, definition };

    test('is created, updated and deleted, on every replica, each recorded with who did it', async () => {
      const [one, other] = [replica(), replica('b-resolver')];
      expect(await one.written.write(create, ada)).toEqual({
        name: 'a',
        version: '1.0.0',
        layer: 'writable',
        position: expect.any(String),
      });
      expect(await other.inForce()).toEqual(['writable a@1.0.0']);
      await other.written.write({ change: 'update', definition: { ...definition, title: 'Two' } }, ada);
      expect((await one.content.definition(definition)).definition).toEqual({ ...definition, title: 'Two' });
      expect((await one.content.list({})).items).toMatchObject([
        { name: 'writable', layer: 'writable', writable: true, source: 'API' },
      ]);
      const { blob, kind } = await one.content.pack({ name: 'writable' });
      expect([kind, JSON.parse((await blobs.read(blob.sha256)).toString())]).toEqual([
        'json',
        expect.objectContaining({ name: 'writable', definitions: [{ ...definition, title: 'Two' }] }),
      ]);
      await one.written.delete({ name: 'a', version: '1.0.0', reason: 'old' }, ada);
      expect([await other.inForce(), (await other.content.list({})).items]).toEqual([[], []]);
      expect((await events()).map(({ type, data }) => [type, data['actor']])).toEqual([
        ['DefinitionCreated', ada.actor],
        ['DefinitionUpdated', ada.actor],
        ['DefinitionDeleted', ada.actor],
      ]);
    });

    test('is refused where the key stands in another layer, and where it stands in none, by name', async () => {
      await put('content/p.yaml', yaml('shipped', 'a@1.0.0'));
      const { repository, written } = replica();
      await repository.refresh();
      const held = { code: 'layer-refuses', message: /^a@1\.0\.0 stands in the layer default \(content package shipped\)/ };
      await expect(written.write(create, ada)).rejects.toMatchObject(held);
      await expect(written.write({ ...create, change: 'update' }, ada)).rejects.toMatchObject(held);
      await expect(written.delete({ name: 'a', version: '1.0.0' }, ada)).rejects.toMatchObject(held);
      const nowhere = { change: 'update' as const, definition: { ...definition, name: 'b' } };
      await expect(written.write(nowhere, ada)).rejects.toMatchObject({ code: 'not-found' });
      await expect(written.delete({ name: 'b', version: '1.0.0' }, ada)).rejects.toMatchObject({ code: 'not-found' });
      expect([await events(), blobs.contents.size]).toEqual([[], 0]);
    });

    test('stands against a package that brings the same, and cannot be created twice; the same again changes nothing', async () => {
      const { written, send } = replica();
      await written.write(create, ada);
      expect((await written.write(create, ada)).repeated).toBe(true);
      await expect(written.write({ ...create, definition: { ...definition, title: 'Two' } }, ada)).rejects.toMatchObject({
        code: 'layer-refuses',
        message: 'a@1.0.0 stands in the layer writable (content package writable), so it cannot be created',
      });
      await expect(send(yaml('p', 'a@1.0.0'))).rejects.toMatchObject({
        code: 'layer-refuses',
        message: /and the layer writable may not override another$/,
      });
      expect((await events()).length).toBe(1);
    });

    test('that is not good is refused by field, and nothing of it is kept', async () => {
      const { written } = replica();
      const wrong = { name: 'A', version: '1', spec: { artefact: 'x' }, type: 'instance' };
      await expect(written.write({ change: 'create', definition: wrong }, ada)).rejects.toMatchObject({
        code: 'content-invalid',
        details: {
          fields: [
            { field: 'name', reason: expect.any(String) },
            { field: 'version', reason: expect.stringMatching(/^must be a semantic version/) },
          ],
        },
      });
      const forbidden = JSON.parse('{"name": "a", "version": "1.0.0", "spec": {"constructor": 1}}') as typeof definition;
      for (const bad of [{ ...definition, type: 'instance', spec: { artefact: 'x', command: ['x'] } }, forbidden])
        await expect(written.write({ change: 'create', definition: bad }, ada)).rejects.toMatchObject({
          code: 'content-invalid',
        });
      expect([await events(), blobs.contents.size, await readdir(join(root, 'unpacked'))]).toEqual([[], 0, []]);
    });

    test('by two replicas at once is created once', async () => {
      const replicas = Array.from({ length: 6 }, (_, index) => replica(`r${index}-resolver`));
      const all = await Promise.allSettled(
        replicas.map(({ written }, index) =>
          written.write({ change: 'create', definition: { ...definition, title: `${index}` } }, ada),
        ),
      );
      expect(all.filter(({ status }) => status === 'fulfilled').length).toBe(1);
      expect((await events()).length).toBe(1);
    });
  });

  test('of a folder is given out as it can be uploaded elsewhere', async () => {
    await mkdir(join(root, 'content/whole/app'), { recursive: true });
    await put('content/whole/package.yaml', yaml('whole', 'a@1.0.0'));
    await put('content/whole/app/server.mjs', 'x');
    await put('content/one.yaml', yaml('one', 'b@1.0.0'));
    const { repository, content } = replica();
    await repository.refresh();
    const whole = await content.pack({ name: 'whole' });
    expect([whole.kind, whole.file]).toEqual(['tar', 'whole-1.0.0.tar']);
    const names: string[] = [];
    const archive = (await blobs.open(whole.blob.sha256)).pipe(extract());
    for await (const entry of archive) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(['app/', 'app/server.mjs', 'package.yaml']);
    const one = await content.pack({ name: 'one', layer: 'default' });
    expect([one.kind, one.file, (await blobs.read(one.blob.sha256)).toString()]).toEqual([
      'yaml',
      'one.yaml',
      yaml('one', 'b@1.0.0'),
    ]);
    await expect(content.pack({ name: 'one', layer: 'local' })).rejects.toMatchObject({ code: 'not-found' });
  });

  describe('whatever breaks off', () => {
    test('an upload that was not recorded is not in force, and sent again it is taken', async () => {
      const store = log.as('resolver');
      const { append } = store;
      const { send, inForce } = replica('a-resolver', store);
      store.append = async () => {
        throw new SlipwayError('log-unavailable', 'away');
      };
      await expect(send(SMALLEST)).rejects.toMatchObject({ code: 'log-unavailable' });
      expect(await inForce()).toEqual([]);
      store.append = append;
      await send(SMALLEST);
      expect(await inForce()).toEqual(['dynamic greeting@1.0.0']);
    });

    test('one that was recorded while its answer was lost is there, and sent again changes nothing', async () => {
      const store = log.as('resolver');
      const append = store.append.bind(store);
      const { send, inForce } = replica('a-resolver', store);
      store.append = async (...args) => {
        await append(...args);
        throw new SlipwayError('log-unavailable', 'away');
      };
      await expect(send(SMALLEST)).rejects.toMatchObject({ code: 'log-unavailable' });
      expect(await inForce()).toEqual(['dynamic greeting@1.0.0']);
      expect(((await send(SMALLEST)) as ContentRecorded).repeated).toBe(true);
    });

    test('a package whose definitions are lost is named by who plans, and can be removed', async () => {
      await replica().send(SMALLEST);
      const { loaded } = (await events())[0]!.data as unknown as { loaded: { sha256: string } };
      blobs.contents.delete(loaded.sha256);
      const { repository, uploads, inForce } = replica('b-resolver');
      await expect(repository.current()).rejects.toMatchObject({ code: 'blob-missing' });
      await repository.refresh();
      expect(repository.problems).toEqual([expect.stringMatching(/^the log: .*is not there/)]);
      await uploads.remove({ name: 'greetings' }, ada);
      await repository.refresh();
      expect([await inForce(), repository.problems]).toEqual([[], []]);
    });

    test('a log that was restored to before an upload is read anew', async () => {
      const { send, inForce } = replica();
      await send(yaml('p', 'a@1.0.0'));
      await send(yaml('q', 'b@1.0.0'));
      log.disk.restore(1, Date.now());
      expect(await inForce()).toEqual(['dynamic a@1.0.0']);
      log.disk.restore(0, Date.now());
      expect(await inForce()).toEqual([]);
    });
  });

  test('changes of a folder are recorded, each once, also those of while the replica was away', async () => {
    await put('content/p.yaml', yaml('p', 'a@1.0.0'));
    await put('local/mine.yaml', yaml('mine', 'b@1.0.0'));
    const first = replica();
    await first.repository.refresh();
    await first.repository.refresh();
    const told = async () =>
      (await events('content-a-resolver')).map(({ type, data }) => `${type} ${data['layer']} ${data['name']}`);
    expect(await told()).toEqual(['ContentTaken local mine', 'ContentTaken default p']);
    await put('content/p.yaml', yaml('p', 'a@1.0.0', 'c@1.0.0'));
    await first.repository.refresh();
    await rm(join(root, 'local/mine.yaml'));
    const again = replica();
    await again.repository.refresh();
    await replica().repository.refresh();
    expect((await told()).slice(2)).toEqual(['ContentTaken default p', 'ContentLeft local mine']);
    expect((await events('content-a-resolver'))[2]!.data).toMatchObject({ definitions: 2, folder: join(root, 'content') });
    expect((await again.repository.current()).catalogue.all().map(({ definition }) => identityOf(definition))).toEqual([
      'a@1.0.0',
      'c@1.0.0',
    ]);
  });

  test('a change of a folder that could not be recorded is recorded when the log is back', async () => {
    await put('content/p.yaml', yaml('p', 'a@1.0.0'));
    const store = log.as('resolver');
    const { append } = store;
    store.append = async () => {
      throw new SlipwayError('log-unavailable', 'away');
    };
    const { repository, inForce } = replica('a-resolver', store);
    await repository.refresh();
    expect([await inForce(), repository.problems]).toEqual([['default a@1.0.0'], ['the log: away']]);
    store.append = append;
    await repository.refresh();
    expect([repository.problems, (await events('content-a-resolver')).length]).toEqual([[], 1]);
  });
});
