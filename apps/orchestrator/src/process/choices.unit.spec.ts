import { describe, expect, test } from '@jest/globals';
import { VERBS, type JsonObject, type ResolveOfferingsQuery } from '@slipway/contracts';
import { MeshConfig, badInput } from '@slipway/mesh';
import { ADA, World, exportOf, importAs, job } from '../testing/world.js';
import { queryOf } from './planning.js';

const size = { name: 'size', title: 'Size', schema: { enum: ['S', 'M'] }, default: 'S' };

async function started(configure: (config: MeshConfig) => void = () => {}) {
  const world = new World({ config: configure });
  const asked: ResolveOfferingsQuery[] = [];
  world.bus.serve('resolver', VERBS.offerings, (body) => {
    const query = body as ResolveOfferingsQuery;
    asked.push(query);
    if (query.offerings?.['size'] === 'L') throw badInput([{ field: 'offerings.size', reason: 'must be one of "S", "M"' }]);
    return { items: [{ ...size, from: 'definition' }] };
  });
  const { orchestrator } = world.live();
  await orchestrator.start();
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const over = () => (done = true);
    promise.then(over, over);
    await world.clock.until(() => done, 60_000);
    return promise;
  };
  const accept = (more: JsonObject, key = 'key') => settle(orchestrator.accept({ ...job('shop', more), key }, ADA));
  const ended = () => world.clock.until(() => world.quiet, 3_600_000);
  const recorded = () => world.events().filter(({ stream }) => !stream.startsWith('partition-'));
  return { world, orchestrator, asked, accept, settle, ended, recorded };
}

