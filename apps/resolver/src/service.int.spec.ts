import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { VERBS, type ResolveOfferingsQuery, type HealthReport, type Plan, type ResolveQuery } from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { MeshConfig, type RunningService, type Runtime } from '@slipway/mesh';
import { startNatsServer, testRuntime, type NatsServer } from '@slipway/mesh/testing';
import { service } from './index.js';

describe('the resolver over NATS', () => {
  let nats: NatsServer;
  let folder: string;
  let runtime: Runtime;
  let running: RunningService;
  const appends: string[] = [];

  beforeAll(async () => {
    nats = await startNatsServer();
    folder = await mkdtemp(join(tmpdir(), 'slipway-resolver-'));
    await writeFile(
      join(folder, 'p.yaml'),
      `name: p
version: 1.0.0
definitions:
  - { name: volume, version: 1.0.0, type: storage }
  - name: app
    version: 1.0.0
    type: instance
    dependencies: [volume]
    offerings: [{ name: size, title: Size, schema: { type: integer }, default: 1 }]
    spec: { command: [x] }
  - { name: broken, version: 1.0.0, dependencies: ["volume@^2"] }
`,
    );
    await writeFile(join(folder, 'bad.yaml'), 'name: bad\n');
    const log = new MemoryEventLog({ onAppend: ({ stream }) => void appends.push(stream) });
    const config = Object.assign(new MeshConfig(), { mesh: 'test', contentFolder: folder });
    const parts = { config, store: log.as('resolver'), blobs: new MemoryBlobs(), cacheFolder: join(folder, '.cache') };
    runtime = await testRuntime({ nats, service: 'resolver', parts });
    running = await service.start(runtime);
  }, 60_000);
  afterAll(async () => {
    await running?.stop({ instances: 'leave' });
    await runtime?.connection.close();
    await nats?.remove();
    await rm(folder, { recursive: true });
  }, 60_000);

  const query = (more: Partial<ResolveQuery>): ResolveQuery => ({
    job: 'provision',
    environment: 'default',
    instanceId: 'shop',
    place: {
      guestLocation: 'local',
      location: 'local',
      provisioner: 'slipway',
      drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
    },
    ...more,
  });
  const plan = (body: unknown) => runtime.bus.request<Plan>('resolver', VERBS.plan, body);

  test('answers with a plan', async () => {
    const answer = await plan(query({ definition: 'app' }));
    expect(answer).toMatchObject({ outcome: 'install', leases: [], unsatisfied: [] });
    expect(answer.steps.map((step) => step.id)).toEqual(['storage/shop-volume', 'instance/shop']);
    expect(await plan(query({ job: 'deprovision' }))).toMatchObject({ outcome: 'satisfied', steps: [] });
  });

  test('answers with what can be chosen of a definition at a place; what was chosen is checked', async () => {
    const offerings = (body: Partial<ResolveOfferingsQuery>) =>
      runtime.bus.request('resolver', VERBS.offerings, { definition: 'app', place: query({}).place, ...body });
    const offered = [{ name: 'zone', title: 'Zone', schema: { enum: ['a', 'b'] }, default: 'a', from: 'provisioner' as const }];
    const place = { ...query({}).place, offered };
    const size = { name: 'size', title: 'Size', schema: { type: 'integer' }, default: 1, from: 'definition' };
    expect(await offerings({ place })).toEqual({ items: [size, ...offered] });
    expect(await offerings({ place, offerings: { zone: 'b', size: 2 } })).toEqual({ items: [size, ...offered] });
    await expect(offerings({ place, offerings: { zone: 'c', colour: 'red' } })).rejects.toMatchObject({
      code: 'bad-input',
      details: {
        fields: [
          { field: 'offerings.zone', reason: 'must be one of "a", "b"' },
          { field: 'offerings.colour', reason: 'is not offered; there are: size (Size), zone (Zone)' },
        ],
      },
    });
    await expect(offerings({ definition: 'nothing' })).rejects.toMatchObject({ code: 'not-found', message: /nothing/ });
    await expect(plan(query({ definition: 'app', offerings: { size: 'big' } }))).rejects.toMatchObject({
      code: 'bad-input',
      message: /offerings\.size: must be integer/,
    });
  });

  test('answers with why not', async () => {
    expect((await plan(query({ definition: 'broken' }))).unsatisfied).toEqual([
      {
        chain: ['broken@1.0.0'],
        requirement: 'volume@^2',
        reason: 'no-version',
        message: 'volume has no version in ^2; there is 1.0.0.',
      },
    ]);
  });

  test.each([
    ['no body', null],
    ['another job', query({ job: 'renew' as never })],
    ['a name that is none', query({ instanceId: '../x' })],
    ['no place', { ...query({}), place: undefined }],
    ['a place without a name', query({ place: { location: 'x', drivers: {} } as never })],
    ['an unknown field', { ...query({}), force: true }],
    ['a definition that is none', query({ definition: 'A b' })],
    ['nothing to provision', query({})],
  ])('refuses %s as bad input', async (_what, body) => {
    await expect(plan(body)).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('is ready and names the package that it refused', async () => {
    const report = await runtime.bus.request<HealthReport>('resolver', VERBS.health, {});
    expect(report).toMatchObject({ service: 'resolver', replica: 'test-resolver', ready: true });
    expect(report.reasons).toContainEqual(expect.stringMatching(/^content: bad\.yaml:1:1: version must be a semantic version/));
    expect(await running.health()).toEqual(report);
  });

  test('is not ready when no package at all can be taken, and names the first of very many problems', async () => {
    const empty = join(folder, 'nothing-good');
    await mkdir(empty);
    for (let count = 0; count < 30; count++) await writeFile(join(empty, `p${count}.yaml`), 'name: 1\n');
    const config = Object.assign(new MeshConfig(), { mesh: 'other', contentFolder: empty });
    const cacheFolder = join(folder, '.cache-other');
    const other = await testRuntime({
      nats,
      service: 'resolver',
      parts: { config, cacheFolder, store: runtime.store, blobs: runtime.blobs },
    });
    const lost = await service.start(other);
    const { ready, reasons } = await lost.health();
    expect([ready, reasons.length]).toEqual([false, 21]);
    expect(reasons.at(-1)).toMatch(/more problems; see the log$/);
    await lost.stop({ instances: 'leave' });
    await other.connection.close();
  });

  test('has appended to the log what stands in its folder, each once, and nothing else', async () => {
    expect(new Set(appends)).toEqual(new Set(['content-test-resolver']));
    const [taken, ...more] = await runtime.store.read('content-test-resolver');
    expect(taken).toMatchObject({
      type: 'ContentTaken',
      data: {
        layer: 'default',
        name: 'p',
        version: '1.0.0',
        definitions: 3,
        folder,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      metadata: { actor: { id: 'test-resolver', type: 'system' } },
    });
    // The mesh beside it had another folder, and the same name.
    expect(more.map(({ type }) => type)).toEqual(['ContentLeft']);
  });
});
