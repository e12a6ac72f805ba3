import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError, type Clock, type LeaseSpec } from '@slipway/contracts';
import { localFilesystem } from '@slipway/interfaces';
import type { DriverContext, Target } from '../driver.js';
import { MemoryLeases } from '../testing/memory-leases.js';
import { LeaseDriver } from './lease-driver.js';

const SPEC: { lease: LeaseSpec } = { lease: { type: 'host', attributes: { memory: 4 }, amount: 2 } };
const ADA = { id: 'ada', type: 'team' as const };
const OUTPUTS = {
  host: '10.0.0.7',
  place: { folder: '/slipway' },
  lease: 'default.lease-1',
  token: 1,
  resource: 'default.host-9',
};

/** A minute passes in 60 ms: files take their time meanwhile. */
const QUICK = 1_000;
const clock: Clock = {
  now: () => Math.round(performance.now() * QUICK),
  after(ms, task) {
    const timer = setTimeout(task, ms / QUICK);
    return () => clearTimeout(timer);
  },
};
/** Until it is so. */
const when = async (so: () => boolean): Promise<void> => {
  while (!so()) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('what is leased', () => {
  let root: string;
  let leases: MemoryLeases;
  let driver: LeaseDriver;
  let told: string[];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-leased-'));
    leases = new MemoryLeases();
    leases.onAsked = (leaseId) => leases.activate(leaseId);
    driver = new LeaseDriver('instance', leases);
    told = [];
  });
  afterEach(() => rm(root, { recursive: true }));

  const target = (generation = 1, epoch = 1): Target => ({
    resource: { environment: 'default', kind: 'instance', name: 'shop-host' },
    ...{ generation, epoch, definition: { name: 'small-host', version: '1.0.0', hash: 'h' } },
  });
  const context = (over: Partial<DriverContext> = {}): DriverContext => {
    const progress = (_fraction: number | undefined, message: string) => void told.push(message);
    const known = { filesystem: localFilesystem(), root, clock, signal: new AbortController().signal, progress, log: () => {} };
    return { ...known, request: { id: 'r1', owner: ADA }, ...over } as DriverContext;
  };
  const ensure = (over?: Partial<DriverContext>, generation?: number) =>
    driver.ensure(target(generation), SPEC, {}, context(over));
  test('is asked for with what its definition says, for the owner and the request, and gives out what the allocator gives', async () => {
    const made = await ensure();
    expect(leases.asked).toEqual([
      {
        ...SPEC.lease,
        environment: 'default',
        owner: ADA,
        requestId: 'r1',
        wait: true,
        endless: true,
        key: 'instance/shop-host/g1',
      },
    ]);
    const observed = { lease: 'default.lease-1', status: 'active', resource: 'default.host-9' };
    expect(made).toEqual({ effect: 'made', outputs: OUTPUTS, observed });
    expect(await driver.inspect(target(), context())).toEqual({ state: 'present', observed });
    expect((await driver.marks(context())).map(({ resource, generation }) => [resource.name, generation])).toEqual([
      ['shop-host', 1],
    ]);
  });

  test('is one lease, however often it is asked for: also after a crash between the asking and the mark', async () => {
    leases.onAsked = () => {
      throw new Error('killed');
    };
    await expect(ensure()).rejects.toThrow('killed');
    leases.activate('default.lease-1');
    expect((await ensure()).effect).toBe('made');
    expect((await ensure()).effect).toBe('found');
    expect(leases.asked).toHaveLength(1);
  });

  test('is waited for, and what it waits for is told', async () => {
    leases.onAsked = () => {};
    const ending = new AbortController();
    const waiting = ensure({ signal: ending.signal });
    await when(() => told.length === 1);
    leases.becomes('default.lease-1', { status: 'pending', place: 2, reasons: ['LocalHost: all 4 are taken'] });
    await when(() => told.length === 2);
    leases.becomes('default.lease-1', { status: 'acquired', reasons: [] });
    await when(() => told.length === 3);
    expect(told).toEqual([
      'default.lease-1 is pending; place 1 in the queue',
      'default.lease-1 is pending; place 2 in the queue; LocalHost: all 4 are taken',
      'default.lease-1 is acquired',
    ]);
    ending.abort(new SlipwayError('step-cancelled'));
    await expect(waiting).rejects.toMatchObject({ code: 'step-cancelled' });
  });

  test('fails with the reason of the allocator: refused, or broken before it was active', async () => {
    leases.refuses = new SlipwayError('lease-impossible', 'No host can be like that: LocalHost has no memory');
    await expect(ensure()).rejects.toMatchObject({ code: 'lease-impossible' });
    expect(await driver.inspect(target(), context())).toEqual({ state: 'absent', observed: {} });
    leases.refuses = undefined;
    leases.onAsked = (leaseId) => leases.becomes(leaseId, { status: 'broken', reasons: ['its host is gone'] });
    await expect(ensure()).rejects.toMatchObject({
      code: 'driver-failed',
      message: 'default.lease-1 is broken; its host is gone',
    });
  });

  test('that is shared does not end with the request that has asked for it first', async () => {
    await ensure({ request: { owner: ADA } });
    expect(leases.asked[0]).not.toHaveProperty('requestId');
  });

  test('of nobody is refused, and nothing asked for', async () => {
    await expect(ensure({ request: { id: 'r1' } })).rejects.toMatchObject({ code: 'spec-invalid' });
    expect(leases.asked).toEqual([]);
  });

  test('is given back with all that is left of it, and never asked for again', async () => {
    await ensure();
    expect(await driver.destroy(target(), context())).toBe('destroyed');
    expect(leases.released).toEqual(['default.lease-1']);
    expect(await driver.destroy(target(), context())).toBe('absent');
    await expect(ensure()).rejects.toMatchObject({ code: 'generation-old' });
    expect(leases.asked).toHaveLength(1);
  });

  test('is given back also where it was asked for and not made', async () => {
    leases.onAsked = () => {
      throw new Error('killed');
    };
    await expect(ensure()).rejects.toThrow('killed');
    expect(await driver.destroy(target(), context())).toBe('destroyed');
    expect(leases.released).toEqual(['default.lease-1']);
  });

  test('is given back by who asked for it while it was destroyed', async () => {
    let destroyed: Promise<unknown> | undefined;
    let go = () => {};
    const before = leases.ofKey.bind(leases);
    // The destroy has looked before the lease was known.
    leases.onAsked = async (leaseId) => {
      leases.ofKey = async () => undefined;
      destroyed = driver.destroy(target(), context());
      await destroyed;
      leases.ofKey = before;
      leases.activate(leaseId);
      go();
    };
    await expect(ensure()).rejects.toMatchObject({ code: 'generation-old' });
    expect(leases.released).toEqual(['default.lease-1']);
    go();
  });

  test('that cannot be taken back fails the step with the reason, until it was', async () => {
    await ensure();
    leases.takesBack = false;
    leases.becomes('default.lease-1', { reasons: ['It could not be taken back 3 times: its host does not answer'] });
    await expect(driver.destroy(target(), context())).rejects.toMatchObject({
      code: 'driver-failed',
      message: 'default.lease-1: it is not taken back yet; It could not be taken back 3 times: its host does not answer',
    });
    leases.becomes('default.lease-1', { status: 'destroyed', reasons: [] });
    await driver.destroy(target(), context());
    expect(leases.released).toHaveLength(1);
  });

  test.each([
    ['active', 'healthy'],
    ['acquired', 'starting'],
    ['broken', 'unhealthy'],
    ['released', 'unhealthy'],
    ['destroyed', 'unhealthy'],
  ] as const)('is watched: %s is %s', async (status, health) => {
    await ensure();
    leases.becomes('default.lease-1', { status, reasons: ['so it is'] });
    expect(await driver.observe(target())).toEqual({
      health,
      reason: `default.lease-1 is ${status}; ${status === 'destroyed' ? '`slipway leases show default.lease-1` tells why' : 'so it is'}`,
      restarts: 0,
    });
  });
});
