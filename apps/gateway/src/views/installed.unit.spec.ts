import { describe, expect, test } from '@jest/globals';
import { RESOURCE_KINDS, resourceKey, type Installed, type JsonObject, type Needed, type Wire } from '@slipway/contracts';
import type { InstalledCapabilityView, InstalledView } from '@slipway/contracts/http';
import { foldRows } from '@slipway/event-store/read-models';
import { seedOf, seededRandom } from '@slipway/event-store/testing';
import { Catalogue, Environment, resolve } from '@slipway/solver';
import { installedRequirements, installedResources, installedWires } from './installed.js';
import { installedCapabilities } from './offered.js';
import { recorded, secondOf } from './testing/recorded.js';

type Told = [stream: string, type: string, data: object];
const owner = { id: 'ada', type: 'user' as const };

const made = (key: string, more: Partial<Installed> = {}): Installed => {
  const [kind, name] = key.split('/') as [Installed['kind'], string];
  return {
    ...{ kind, name, generation: 1, definition: { name: 'thing', version: '1.2.0', hash: 'h' } },
    ...{ location: 'here', guestLocation: 'local', driver: 'd', instanceId: 'shop', owner, spec: {}, outputs: {} },
    ...more,
  };
};
const settled = (
  data: { installed?: Installed[]; removed?: string[]; wires?: Wire[]; uncertain?: string[] },
  requestId = 'r',
): Told => [
  'environment-default',
  'PlanSettled',
  { requestId, name: 'shop', outcome: 'done', installed: [], removed: [], wires: [], ...data },
];
const of = (name: string, type: string, data: object = {}, generation = 1): Told => [
  `instance-default.${name}`,
  `Instance${type}`,
  { generation, ...data },
];
const uri = 'http://127.0.0.1:20000/';
const shop = made('instance/shop', {
  outputs: { uri },
  capabilities: [{ namespace: 'greeting', attributes: { to: 'all' } }],
  needs: [
    { name: 'data', namespace: 'storage', filter: '(fast=true)' },
    { name: 'cache', namespace: 'cache', resolution: 'optional' },
  ],
});
const data = made('storage/shop-data', { capabilities: [{ namespace: 'storage', attributes: { fast: true } }] });
const wire = { from: 'instance/shop', requirement: 'data', to: 'storage/shop-data' };
const there = settled({ installed: [data, shop], wires: [wire] });
const rowsOf = <Row extends object>(model: Parameters<typeof foldRows<Row>>[0], ...events: Told[]) => [
  ...foldRows(model, recorded(events)).values(),
];

describe('what is installed', () => {
  test('is shown with who made it and what it is; what was removed is not there', () => {
    const [storage, instance] = rowsOf(installedResources, there);
    expect(storage).toEqual({
      ...{ environment: 'default', key: 'storage/shop-data', kind: 'storage', name: 'shop-data', generation: 1 },
      ...{ definition: data.definition, driver: 'd', location: 'here', guestLocation: 'local', instanceId: 'shop', owner },
      ...{ madeBy: 'r', requestId: 'r', installedAt: secondOf(1), updatedAt: secondOf(1), position: expect.any(String) },
    });
    expect(instance).toMatchObject({ key: 'instance/shop' });
    expect(rowsOf(installedResources, there, settled({ removed: ['instance/shop'] }))).toEqual([storage]);
  });

  test('remembers who made it when somebody changes it, and forgets when it is made anew', () => {
    const changed = settled({ installed: [{ ...data, spec: { mode: '0700' } }] }, 'update');
    expect(rowsOf(installedResources, there, changed).find(({ kind }) => kind === 'storage')).toMatchObject({
      ...{ madeBy: 'r', requestId: 'update', installedAt: secondOf(1), updatedAt: secondOf(2) },
    });
    const anew = settled({ removed: ['storage/shop-data'], installed: [{ ...data, generation: 2 }] }, 'anew');
    expect(rowsOf(installedResources, there, anew).find(({ kind }) => kind === 'storage')).toMatchObject({
      ...{ madeBy: 'anew', generation: 2, installedAt: secondOf(2) },
    });
  });

  test('is uncertain once an update of it was given up, until one has succeeded', () => {
    const doubted = settled({ uncertain: ['storage/shop-data', 'storage/never'] }, 'given-up');
    const uncertain = (...events: Told[]) => rowsOf<InstalledView>(installedResources, ...events).filter((row) => row.uncertain);
    expect(uncertain(there, doubted)).toMatchObject([{ key: 'storage/shop-data', requestId: 'r' }]);
    expect(uncertain(there, doubted, settled({ installed: [data] }))).toEqual([]);
  });

  test('needs what it was resolved to need, each with what it is wired to', () => {
    const row = {
      environment: 'default',
      resource: 'instance/shop',
      definition: shop.definition,
      since: secondOf(1),
      position: expect.any(String),
    };
    expect(rowsOf(installedRequirements, there)).toEqual([
      { ...row, ...shop.needs![0], wiredTo: ['storage/shop-data'] },
      { ...row, ...shop.needs![1], wiredTo: [] },
    ]);
    expect(rowsOf(installedWires, there)).toEqual([
      {
        ...{ environment: 'default', ...wire, namespace: 'storage', requestId: 'r', since: secondOf(1) },
        position: expect.any(String),
      },
    ]);
  });

  test('which an earlier release recorded has wires, and says no more than was recorded', () => {
    const { needs: _needs, capabilities: _capabilities, ...older } = shop;
    const before = settled({ installed: [data, older], wires: [wire] });
    expect(rowsOf(installedRequirements, before)).toEqual([]);
    expect(rowsOf(installedWires, before)[0]).not.toHaveProperty('namespace');
    expect(rowsOf(installedCapabilities, before).map(({ resource, namespace }) => [resource, namespace])).toEqual([
      ['storage/shop-data', 'slipway.identity'],
      ['storage/shop-data', 'storage'],
      ['instance/shop', 'slipway.identity'],
    ]);
  });

  test('in a list that is lost stops the model at that event, and shows nothing else instead', () => {
    const lost = settled({ installed: [] });
    (lost[2] as JsonObject)['installedBlob'] = { sha256: 'abc', bytes: 1 };
    expect(() => rowsOf(installedResources, lost)).toThrow('stands in the blob abc, which is lost');
  });
});

