import { describe, expect, test } from '@jest/globals';
import {
  RESOURCE_KINDS,
  type AnnouncedDriver,
  type JsonObject,
  type Plan,
  type RequestAccepted,
  type ResourceKind,
} from '@slipway/contracts';
import { assertProvided } from './provided.js';
import { ADA, World, job, removal } from '../testing/world.js';

type Announced = Partial<Record<ResourceKind, AnnouncedDriver[]>>;
const can = (name: string, ...verbs: AnnouncedDriver['verbs']): AnnouncedDriver => ({ name, verbs });
const ALL: Announced = { storage: [can('directory', 'provision')], database: [can('sqlite', 'provision')] };

async function started(announced: Announced = {}) {
  const world = new World({
    config: ({ provisioners }) => Object.assign(provisioners.hosts, { acme: { provides: { instance: 'instance' } } }),
  });
  const { orchestrator } = world.live({ announced: (kind) => announced[kind] });
  await orchestrator.start();
  const ended = async () => expect(await world.clock.until(() => world.quiet, 3_600_000)).toBe(true);
  const accept = async (name: string, more: JsonObject = {}) => {
    const { requestId } = await orchestrator.accept(job(name, more), ADA);
    return requestId;
  };
  return { world, orchestrator, ended, accept };
}

describe('who provisions', () => {
  test('is recorded with the acceptance, and why just him; and with all that he made', async () => {
    const { world, accept, ended } = await started();
    const [first, second] = [await accept('shop'), await accept('hall', { provisioner: 'acme', definition: 'hello' })];
    await ended();
    const picked = (id: string) => (world.events(`request-${id}`)[0]!.data as unknown as RequestAccepted).provisioner;
    expect([picked(first), picked(second)]).toEqual([
      { name: 'slipway', by: 'default' },
      { name: 'acme', by: 'request' },
    ]);
    const settled = world.events('environment-default').filter(({ type }) => type === 'PlanSettled');
    const made = settled.flatMap(({ data }) =>
      (data['installed'] as JsonObject[]).map(({ name, provisioner }) => [name, provisioner]),
    );
    expect(made.toSorted()).toEqual([
      ['hall', 'acme'],
      ['shop', 'slipway'],
      ['shop-data', 'slipway'],
      ['shop-db', 'slipway'],
    ]);
  });

  test('one that is not configured is refused before anything is recorded', async () => {
    const { world, accept } = await started();
    await expect(accept('shop', { provisioner: 'moon' })).rejects.toMatchObject({
      code: 'bad-input',
      message: /there are: acme, slipway/,
    });
    expect(world.events().filter(({ stream }) => !stream.startsWith('partition-'))).toEqual([]);
  });
});

