import { describe, expect, test } from '@jest/globals';
import { ADA, World, job, removal } from '../testing/world.js';

describe('a request from its acceptance to its end', () => {
  test('provision and deprovision', async () => {
    const world = new World();
    const { orchestrator } = world.live();
    await orchestrator.start();
    const { requestId } = await orchestrator.accept(job('shop'), ADA);
    expect(await world.clock.until(() => world.quiet, 10_000)).toBe(true);
    expect(world.types(requestId)).toEqual([
      'RequestAccepted',
      'PlanMade',
      'RequestAdmitted',
      'StepRequested',
      'StepRequested',
      'StepSucceeded',
      'StepSucceeded',
      'StepRequested',
      'StepSucceeded',
      'RequestSucceeded',
    ]);
    expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
    await orchestrator.accept(removal('shop'), ADA);
    expect(await world.clock.until(() => world.quiet, 10_000)).toBe(true);
    expect(world.standing).toEqual([]);
    expect(world.environment().names.size).toBe(0);
    await orchestrator.stop();
  });
});