describe('what is offered', () => {
  const services = (...events: Told[]): InstalledCapabilityView[] =>
    rowsOf<InstalledCapabilityView>(installedCapabilities, ...events).filter(({ namespace }) => namespace === 'service');
  const unhealthy = of('shop', 'HealthChanged', { from: 'healthy', to: 'unhealthy', reason: 'no answer' });
  const healthy = of('shop', 'HealthChanged', { from: 'unhealthy', to: 'healthy', reason: 'it answers' });

  test('is what was resolved: identity, and what its definition said then', () => {
    expect(
      rowsOf<InstalledCapabilityView>(installedCapabilities, there).map(({ resource, namespace, attributes }) => [
        resource,
        namespace,
        attributes,
      ]),
    ).toEqual([
      ['storage/shop-data', 'slipway.identity', { name: 'thing', version: '1.2.0' }],
      ['storage/shop-data', 'storage', { fast: true }],
      ['instance/shop', 'slipway.identity', { name: 'thing', version: '1.2.0' }],
      ['instance/shop', 'greeting', { to: 'all' }],
    ]);
  });

  test('a healthy instance offers its service, from when it was healthy on', () => {
    expect(services(of('shop', 'Provisioned'), there)).toEqual([
      {
        ...{ environment: 'default', resource: 'instance/shop', definition: shop.definition, namespace: 'service' },
        attributes: { name: 'shop', definition: 'thing', version: '1.2.0', uri },
        ...{ since: secondOf(1), position: expect.any(String) },
      },
    ]);
  });

  test('its service comes and goes with its health, and is gone with it', () => {
    const up = [of('shop', 'Provisioned'), there];
    expect(services(there)).toEqual([]);
    expect(services(...up, unhealthy)).toEqual([]);
    expect(services(...up, unhealthy, healthy)).toMatchObject([{ since: secondOf(4), attributes: { name: 'shop' } }]);
    expect(services(...up, of('shop', 'Stopped'))).toEqual([]);
    expect(services(...up, of('shop', 'Stopped'), of('shop', 'Provisioned'))).toHaveLength(1);
    expect(services(...up, of('other', 'HealthChanged', { to: 'unhealthy', reason: '' }))).toHaveLength(1);
    const gone = settled({ removed: ['instance/shop'] });
    expect(services(...up, of('shop', 'Destroyed'), gone)).toEqual([]);
    expect(services(...up, gone, healthy)).toEqual([]);
  });

  test('of a generation that is not there any more nothing is offered', () => {
    const anew = settled({ removed: ['instance/shop'], installed: [{ ...shop, generation: 2 }] });
    expect(services(of('shop', 'Provisioned'), there, anew)).toEqual([]);
    expect(services(of('shop', 'Provisioned'), there, of('shop', 'Provisioned', {}, 2), anew)).toHaveLength(1);
    expect(services(of('shop', 'Provisioned', {}, 2), anew, healthy, unhealthy)).toHaveLength(1);
  });

  test('what its definition says of its service comes and goes with it', () => {
    const orders = { ...shop, capabilities: [{ namespace: 'service', attributes: { protocol: 'orders' } }] };
    const up = [of('shop', 'Provisioned'), settled({ installed: [orders] })];
    expect(services(...up).map(({ attributes }) => attributes)).toContainEqual({ protocol: 'orders', uri });
    expect(services(...up, unhealthy)).toEqual([]);
  });
});

