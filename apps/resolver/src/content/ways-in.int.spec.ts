import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  SlipwayError,
  canonicalJson,
  sha256,
  systemClock,
  type Json,
  type JsonObject,
  type RequestContext,
} from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { DownloadCache } from '@slipway/remote-content';
import { openOtherServer, sends, type OtherServer } from '@slipway/remote-content/testing';
import { pino } from 'pino';
import { Delegates } from '../delegates/delegates.js';
import { openDelegate } from '../delegates/open-delegate.js';
import { Repository } from '../repository/repository.js';
import { RecordedContent } from './recorded-content.js';
import { ContentRecorder } from './recorder.js';
import { ContentUploads } from './uploads.js';
import { WrittenDefinitions } from './written.js';

const ada: RequestContext = { actor: { id: 'ada', type: 'user' }, correlationId: 'call-1' } as RequestContext;
const named = { name: 'a', version: '1.0.0' };
const LIMIT = 4 * 1024 ** 2;

/** An object with a field that JavaScript may give a meaning of its own: as JSON says it. */
const fieldCalled = (key: string, value: unknown, others: JsonObject = {}): JsonObject =>
  JSON.parse(
    `{${JSON.stringify(key)}:${JSON.stringify(value)},${JSON.stringify(others).slice(1)}`.replace(/,}$/, '}'),
  ) as JsonObject;

const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1)]);

type Bad = readonly [what: string, definition: JsonObject, reason: RegExp];
/** What a definition must not be, and what is said of it. */
const BAD: readonly Bad[] = [
  ['a version that is none', { ...named, version: 'one' }, /version must be a semantic version/],
  ['a name that is none', { ...named, name: 'A b' }, /name must be lower-case letters/],
  ['a field that there is not', { ...named, colour: 'red' }, /colour is not known/],
  [
    'a filter that is empty',
    { ...named, requirements: [{ namespace: 'db', filter: '' }] },
    /requirements\.0\.filter character 1: is empty/,
  ],
  [
    'a filter that is none',
    { ...named, requirements: [{ namespace: 'db', filter: '(a=b' }] },
    /filter character 5: expected "\)"/,
  ],
  ['a range that is none', { ...named, dependencies: ['b@not a range!'] }, /dependencies\.0/],
  [
    'a capability of Slipway’s own',
    { ...named, capabilities: [{ namespace: 'slipway.identity' }] },
    /must not begin with "slipway\."/,
  ],
  [
    'an attribute that is no value',
    { ...named, capabilities: [{ namespace: 'db', attributes: { a: {} } }] },
    /attributes\.a must be/,
  ],
  ['a spec of something abstract', { ...named, spec: { command: ['x'] } }, /spec is only for a definition with a type/],
  ['a spec that does not fit', { ...named, type: 'instance', spec: { command: 'x' } }, /spec\.command/],
  [
    'an artefact that was pinned elsewhere',
    { ...named, type: 'instance', spec: { command: ['x'], artefactBlob: {} } },
    /artefactBlob is set by/,
  ],
  ['itself as what it needs', { ...named, dependencies: ['a@^1.0.0'] }, /dependencies\.0 is a@1\.0\.0 itself/],
  [
    'itself as a requirement, even an optional one',
    {
      ...named,
      requirements: [
        { namespace: 'slipway.identity', attributes: { name: 'a' }, filter: '(version>=1)', resolution: 'optional' },
      ],
    },
    /requirements\.0 is a@1\.0\.0 itself/,
  ],
  [
    'a filter that is nested 10,000 deep',
    { ...named, requirements: [{ namespace: 'db', filter: `${'(!'.repeat(10_000)}(a=b)${')'.repeat(10_000)}` }] },
    /requirements\.0\.filter must be shorter/,
  ],
  [
    'an and of nothing',
    { ...named, requirements: [{ namespace: 'db', filter: '(&)' }] },
    /filter character 3: expected a filter/,
  ],
  [
    'a version that goes beyond all numbers',
    { ...named, version: '99999999999999999999.0.0' },
    /version must be a semantic version/,
  ],
  [
    '10 MB',
    { ...named, type: 'instance', spec: { command: ['x'], environment: { A: 'x'.repeat(10_000_000) } } },
    /more than \d+ bytes|at most \d+ are taken/,
  ],
  [
    'lists within lists, 1,000 deep',
    { ...named, capabilities: [{ namespace: 'db', attributes: { a: nested(1_000) } }] },
    /nested more than 64 deep/,
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString'].flatMap((key): Bad[] => [
    [`a field ${key}`, fieldCalled(key, { polluted: true }, named), /cannot be a field’s name/],
    [
      `an attribute ${key}`,
      { ...named, capabilities: [{ namespace: 'db', attributes: fieldCalled(key, 1) }] },
      /cannot be a field’s name/,
    ],
    [
      `a variable ${key}`,
      { ...named, type: 'instance', spec: { command: ['x'], environment: fieldCalled(key, 'x') } },
      /cannot be a field’s name/,
    ],
  ]),
  ['no end of a name', { ...named, name: 'a'.repeat(100_000) }, /name must be/],
];

