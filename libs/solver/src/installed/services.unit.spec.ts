import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Health, ResourceDefinition } from '@slipway/contracts';
import { World, abstract, instance, keys, wires } from '../testing.js';

const SINCE = '2026-11-22T04:00:00.000Z';
const api = instance('api@1.2.0', [], { capabilities: [{ namespace: 'service', attributes: { protocol: 'orders' } }] });
const needing = (filter: string, resolution: 'mandatory' | 'optional' = 'mandatory') =>
  instance('web', [], { requirements: [{ namespace: 'service', name: 'svc', filter, resolution }] });

describe('the service of an instance', () => {
  let world: World;
  beforeEach(() => {
    world = new World(api, instance('other'), needing('(name=orders)'));
    world.provision('api', 'orders');
    told('healthy');
  });
  const told = (health: Health, reason?: string, name = 'orders', generation = 1) =>
    world.standings.set(name, { generation, health, since: SINCE, ...(reason !== undefined && { reason }) });
  const web = (...requirements: ResourceDefinition[]) => {
    world.definitions = [...world.definitions.filter(({ name }) => name !== 'web'), ...requirements];
    return world.plan('web', 'web');
  };

  test('satisfies who requires it by its name, while it is healthy; the instance itself is what is used, read and wired', () => {
    const plan = world.plan('web', 'web');
    expect(plan.outcome).toBe('install');
    expect(plan.steps.map(({ id }) => id)).toEqual(['instance/web']);
    expect(wires(plan)).toEqual(['instance/web -svc-> instance/orders']);
    expect(keys(plan)).toEqual(['instance/orders']);
    expect(plan.reads).toContainEqual({ key: 'instance/orders', generation: 1 });
  });

  test.each<[string, string]>([
    ['what it was made of', '(&(definition=api)(version>=1.1))'],
    ['where it is called', '(uri=http://127.0.0.1:20000/*)'],
    ['what its definition says of it', '(protocol=orders)'],
  ])('is found by %s', (_what, filter) => {
    world.install({ ...world.get('instance/orders')!, outputs: { uri: 'http://127.0.0.1:20000/api' } });
    expect(wires(web(needing(filter)))).toEqual(['instance/web -svc-> instance/orders']);
  });

  test.each<[Health, string]>([
    ['unhealthy', `orders is there, but not healthy (unhealthy) since ${SINCE}: no answer.`],
    ['unknown', `orders is there, but not healthy (unknown) since ${SINCE}: no answer.`],
    ['stopped', `orders is there, but stopped since ${SINCE}: no answer.`],
    ['starting', `orders is there, but starting since ${SINCE}: no answer.`],
  ])('is not there while the instance is %s, and a plan that needs it says so', (health, message) => {
    told(health, 'no answer');
    const plan = world.plan('web', 'web');
    expect([plan.outcome, plan.steps]).toEqual(['unsatisfied', []]);
    expect(plan.unsatisfied).toEqual([
      { chain: ['web@1.0.0'], requirement: 'service (name=orders)', reason: 'not-healthy', message },
    ]);
    expect(plan.explanation!.fixes).toEqual(['It would do if orders were healthy.']);
    told('healthy');
    expect(world.plan('web', 'web').outcome).toBe('install');
  });

  test('is found by the name that its definition gives it, too, and by attributes as by filters', () => {
    world = new World({ ...api, capabilities: [{ namespace: 'service', attributes: { name: 'bus' } }] }, instance('other'));
    for (const name of ['orders', 'second']) world.carryOut(world.plan(name === 'orders' ? 'api' : 'other', name), name);
    for (const name of ['orders', 'second']) told('healthy', undefined, name);
    world.definitions = [instance('other')];
    expect(wires(web(needing('(name=bus)')))).toEqual(['instance/web -svc-> instance/orders']);
    const byAttribute = { requirements: [{ namespace: 'service', name: 'svc', attributes: { name: 'second' } }] };
    expect(wires(web(instance('web', [], byAttribute)))).toEqual(['instance/web -svc-> instance/second']);
  });

  test('of which nothing is known, or only of a generation before, is not offered', () => {
    told('healthy', undefined, 'orders', 2);
    expect(world.plan('web', 'web').unsatisfied).toMatchObject([{ reason: 'not-healthy' }]);
    world.standings.clear();
    expect(world.plan('web', 'web').unsatisfied).toMatchObject([
      { reason: 'not-healthy', message: 'orders is there, but nothing is known of its health yet.' },
    ]);
  });

  test('which is nobody’s is no reason to speak of one that would not do', () => {
    told('unhealthy');
    const missing = () => web(needing('(name=nobody)')).unsatisfied.map(({ reason, message }) => `${reason}: ${message}`);
    const nothing = 'no-capability: Nothing provides service (name=nobody).';
    expect(missing()).toEqual([`${nothing} No healthy instance is there that could.`]);
    told('healthy');
    expect(missing()).toEqual([`${nothing} There is the service of orders.`]);
  });

  test('is all that others get of an instance: its other capabilities are its own', () => {
    world.definitions = [api, instance('web', ['api'])];
    expect(wires(world.plan('web', 'web'))).toEqual(['instance/web -api-> instance/web-api']);
  });

  test('may be an optional requirement, one of several, and one of an abstract definition', () => {
    world.provision('other', 'second');
    told('healthy', undefined, 'second');
    const optional = needing('(name=*)', 'optional');
    expect(wires(web(optional))).toHaveLength(1);
    const all = instance('web', [], { requirements: [{ namespace: 'service', name: 'svc', cardinality: 'multiple' }] });
    expect(wires(web(all))).toEqual(['instance/web -svc-> instance/orders', 'instance/web -svc-> instance/second']);
    const stack = abstract('stack', [], { requirements: [{ namespace: 'service', name: 'svc', filter: '(name=second)' }] });
    expect(wires(web(stack, instance('web', ['stack'])))).toEqual(['instance/web -stack-svc-> instance/second']);
    for (const name of ['orders', 'second']) told('stopped', undefined, name);
    expect(web(optional)).toMatchObject({ outcome: 'install', wires: [] });
  });

  test('satisfies what a job asks for beside its definition, also of an instance that is there', () => {
    world.definitions = [api, instance('web')];
    const requirements = [{ namespace: 'service', name: 'svc', filter: '(name=orders)' }];
    const plan = world.plan('web', 'web', { requirements });
    expect(wires(plan)).toEqual(['instance/web -svc-> instance/orders']);
    world.carryOut(plan, 'web');
    told('unhealthy');
    expect(world.plan('web', 'web', { requirements }).outcome).toBe('satisfied');
  });

  test('keeps its instance from being taken away, and lets it become what its users can go on with', () => {
    world.carryOut(web(needing('(&(name=orders)(version>=1.2))')), 'web');
    told('unhealthy');
    expect(world.planRemoval('orders').unsatisfied).toMatchObject([{ chain: ['instance/web'], reason: 'still-needed' }]);
    const announced = {
      instance: [{ name: 'process', verbs: ['updatable' as const], changes: { inPlace: ['command'], replaces: [] } }],
    };
    const apiIn = (version: string) => ({ ...api, version, spec: { command: ['node'] } });
    world.definitions.push(apiIn('1.3.0'), apiIn('1.1.0'));
    expect(world.planUpdate({ definition: 'api@1.3.0', announced }, 'orders').outcome).toBe('update');
    expect(world.planUpdate({ definition: 'api@1.1.0', announced }, 'orders').unsatisfied).toMatchObject([
      { chain: ['instance/web'], requirement: 'service (&(name=orders)(version>=1.2))', reason: 'still-needed' },
    ]);
    world.deprovision('web');
    expect(world.planRemoval('orders').outcome).toBe('remove');
  });

  test('that a definition says of itself can be had by making it, where nothing offers it yet', () => {
    told('unhealthy');
    const plan = web(needing('(protocol=orders)'));
    expect(plan.steps.map(({ id }) => id)).toEqual(['instance/web-svc', 'instance/web']);
  });

  test('of what is shared comes and goes with its health too', () => {
    world = new World({ ...api, shared: true }, needing('(protocol=orders)'));
    world.provision('api', 'orders');
    told('healthy');
    expect(wires(world.plan('web', 'web'))).toEqual(['instance/web -svc-> instance/orders']);
    told('unhealthy', 'no answer');
    expect(world.plan('web', 'web').unsatisfied).toMatchObject([{ reason: 'not-healthy' }]);
  });
});