const seed = seedOf(Date.now() % 1_000_000);

/** Settled plans at random: things come, are wired, change, and go with all who use them; and what stands when they are done. */
function history(random: () => number, length: number): { events: Told[]; environment: Environment } {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const keys = RESOURCE_KINDS.flatMap((kind) => [1, 2, 3].map((n) => `${kind}/${kind}-${n}`));
  const environment = new Environment();
  const events = Array.from({ length }, () => {
    const removed = new Set(keys.filter((key) => environment.has(key) && random() < 0.2));
    for (const key of removed) for (const user of environment.usersOf(key)) removed.add(user);
    for (const key of removed) environment.remove(key);
    const installed = keys
      .filter(() => random() < 0.3)
      .map((key): Installed => {
        const generation = environment.get(key)?.generation ?? environment.generation(key) + 1;
        const needs: Needed[] = random() < 0.5 ? [{ name: 'a', namespace: pick(['x', 'y']) }] : [];
        // For all who need it, and of no content that there is by now.
        const definition = { name: key.split('/')[1]!, version: '1.0.0', hash: 'h' };
        const { instanceId: _nobody, ...forAll } = made(key, { definition });
        return { ...forAll, generation, needs, capabilities: [{ namespace: pick(['x', 'y']) }] };
      });
    for (const one of installed) environment.install(one);
    const wires = installed.flatMap((one): Wire[] => {
      const others = keys.filter((key) => environment.has(key) && key !== resourceKey(one));
      return random() < 0.5 && others.length > 0
        ? [{ from: resourceKey(one), requirement: pick(['a', 'b']), to: pick(others) }]
        : [];
    });
    for (const one of wires) environment.connect(one);
    return settled({ installed, removed: [...removed], wires });
  });
  return { events, environment };
}

test(`what is shown is what plans are made on (SLIPWAY_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 100; round++) {
    const { events, environment } = history(random, 12);
    const standing = environment.toRecord();
    const shown = rowsOf(installedResources, ...events);
    expect(shown.map(({ key, generation }) => [key, generation]).toSorted()).toEqual(
      standing.installed.map((one) => [resourceKey(one), one.generation]).toSorted(),
    );
    const needs = standing.installed.flatMap((one) =>
      one.needs!.map(({ name, namespace }) => `${resourceKey(one)} ${name} ${namespace}`),
    );
    expect(
      rowsOf(installedRequirements, ...events)
        .map(({ resource, name, namespace }) => `${resource} ${name} ${namespace}`)
        .toSorted(),
    ).toEqual(needs.toSorted());
    const offers = standing.installed.flatMap((one) =>
      ['slipway.identity', one.capabilities![0]!.namespace].map((namespace) => `${resourceKey(one)} ${namespace}`),
    );
    expect(
      rowsOf(installedCapabilities, ...events)
        .map(({ resource, namespace }) => `${resource} ${namespace}`)
        .toSorted(),
    ).toEqual(offers.toSorted());
    const wired = ({ from, requirement, to }: Wire) => `${from} ${requirement} ${to}`;
    expect(
      rowsOf(installedWires, ...events)
        .map(wired)
        .toSorted(),
    ).toEqual(standing.wires.map(wired).toSorted());
    for (const namespace of ['x', 'y']) {
      const taken = providersOf(namespace, environment);
      const offering = rowsOf<InstalledCapabilityView>(installedCapabilities, ...events).filter(
        (row) => row.namespace === namespace,
      );
      if (offering.length === 0) expect(taken).toEqual([]);
      else expect(offering.map(({ resource }) => resource)).toEqual(expect.arrayContaining(taken));
      expect(taken).toHaveLength(Math.min(1, offering.length));
    }
  }
});

/** What a plan wires somebody new to, who needs a capability of that namespace; nothing where there is no plan. */
function providersOf(namespace: string, environment: Environment): string[] {
  const asking = { name: 'asking', version: '1.0.0', type: 'instance' as const, requirements: [{ namespace, name: 'it' }] };
  const place = { guestLocation: 'local', location: 'here', provisioner: 'slipway', drivers: { instance: ['process'] } };
  const plan = resolve({
    query: { job: 'provision', environment: 'default', instanceId: 'somebody', definition: 'asking', place },
    ...{ environment, catalogue: new Catalogue([asking]), guestLocations: ['local'], now: () => 0 },
  });
  return plan.wires.filter(({ from }) => from === 'instance/somebody').map(({ to }) => to);
}