describe('what is chosen', () => {
  test('is validated before the request is taken: what is wrong is named, and nothing is recorded', async () => {
    const { accept, recorded } = await started();
    await expect(accept({ offerings: { size: 'L' } })).rejects.toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: 'offerings.size', reason: 'must be one of "S", "M"' }] },
    });
    expect(recorded()).toEqual([]);
  });

  test('is asked of the resolver with what the place offers; a request that was taken is not asked about again', async () => {
    const { accept, asked, ended } = await started(({ provisioners, guestLocations }) => {
      Object.assign(provisioners.hosts['slipway']!, { offerings: [size] });
      Object.assign(guestLocations['local']!, { offerings: [{ ...size, name: 'disk' }] });
    });
    const first = await accept({ offerings: { size: 'M' } });
    expect(await accept({ offerings: { size: 'M' } })).toEqual({ ...first, repeated: true });
    expect(asked).toMatchObject([
      {
        definition: 'guestbook',
        offerings: { size: 'M' },
        place: {
          offered: [
            { ...size, name: 'disk', from: 'guestLocation' },
            { ...size, from: 'provisioner' },
          ],
        },
      },
    ]);
    await ended();
  });

  test('is recorded with the request and with each step, and handed to every driver', async () => {
    const { world, accept, ended } = await started();
    const { requestId } = await accept({ offerings: { size: 'M' } });
    await ended();
    const events = world.events(`request-${requestId}`);
    const data = (type: string) => events.filter((event) => event.type === type).map((event) => event.data as JsonObject);
    expect(data('RequestAccepted')).toMatchObject([{ body: { offerings: { size: 'M' } } }]);
    const [{ plan }] = data('PlanMade') as [{ plan: { steps: JsonObject[] } }];
    expect(plan.steps.map(({ offerings }) => offerings)).toEqual(Array(3).fill({ size: 'M' }));
    expect(data('StepRequested').map(({ inputs }) => (inputs as JsonObject)['offering'])).toEqual(Array(3).fill({ size: 'M' }));
    const settled = world.events('environment-default').find(({ type }) => type === 'PlanSettled')!;
    expect((settled.data['installed'] as JsonObject[]).map(({ offerings }) => offerings)).toEqual(Array(3).fill({ size: 'M' }));
  });

  test('is not asked about where nothing is chosen', async () => {
    const { accept, asked } = await started();
    await accept({ offerings: {} });
    expect(asked).toEqual([]);
  });

  test('of an import that names no definition are of the one of its snapshot: known, or an archive in a store', async () => {
    const { world, accept, orchestrator, settle, asked, ended } = await started();
    world.config.defaultDefinition = 'another';
    await accept({}, 'made');
    await ended();
    const { requestId } = await settle(orchestrator.accept(exportOf('shop', { destination: 'backups' }), ADA));
    await ended();
    const [archive] = [...world.archives.files.keys()];
    asked.length = 0;
    for (const [name, snapshot] of Object.entries({ known: requestId, stored: archive! })) {
      const from = { snapshot, ...(name === 'known' && { snapshotId: true }) };
      const { definition: _, ...body } = importAs(name, { ...from, offerings: { size: 'L' } }).body;
      const taken = settle(orchestrator.accept({ job: 'import', body, key: name }, ADA));
      await expect(taken).rejects.toMatchObject({ code: 'bad-input' });
    }
    expect(asked.map(({ definition }) => definition)).toEqual(['fake@1.0.0', 'fake@1.0.0']);
  });

  test('can be asked for of a snapshot, by the job’s own words: what was chosen then is the default', async () => {
    const { world, accept, orchestrator, settle, asked, ended } = await started();
    await accept({ offerings: { size: 'M' } }, 'made');
    await ended();
    const { requestId } = await settle(orchestrator.accept(exportOf('shop', { destination: 'backups' }), ADA));
    await ended();
    const [path] = [...world.archives.files.keys()];
    world.archives.files.get(path!)!.manifest.offerings = { size: 'M' };
    asked.length = 0;
    const offered = (more: object) => settle(orchestrator.offerings({ provisioner: 'slipway', ...more }, ADA));
    expect((await offered({ snapshot: path })).items).toEqual([{ ...size, default: 'M', from: 'definition' }]);
    expect((await offered({ snapshot: requestId, snapshotId: true, definition: 'other' })).items).toHaveLength(1);
    expect(asked.map(({ definition }) => definition)).toEqual(['fake@1.0.0', 'other']);
    await expect(offered({ snapshot: 'none', snapshotId: true })).rejects.toMatchObject({ code: 'not-found' });
    await expect(offered({ snapshot: '/etc/passwd' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('without a definition is of the provisioner and the guest location', async () => {
    const { orchestrator, settle } = await started((config) => {
      delete config.defaultDefinition;
      Object.assign(config.provisioners.hosts['slipway']!, { offerings: [size] });
    });
    const query = { provisioner: 'slipway' };
    expect(await settle(orchestrator.offerings(query, ADA))).toEqual({ items: [{ ...size, from: 'provisioner' }] });
    await expect(settle(orchestrator.offerings({ ...query, guestLocation: 'moon' }, ADA))).rejects.toMatchObject({
      code: 'bad-input',
    });
  });

  test('can be asked for as a job would mean it', async () => {
    const { orchestrator, settle, asked } = await started();
    const items = await settle(orchestrator.offerings({ provisioner: 'slipway', guestLocation: 'local' }, ADA));
    expect(items).toEqual({ items: [{ ...size, from: 'definition' }] });
    expect(asked).toMatchObject([{ definition: 'guestbook', place: { guestLocation: 'local', provisioner: 'slipway' } }]);
  });
});

describe('what a job needs', () => {
  const requirements = [{ namespace: 'database', attributes: { engine: 'sqlite' }, range: '^1.0.0' }];

  test('is asked of the resolver: beside the definition, or instead of it, and then without the default one', () => {
    const asked = {
      job: 'provision',
      environment: 'default',
      instanceId: 'shop',
      manifest: undefined,
      atLeast: undefined,
    } as const;
    const query = (body: JsonObject) => queryOf({ config: new MeshConfig(), announced: () => undefined }, { ...asked, body });
    expect(query({ requirements, definition: 'hello' })).toMatchObject({ requirements, definition: 'hello' });
    expect(query({ requirements })).toMatchObject({ requirements });
    expect(query({ requirements })).not.toHaveProperty('definition');
    expect(query({})).toMatchObject({ definition: 'guestbook' });
  });

  test('stands for a definition where none is named and none is the default', async () => {
    const { orchestrator, settle } = await started((config) => void delete config.defaultDefinition);
    const { definition: _, ...body } = job('shop', { requirements }).body;
    await expect(settle(orchestrator.accept({ job: 'provision', body, key: 'k' }, ADA))).resolves.toBeDefined();
    await expect(
      settle(orchestrator.accept({ job: 'provision', body: { ...body, requirements: [{}] }, key: 'l' }, ADA)),
    ).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('requirements.0.namespace'),
    });
    const made = { ...body, requirements: [{ namespace: 'instance', spec: { command: ['rm'] } }] };
    await expect(settle(orchestrator.accept({ job: 'provision', body: made, key: 'm' }, ADA))).rejects.toMatchObject({
      code: 'bad-input',
      message: 'requirements.0.spec: is not known',
    });
  });
});
