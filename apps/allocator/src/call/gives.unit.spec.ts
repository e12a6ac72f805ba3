import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { VERBS, type JsonObject, type LeaseGivesQuery } from '@slipway/contracts';
import type { Allocator } from '../allocator.js';
import type { Blueprint } from '../blueprint/blueprint.js';
import { OPERATOR, Running, blueprint } from '../testing/running.js';

describe('what a lease gives', () => {
  let world: Running;
  beforeEach(() => {
    world = new Running();
  });
  afterEach(() => world.stop());

  const giving = (gives: NonNullable<Blueprint['gives']>) => blueprint({ gives });
  const active = async (allocator: Allocator): Promise<LeaseGivesQuery> => {
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    return { leaseId, token: (await allocator.leases.standing({ leaseId })).token! };
  };

  test('is what its blueprint says, covered where that has read a secret, and written down without it', async () => {
    const password = await world.secrets.put('password', 'correct-horse-battery');
    const lines: object[] = [];
    const reports = { info: (about: object, message: string) => void lines.push({ ...about, message }), warn: () => {} };
    const boxed = giving(async ({ id }, resource, { secrets }) => ({
      ...{ lease: id, resource: resource.id, password },
      within: [{ url: `http://ada:${await secrets.read(password)}@box` }],
    }));
    const allocator = await world.start([boxed], { reports });
    const held = await active(allocator);
    const { resourceId } = await allocator.leases.standing(held);
    const outputs: JsonObject = {
      ...{ lease: held.leaseId, resource: resourceId!, password },
      within: [{ url: 'http://ada:[secret]@box' }],
    };
    expect(await allocator.gives.tell(held, OPERATOR)).toEqual({ outputs });
    expect(lines.filter((line) => 'outcome' in line)).toEqual([
      {
        ...{ lease: held.leaseId, resource: resourceId, actor: OPERATOR.actor, ms: 0, outcome: 'ok' },
        message: 'It was told what a lease gives',
      },
    ]);
  });

  test('is nothing where its blueprint says nothing', async () => {
    const allocator = await world.start([blueprint()]);
    expect(await allocator.gives.tell(await active(allocator), OPERATOR)).toEqual({ outputs: {} });
  });

  test('is not waited for longer than the lease lasts', async () => {
    const allocator = await world.start([giving(() => new Promise<never>(() => {}))]);
    const held = await active(allocator);
    const ended = expect(allocator.gives.tell(held, OPERATOR)).rejects.toMatchObject({
      code: 'lease-not-active',
      message: /not active any more/,
    });
    await world.clock.pass(1_000);
    await allocator.leases.release(held, OPERATOR);
    await ended;
  });

  test('is told by a replica that reaches what is leased, whoever is asked', async () => {
    const boxed = giving(async () => ({ folder: '/there' }));
    const here = await world.start([boxed], { replica: 'here' });
    const far = await world.start([giving(async () => ({ folder: '/nowhere' }))], { replica: 'far', locations: ['far'] });
    world.bus.serve('allocator', VERBS.leaseGives, (body) => here.gives.tell(body as LeaseGivesQuery, OPERATOR), 'local');
    const held = await active(here);
    const answer = far.gives.tell(held, OPERATOR);
    await world.clock.pass(100);
    expect(await answer).toEqual({ outputs: { folder: '/there' } });
  });
});