describe('a definition', () => {
  let root: string;
  let log: MemoryEventLog;
  let blobs: MemoryBlobs;
  let other: OtherServer;
  let cache: DownloadCache;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-ways-'));
    for (const name of ['content', 'unpacked']) await mkdir(join(root, name));
    [log, blobs, other] = [new MemoryEventLog(), new MemoryBlobs(), await openOtherServer()];
    cache = new DownloadCache({ folder: join(root, 'downloads'), maxBytes: LIMIT });
  });
  afterEach(async () => {
    await other.close();
    await cache.settled();
    await rm(root, { recursive: true });
  });

  /** Brings a definition in by each way there is; answers what was said of it, and where it is in force then. */
  async function byEachWay(
    definition: JsonObject,
    ...more: JsonObject[]
  ): Promise<Record<string, { said: string; inForce: string[] }>> {
    const package_ = JSON.stringify({ name: 'p', version: '1.0.0', definitions: [definition, ...more] });
    const folder = join(root, 'unpacked');
    const fresh = () => {
      [log, blobs] = [new MemoryEventLog(), new MemoryBlobs()];
      const store = log.as('resolver');
      const recorded = new RecordedContent(store, blobs);
      const recorder = new ContentRecorder(store);
      const repository = new Repository({
        ...{ folder: join(root, 'content'), blobs, clock: systemClock, logger: pino({ level: 'silent' }), recorded },
        delegates: ['upstream'],
      });
      return { recorded, recorder, repository };
    };
    const outcome = async (repository: Repository, said: string) => ({
      said,
      inForce: (await repository.current()).stack
        .inForce()
        .map(({ definition: found, package: { layer } }) => `${layer} ${canonicalJson(found as unknown as JsonObject)}`),
    });
    const failure = (work: Promise<unknown>) =>
      work.then(
        () => '',
        (error: SlipwayError) => error.message,
      );

    const byFolder = fresh();
    await writeFile(join(root, 'content', 'p.json'), package_);
    await byFolder.repository.refresh();
    const ofFolder = await outcome(byFolder.repository, byFolder.repository.problems.join());
    await rm(join(root, 'content', 'p.json'));

    const byUpload = fresh();
    const uploads = new ContentUploads({ ...byUpload, blobs, folder, maxUnpackedBytes: LIMIT });
    const holder = randomUUID();
    const upload = await blobs.of(holder).put(package_);
    const ofUpload = await outcome(
      byUpload.repository,
      await failure(uploads.store({ holder, upload, kind: 'json', file: 'p.json' }, ada)),
    );

    const byItself = fresh();
    const written = new WrittenDefinitions({ ...byItself, blobs, folder });
    const ofItself = await outcome(byItself.repository, await failure(written.write({ change: 'create', definition }, ada)));

    const byOther = fresh();
    other.routes
      .set('/p.json', sends(package_))
      .set(
        '/index.json',
        sends(JSON.stringify({ packages: [{ name: 'p', version: '1.0.0', file: 'p.json', sha256: sha256(package_) }] })),
      );
    const delegates = new Delegates({
      configured: { upstream: { kind: 'http', url: `${other.url}index.json`, privateHosts: ['127.0.0.1'] } },
      ...{ ...byOther, blobs, folder, maxUnpackedBytes: LIMIT, clock: systemClock, logger: pino({ level: 'silent' }) },
      ...{ replica: 'a-resolver', refreshSeconds: 3600 },
      open: (config) => openDelegate(config, { cache, maxBytes: LIMIT }),
    });
    await delegates.refresh(ada);
    const ofOther = await outcome(byOther.repository, delegates.problems.join());
    return { folder: ofFolder, upload: ofUpload, itself: ofItself, other: ofOther };
  }

  test.each(BAD)(
    'with %s is refused whichever way it comes, for the same reason, and nothing of it is stored',
    async (_what, definition, reason) => {
      const ways = await byEachWay(definition);
      for (const [way, { said, inForce }] of Object.entries(ways)) {
        expect([way, said]).toEqual([way, expect.stringMatching(reason)]);
        expect([way, inForce]).toEqual([way, []]);
        expect(said.length).toBeLessThan(2000);
      }
      // Of what was refused there is not even a blob: that one is of the answer that there is nothing.
      expect(blobs.contents.size).toBe(1);
    },
  );

  test('that stands twice in a package is refused whichever way that comes, and nothing of the package is stored', async () => {
    const { itself: _alone, ...ways } = await byEachWay(named, { ...named, description: 'another' });
    for (const [way, { said, inForce }] of Object.entries(ways)) {
      expect([way, said]).toEqual([way, expect.stringMatching(/a@1\.0\.0 stands in this package twice/)]);
      expect([way, inForce]).toEqual([way, []]);
    }
  });

  test('is in force whichever way it comes, and the same', async () => {
    const definition = { ...named, capabilities: [{ namespace: 'db', attributes: { size: 5 } }], dependencies: ['b@^1.0.0'] };
    const ways = await byEachWay(definition);
    const text = canonicalJson(definition);
    expect(ways).toEqual({
      folder: { said: '', inForce: [`default ${text}`] },
      upload: { said: '', inForce: [`dynamic ${text}`] },
      itself: { said: '', inForce: [`writable ${text}`] },
      other: { said: '', inForce: [`delegated ${text}`] },
    });
  });
});