describe('what is announced', () => {
  test('a driver that is not at the place fails the request by name, with nothing begun anywhere', async () => {
    const { world, orchestrator, accept, ended } = await started({ ...ALL, database: [can('postgres', 'provision')] });
    let refused: unknown;
    orchestrator.plan({ body: job('shop').body }, ADA).catch((error: unknown) => (refused = error));
    await world.clock.until(() => refused !== undefined, 60_000);
    expect(refused).toMatchObject({ code: 'driver-unknown' });
    const id = await accept('shop');
    await ended();
    expect(world.types(id)).toEqual(['RequestAccepted', 'RequestFailed']);
    expect(world.last(id)!.data['cause']).toMatchObject({
      code: 'driver-unknown',
      message: 'database/shop-db is a matter of the database driver sqlite, which is not at local; there are: postgres',
    });
    for (const kind of RESOURCE_KINDS) expect(world.provisioners[kind].begun).toEqual([]);
  });

  test.each([
    ['export', {}, 'can neither export nor import', can('directory', 'provision')],
    ['ensure', { from: 'application/x-tar' }, 'can neither export nor import', can('directory', 'provision')],
    [
      'ensure',
      { from: 'application/x-tar' },
      'cannot begin with application/x-tar; it can with application/sql',
      { ...can('directory', 'provision', 'portable'), accepts: ['application/sql'] },
    ],
  ])(
    'a driver that lacks the verb a job needs is named before anything changes (%s)',
    (action, { from }: { from?: string }, says, driver) => {
      const step = { id: 'storage/shop-data', kind: 'storage', location: 'local', driver: 'directory', action, spec: {} };
      const part = from && { from: { sha256: '0'.repeat(64), bytes: 1, mediaType: from, contentBytes: 1 } };
      const plan = { steps: [{ ...step, ...part }] } as unknown as Plan;
      expect(() => assertProvided(plan, { announced: () => [driver] })).toThrow(
        expect.objectContaining({
          code: 'not-portable',
          message: `storage/shop-data: the storage driver directory at local ${says}`,
        }),
      );
      const able = { ...can('directory', 'provision', 'portable'), accepts: ['application/x-tar'] };
      expect(() => assertProvided(plan, { announced: () => [able] })).not.toThrow();
    },
  );

  test('a driver that cannot change what is there is named before anything changes', () => {
    const step = { id: 'storage/shop-data', kind: 'storage', location: 'local', driver: 's3', action: 'update', spec: {} };
    const plan = { steps: [step] } as unknown as Plan;
    expect(() => assertProvided(plan, { announced: () => [can('s3', 'provision', 'portable')] })).toThrow(
      expect.objectContaining({
        code: 'not-updatable',
        message: 'storage/shop-data: the storage driver s3 at local cannot change what is there',
      }),
    );
    expect(() => assertProvided(plan, { announced: () => [can('s3', 'provision', 'updatable')] })).not.toThrow();
  });

  test.each(['ensure', 'update'])(
    'a spec that a driver cannot carry out is refused by its fields before anything changes (%s)',
    (action) => {
      const bounds = {
        needs: [{ field: 'container', reason: 'it needs an image' }],
        lacks: [{ field: 'limits.cpus', reason: 'it has one' }],
      };
      const docker = { ...can('docker', 'provision', 'updatable'), bounds };
      const step = { id: 'instance/shop', kind: 'instance', location: 'local', driver: 'docker', action };
      const planned = (spec: JsonObject, outcome = 'install') =>
        assertProvided({ outcome, steps: [{ ...step, spec }] } as unknown as Plan, { announced: () => [docker] });
      expect(() => planned({ limits: { cpus: 2, memory: '1GiB' } })).toThrow(
        expect.objectContaining({
          code: 'spec-invalid',
          message: 'instance/shop: limits.cpus: it has one; container: it needs an image',
          details: expect.objectContaining({ fields: [...bounds.lacks, ...bounds.needs] }),
        }),
      );
      expect(() => planned({ container: {}, limits: { memory: '1GiB' } })).not.toThrow();
      // What an export brings up again stands already.
      expect(() => planned({}, 'export')).not.toThrow();
    },
  );

  describe('a placeholder for what another driver gives', () => {
    const process = { ...can('process', 'provision'), outputs: ['url'] };
    const docker = { ...can('docker', 'provision'), outputs: ['url'], finds: { path: 'volume' } };
    const planned = (storage: AnnouncedDriver, instance: AnnouncedDriver, spec: JsonObject, to = 'storage/shop-data') => {
      const at = { location: 'local', action: 'ensure', spec: {} };
      const steps = [
        { ...at, id: 'storage/shop-data', kind: 'storage', driver: storage.name },
        { ...at, id: 'instance/shop', kind: 'instance', driver: instance.name, spec },
      ];
      const wires = [{ from: 'instance/shop', requirement: 'data', to }];
      const announced = (kind: ResourceKind) => [kind === 'storage' ? storage : instance];
      assertProvided({ outcome: 'install', steps, wires } as unknown as Plan, { announced });
    };
    const folder = { ...can('directory', 'provision'), outputs: ['path'] };
    const volume = { ...can('docker-volume', 'provision'), outputs: ['volume', 'owner'] };
    const spec = { environment: { DATA: '${data.path}', HOST: '${host}', KEY: '${secret.key}' }, command: ['echo', '${data.x}'] };

    test('that it does not give is refused by the field, in what is filled in', () => {
      const reason = '${data.path} is not to be had: the storage driver docker-volume gives volume, owner';
      expect(() => planned(volume, process, spec)).toThrow(
        expect.objectContaining({ code: 'spec-invalid', message: `instance/shop: environment.DATA: ${reason}` }),
      );
      expect(() => planned(volume, process, { files: { 'a.conf': 'at ${data.path}/x' } })).toThrow(`files.a.conf: ${reason}`);
    });

    test('that it gives, or that who is wired to it finds there, is not; nor is what nobody can know', () => {
      expect(() => planned(folder, process, spec)).not.toThrow();
      expect(() => planned(volume, docker, spec)).not.toThrow();
      expect(() => planned(can('docker-volume', 'provision'), process, spec)).not.toThrow();
      expect(() => planned(volume, process, spec, 'storage/stands-already')).not.toThrow();
    });
  });

  test('of a place that nobody was heard of nothing is known: the request goes its way', async () => {
    const { world, orchestrator, accept, ended } = await started(ALL);
    await accept('shop');
    await ended();
    expect(world.standing).toHaveLength(3);
    await orchestrator.accept(removal('shop'), ADA);
    await ended();
    expect(world.standing).toEqual([]);
  });
});
