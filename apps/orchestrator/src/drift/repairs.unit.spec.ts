import { expect, test } from '@jest/globals';
import type { Comparison } from '@slipway/contracts';
import { ADA, World, job, repairOf } from '../testing/world.js';

const HOUR = 3_600_000;
const CHANGED: Comparison = {
  ...{ drift: 'changed', differences: [{ field: 'mode', recorded: '0750', found: '0777' }] },
  ...{ seen: 'seen', adoptable: true, repair: 'update' },
};

async function provisioned() {
  const world = new World();
  const { orchestrator } = world.live();
  await orchestrator.start();
  const ended = () => world.clock.until(() => world.quiet, HOUR);
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const watched = promise.finally(() => (done = true));
    watched.catch(() => {});
    await world.clock.until(() => done, HOUR);
    return watched;
  };
  await settle(orchestrator.accept(job('shop'), ADA));
  await ended();
  const stepsOf = (requestId: string) =>
    world
      .events()
      .filter(({ stream, type }) => stream === `request-${requestId}` && type === 'StepRequested')
      .map(({ data }) => `${String(data['action'])} ${String(data['stepId'])}`);
  return { world, orchestrator, ended, settle, stepsOf };
}

test('what is other is changed back and what is gone made again, by a request like any other; then nothing is', async () => {
  const { world, orchestrator, ended, settle, stepsOf } = await provisioned();
  world.provisioners.storage.there.clear();
  world.provisioners.instance.drifted.set('instance/shop', CHANGED);
  const { requestId } = await settle(orchestrator.accept(repairOf('shop'), ADA));
  expect(await ended()).toBe(true);
  expect(world.types(requestId).at(-1)).toBe('RequestSucceeded');
  expect(stepsOf(requestId)).toEqual(['update instance/shop', 'ensure storage/shop-data']);
  expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
  expect((await settle(orchestrator.drift({ environment: 'default' }))).items).toEqual([]);
  const { names, admitted } = world.environment();
  expect([names.get('shop')?.holder, admitted.size]).toEqual([undefined, 0]);
});

test('a plan of it shows the same and changes nothing', async () => {
  const { world, orchestrator, settle } = await provisioned();
  world.provisioners.storage.there.clear();
  const before = world.events().length;
  const plan = await settle(orchestrator.plan({ body: { job: 'repair', instanceId: 'shop' } }, ADA));
  expect(plan).toMatchObject({ outcome: 'repair', steps: [{ id: 'storage/shop-data', action: 'ensure' }] });
  expect([world.events().length, world.provisioners.storage.standing]).toEqual([before, []]);
});

test('only what is named is brought back; what is no part of the instance is refused by name', async () => {
  const { world, orchestrator, ended, settle, stepsOf } = await provisioned();
  world.provisioners.storage.there.clear();
  world.provisioners.instance.drifted.set('instance/shop', CHANGED);
  const asked = repairOf('shop', { resources: ['instance/shop'] });
  const { requestId } = await settle(orchestrator.accept(asked, ADA));
  await ended();
  expect(stepsOf(requestId)).toEqual(['update instance/shop']);
  const strange = orchestrator.plan({ body: { job: 'repair', instanceId: 'shop', resources: ['storage/other'] } }, ADA);
  await expect(settle(strange)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('storage/other') });
});

test('what is not known is waited for, and never taken for gone', async () => {
  const { world, orchestrator, ended, settle, stepsOf } = await provisioned();
  world.provisioners.storage.there.clear();
  world.provisioners.storage.leave();
  const { requestId } = await settle(orchestrator.accept(repairOf('shop'), ADA));
  expect(await world.clock.until(() => world.types(requestId).includes('RequestWaiting'), HOUR)).toBe(true);
  expect(stepsOf(requestId)).toEqual([]);
  world.provisioners.storage.come();
  expect(await ended()).toBe(true);
  expect(stepsOf(requestId)).toEqual(['ensure storage/shop-data']);
});

test('of a name that nobody has there is nothing to repair', async () => {
  const { orchestrator, settle } = await provisioned();
  await expect(settle(orchestrator.accept(repairOf('nobody'), ADA))).rejects.toMatchObject({ code: 'not-found' });
});
