import { describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { systemClock, type EnvironmentEvent, type Installed, type JsonObject, type ResolveQuery } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { Catalogue } from '@slipway/solver';
import { Environments } from './environment/environments.js';
import { InstanceStandings } from './environment/instance-standings.js';
import { Planning } from './planning.js';

const owner = { id: 'ada', type: 'user' as const };
const place = {
  guestLocation: 'local',
  location: 'here',
  provisioner: 'slipway',
  drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
};
const query = (more: Partial<ResolveQuery> = {}): ResolveQuery => ({
  job: 'provision',
  environment: 'default',
  instanceId: 'shop',
  definition: 'app',
  place,
  ...more,
});
const catalogue = new Catalogue([
  { name: 'volume', version: '1.0.0', type: 'storage', capabilities: [{ namespace: 'storage' }] },
  {
    name: 'app',
    version: '1.0.0',
    type: 'instance',
    requirements: [{ namespace: 'storage', name: 'data' }],
    spec: { command: ['x'] },
  },
  {
    name: 'web',
    version: '1.0.0',
    type: 'instance',
    requirements: [{ namespace: 'service', name: 'svc', filter: '(name=shop)' }],
    spec: { command: ['x'] },
  },
  {
    name: 'misfit',
    version: '1.0.0',
    type: 'instance',
    requirements: [{ namespace: 'storage', spec: { schema: 'x' } }],
    spec: { command: ['x'] },
  },
]);

function setUp() {
  const appends: string[] = [];
  const log = new MemoryEventLog({ onAppend: ({ stream }) => void appends.push(stream) });
  const orchestrator = log.as('orchestrator');
  const blobs = new MemoryBlobs();
  let revision = -1;
  let told = -1;
  return {
    /** Records on the stream of the instance `shop` as its sub-provisioner does; answers when. */
    async health(type: string, data: JsonObject) {
      const metadata = { actor: owner };
      const event = { id: crypto.randomUUID(), type, data: { generation: 1, ...data }, metadata };
      told = (await log.as('instance').append('instance-default.shop', told, [event])).revision;
      return (await log.as('resolver').read('instance-default.shop')).at(-1)!.recordedAt;
    },
    log,
    blobs,
    appends,
    planning: new Planning(
      { current: async () => ({ catalogue }) },
      new Environments({ store: log.as('resolver'), blobs, clock: systemClock }),
      new InstanceStandings(log.as('resolver')),
      ['local'],
      systemClock,
    ),
    /** Records on the environment as the orchestrator does; answers the position. */
    async record(...events: EnvironmentEvent[]) {
      const appended = await orchestrator.append(
        'environment-default',
        revision,
        events.map(({ type, data }) => ({
          id: crypto.randomUUID(),
          type,
          data: data as unknown as JsonObject,
          metadata: { actor: owner },
        })),
      );
      revision = appended.revision;
      return appended.position;
    },
  };
}

const installed = (kind: 'storage' | 'instance', name: string): Installed => ({
  kind,
  name,
  generation: 1,
  definition: { name: kind === 'storage' ? 'volume' : 'app', version: '1.0.0', hash: 'h' },
  location: 'here',
  guestLocation: 'local',
  driver: 'd',
  instanceId: 'shop',
  owner,
  spec: {},
  outputs: {},
});
const settled = (more: object = {}): EnvironmentEvent => ({
  type: 'PlanSettled',
  data: {
    requestId: 'r',
    name: 'shop',
    outcome: 'done',
    installed: [installed('storage', 'shop-data'), installed('instance', 'shop')],
    removed: [],
    wires: [{ from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' }],
    ...more,
  },
});

describe('planning', () => {
  test('rests on the environment as its stream tells, each time as it is now', async () => {
    const { planning, record } = setUp();
    expect((await planning.plan(query())).outcome).toBe('install');
    await record(settled());
    expect((await planning.plan(query())).outcome).toBe('satisfied');
    await record(settled({ installed: [], removed: ['instance/shop', 'storage/shop-data'], wires: [] }));
    const again = await planning.plan(query());
    expect([again.outcome, again.steps[0]!.generation]).toEqual(['install', 2]);
  });

  test('knows which instances are healthy, as their streams tell, and says of one that is not since when and why', async () => {
    const { planning, record, health } = setUp();
    await record(settled());
    const needs = query({ instanceId: 'web', definition: 'web' });
    expect((await planning.plan(needs)).unsatisfied).toMatchObject([{ reason: 'not-healthy' }]);
    await health('InstanceProvisioned', { outputs: {}, observed: {} });
    expect((await planning.plan(needs)).wires).toContainEqual({ from: 'instance/web', requirement: 'svc', to: 'instance/shop' });
    const since = await health('InstanceHealthChanged', { from: 'healthy', to: 'unhealthy', reason: 'no answer' });
    expect((await planning.plan(needs)).unsatisfied).toMatchObject([
      { message: `shop is there, but not healthy (unhealthy) since ${since}: no answer.` },
    ]);
    await health('InstanceHealthChanged', { from: 'unhealthy', to: 'healthy', reason: 'it answers' });
    expect((await planning.plan(needs)).outcome).toBe('install');
    expect((await planning.plan({ ...needs, environment: 'other' })).unsatisfied).toMatchObject([{ reason: 'no-capability' }]);
  });

  test('reads only what came since', async () => {
    const { log, blobs, record } = setUp();
    const reads: number[] = [];
    const store = log.as('resolver');
    const counting: Pick<EventStore, 'read' | 'head' | 'info'> = {
      head: () => store.head(),
      info: () => store.info(),
      read: async (stream, options) => {
        const events = await store.read(stream, options);
        reads.push(events.length);
        return events;
      },
    };
    const planning = new Planning(
      { current: async () => ({ catalogue }) },
      new Environments({ store: counting, blobs, clock: systemClock }),
      new InstanceStandings(log.as('resolver')),
      ['local'],
      systemClock,
    );
    for (let count = 0; count < 5; count++) await record({ type: 'DispatchResumed', data: { actor: owner } });
    await planning.plan(query());
    await record(settled());
    await planning.plan(query());
    await planning.plan(query());
    expect(reads).toEqual([5, 2, 1]);
  });

  test('appends nothing, whatever it is asked', async () => {
    const { planning, record, appends } = setUp();
    await record(settled());
    const before = appends.length;
    await planning.plan(query());
    await planning.plan(query({ job: 'deprovision' }));
    await planning.plan(query({ definition: 'nothing', instanceId: 'other' }));
    await planning.plan(query({ environment: 'elsewhere' }));
    expect(appends.length).toBe(before);
  });

  test('many plans at once on one environment all see the same', async () => {
    const { planning, record } = setUp();
    await record(settled());
    const plans = await Promise.all(
      Array.from({ length: 50 }, (_, index) => planning.plan(query({ instanceId: `shop-${index % 2}` }))),
    );
    expect(new Set(plans.map((plan) => plan.hash)).size).toBe(2);
    expect(plans.every((plan) => plan.outcome === 'install')).toBe(true);
  });

  test('waits until the log has come as far as is asked for', async () => {
    const { planning, record, log } = setUp();
    const position = await record(settled());
    const behind = log.as('resolver');
    let looks = 0;
    const lagging: Pick<EventStore, 'read' | 'head' | 'info'> = {
      read: (stream, options) => (looks < 3 ? Promise.resolve([]) : behind.read(stream, options)),
      info: () => behind.info(),
      head: async () => (++looks < 3 ? position.replace(/\d$/, '0') : behind.head()),
    };
    const slow = new Planning(
      { current: async () => ({ catalogue }) },
      new Environments({ store: lagging, blobs: new MemoryBlobs(), clock: systemClock }),
      new InstanceStandings(log.as('resolver')),
      ['local'],
      systemClock,
    );
    expect((await slow.plan(query({ atLeast: position }))).outcome).toBe('satisfied');
    expect(looks).toBe(3);
    expect((await planning.plan(query({ atLeast: position }))).outcome).toBe('satisfied');
  });

  test('is given up after its time, or that of who awaits it; one that nobody awaits any more is not begun', async () => {
    const { log } = setUp();
    const chain = Array.from({ length: 600 }, (_, at) => ({
      ...{ name: `n${at}`, version: '1.0.0', type: 'storage' as const },
      ...(at < 599 && { dependencies: [`n${at + 1}`] }),
    }));
    let now = 1_000_000;
    const clock = { ...systemClock, now: () => now };
    const planningWith = (planMs?: number) =>
      new Planning(
        { current: async () => ({ catalogue: new Catalogue(chain) }) },
        new Environments({ store: log.as('resolver'), blobs: new MemoryBlobs(), clock }),
        new InstanceStandings(log.as('resolver')),
        ['local'],
        // Each look at the clock takes a second.
        { ...clock, now: () => (now += 1000) },
        { away: [] },
        planMs,
      );
    const outcomeOf = (planMs?: number, deadline?: number) =>
      planningWith(planMs)
        .plan(query({ definition: 'n0' }), deadline)
        .then(
          ({ outcome }) => outcome,
          ({ code, message }) => `${code}: ${message}`,
        );
    const whole = 20_000_000;
    const tooLate = 'timed-out: The deadline had passed before the plan was begun: nothing was done';
    expect(await outcomeOf(whole)).toMatch(/^too-large/);
    expect(await outcomeOf()).toMatch(/^undecided: .* within the limit of time/);
    expect(await outcomeOf(whole, now + 4000)).toMatch(/^undecided: .* within the limit of time/);
    expect(await outcomeOf(whole, now)).toBe(tooLate);
  });

  test('says behind when the log does not come that far in time, and gone for a position of another log', async () => {
    const { planning, record } = setUp();
    const position = await record(settled());
    const ahead = position.replace(/\d{20}$/, '9'.repeat(20));
    await expect(planning.plan(query({ atLeast: ahead }), Date.now() + 50)).rejects.toMatchObject({ code: 'behind' });
    await expect(planning.plan(query({ atLeast: `other${position}` }))).rejects.toMatchObject({ code: 'gone' });
  });

  test('begins anew when a restore has taken the log back', async () => {
    const { planning, record, log } = setUp();
    await record({ type: 'DispatchResumed', data: { actor: owner } });
    await record(settled());
    expect((await planning.plan(query())).outcome).toBe('satisfied');
    log.disk.restore(1, Date.now());
    expect((await planning.plan(query())).outcome).toBe('install');
    log.disk.restore(0, Date.now());
    expect((await planning.plan(query())).outcome).toBe('install');
  });

  test('reads a list too big for an event from its blob, and forgets nothing when that fails', async () => {
    const { planning, record, blobs } = setUp();
    const ref = await blobs.put(JSON.stringify([installed('storage', 'shop-data'), installed('instance', 'shop')]));
    const content = blobs.contents.get(ref.sha256)!;
    blobs.contents.delete(ref.sha256);
    await record(settled({ installed: [], installedBlob: ref }));
    await expect(planning.plan(query())).rejects.toMatchObject({ code: 'blob-missing' });
    blobs.contents.set(ref.sha256, content);
    expect((await planning.plan(query())).outcome).toBe('satisfied');
  });

  test('refuses a spec laid over another that it does not fit', async () => {
    const { planning } = setUp();
    await expect(planning.plan(query({ definition: 'misfit' }))).rejects.toMatchObject({
      code: 'spec-invalid',
      message: 'storage/shop-storage (volume@1.0.0): spec.schema is not known',
    });
  });

  test('needs a definition to provision', async () => {
    const { planning } = setUp();
    await expect(planning.plan(query({ definition: undefined }))).rejects.toMatchObject({ code: 'bad-input' });
  });
});
