import { describe, expect, jest, test } from '@jest/globals';
import { instant, type RequestAccepted } from '@slipway/contracts';
import { ADA, World, job } from '../testing/world.js';

const MINUTE = 60_000;
jest.setTimeout(60_000);

async function provisioned(minutes = 10) {
  const world = new World({ config: ({ instances }) => void (instances.expiryNoticeSeconds = 60) });
  const life = world.live();
  await life.orchestrator.start();
  const at = world.clock.now() + minutes * MINUTE;
  const { requestId } = await life.orchestrator.accept(job('shop', { until: instant(at) }), ADA);
  await world.clock.until(() => world.quiet, MINUTE);
  const types = () => world.events('environment-default').map(({ type }) => type);
  const events = (type: string) => world.events('environment-default').filter((event) => event.type === type);
  const gone = () => world.clock.until(() => world.environment().names.size === 0, 48 * MINUTE);
  return { world, ...life, at, requestId, types, events, gone };
}

describe('an instance that is wanted until a time', () => {
  test('is given back by itself when it has passed, with an event ahead of time', async () => {
    const { world, at, requestId, types, events, gone } = await provisioned();
    expect(world.standing).toHaveLength(3);
    expect(await gone()).toBe(true);
    expect(world.standing).toEqual([]);
    expect(types()).toEqual([
      ...['NameClaimed', 'PlanAdmitted', 'PlanSettled', 'UntilSet', 'InstanceExpiring', 'InstanceExpired'],
      ...['NameClaimed', 'PlanAdmitted', 'PlanSettled', 'NameReleased'],
    ]);
    const [ahead, over] = [events('InstanceExpiring')[0]!, events('InstanceExpired')[0]!];
    expect(ahead.data).toEqual({ name: 'shop', until: at });
    expect(over.data).toEqual({ name: 'shop', until: at, requestId });
    const late = (recordedAt: string, due: number) => Date.parse(recordedAt) - due;
    expect(late(ahead.recordedAt, at - MINUTE)).toBeGreaterThanOrEqual(0);
    expect(late(ahead.recordedAt, at - MINUTE)).toBeLessThanOrEqual(2_000);
    expect(late(over.recordedAt, at)).toBeGreaterThanOrEqual(0);
    expect(late(over.recordedAt, at)).toBeLessThanOrEqual(2_000);
    expect([ahead, over].map(({ metadata }) => metadata.ownerId)).toEqual(['ada', 'ada']);
  });

  test('is given back by an ordinary request, of the system, which the event has caused', async () => {
    const { world, events, gone } = await provisioned();
    await gone();
    const accepted = world.events().filter(({ type, data }) => type === 'RequestAccepted' && data['job'] === 'deprovision');
    expect(accepted).toHaveLength(1);
    const [{ data, metadata }] = accepted as [(typeof accepted)[number]];
    expect((data as unknown as RequestAccepted).actor).toEqual({ id: 'orchestrator', type: 'system' });
    expect(data).toMatchObject({ name: 'shop', owner: { id: 'ada' }, body: { instanceId: 'shop', environment: 'default' } });
    expect(metadata.causationId).toBe(events('InstanceExpired')[0]!.id);
  });

  test('stays for as long as it is extended', async () => {
    const { world, orchestrator, at, events, gone } = await provisioned();
    const until = instant(at + 20 * MINUTE);
    await world.clock.until(() => events('InstanceExpiring').length > 0, 48 * MINUTE);
    const answer = await orchestrator.extend({ environment: 'default', name: 'shop', until, reason: 'still needed' }, ADA);
    expect(answer).toMatchObject({ environment: 'default', name: 'shop', until });
    expect(events('UntilExtended')[0]).toMatchObject({
      data: { name: 'shop', from: at, until: at + 20 * MINUTE, actor: ADA.actor, reason: 'still needed' },
    });
    await world.clock.until(() => world.clock.now() > at + MINUTE, 48 * MINUTE);
    expect(world.standing).toHaveLength(3);
    expect(await gone()).toBe(true);
    expect(world.clock.now()).toBeGreaterThanOrEqual(at + 20 * MINUTE);
    expect(events('InstanceExpiring').map(({ data }) => data['until'])).toEqual([at, at + 20 * MINUTE]);
  });

  test('is given back once, also when nobody was there at its time, and by whichever of several replicas', async () => {
    const { world, crash, at, events, gone } = await provisioned();
    crash();
    await world.clock.until(() => world.clock.now() > at + MINUTE, 48 * MINUTE);
    for (const replica of ['one', 'two'])
      await world.live({ replica, silentFor: (other) => (other === 'sim-orchestrator' ? Infinity : 0) }).orchestrator.start();
    expect(await gone()).toBe(true);
    expect(events('InstanceExpired')).toHaveLength(1);
    expect(world.events().filter(({ type, data }) => type === 'RequestAccepted' && data['job'] === 'deprovision')).toHaveLength(
      1,
    );
  });

  test.each([
    ['before it was told', false],
    ['after it was told', true],
  ])('after a time away that began %s there is still time to put it off', async (_when, told) => {
    const { world, crash, at, events, gone } = await provisioned();
    if (told) await world.clock.until(() => events('InstanceExpiring').length > 0, 48 * MINUTE);
    crash();
    await world.clock.until(() => world.clock.now() > at + 30 * MINUTE, 48 * MINUTE);
    const began = world.clock.now();
    const { orchestrator } = world.live();
    await orchestrator.start();
    await world.clock.until(() => world.clock.now() > began + 50_000, 48 * MINUTE);
    expect(events('InstanceExpiring')).toHaveLength(1);
    expect(events('InstanceExpired')).toEqual([]);
    const until = instant(world.clock.now() + 20 * MINUTE);
    await orchestrator.extend({ environment: 'default', name: 'shop', until }, ADA);
    await world.clock.until(() => world.clock.now() > began + 10 * MINUTE, 48 * MINUTE);
    expect(events('InstanceExpired')).toEqual([]);
    expect(world.standing).toHaveLength(3);
    expect(await gone()).toBe(true);
  });

  test('is not given back at once when the clock jumps, told or not', async () => {
    const { world, events, gone } = await provisioned(60);
    await world.clock.until(() => events('InstanceExpiring').length > 0, 120 * MINUTE);
    const real = world.clock.now.bind(world.clock);
    world.clock.now = () => real() + 24 * 60 * MINUTE;
    const began = real();
    expect(await gone()).toBe(true);
    expect(real() - began).toBeGreaterThanOrEqual(MINUTE - 10_000);
  });

  test('is given back although the orchestrator dies between the event and the request', async () => {
    const { world, crash, gone, events } = await provisioned();
    crash();
    const dying = world.live({
      passes: (point) => {
        if (point === 'after environment InstanceExpired') throw new Error('dies');
      },
    });
    await dying.orchestrator.start();
    await world.clock.until(() => events('InstanceExpired').length > 0, 48 * MINUTE);
    expect(world.environment().names.get('shop')?.holder).toBeUndefined();
    await world.live().orchestrator.start();
    expect(await gone()).toBe(true);
    expect(events('InstanceExpired')).toHaveLength(1);
  });

  test('must be wanted for some time', async () => {
    const { orchestrator, world } = await provisioned();
    const past = orchestrator.accept({ ...job('late', { until: instant(world.clock.now()) }), key: 'late' }, ADA);
    await expect(past).rejects.toMatchObject({ code: 'bad-input', message: 'until: must be in the future' });
    const odd = orchestrator.extend({ environment: 'default', name: 'shop', until: 'tomorrow' }, ADA);
    await expect(odd).rejects.toMatchObject({ code: 'bad-input', message: /until: must be a time/ });
    const none = orchestrator.extend({ environment: 'default', name: 'hall', until: '2040-01-01T00:00:00Z' }, ADA);
    await expect(none).rejects.toMatchObject({ code: 'not-found' });
  });
});
