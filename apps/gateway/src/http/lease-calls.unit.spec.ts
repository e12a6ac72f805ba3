import { beforeEach, describe, expect, it } from '@jest/globals';
import { VERBS, callSubject, type CancelCallCommand, type CallInterfaceCommand } from '@slipway/contracts';
import { systemContext, type MeshConfig } from '@slipway/mesh';
import { LocalBus, VirtualClock } from '@slipway/mesh/testing';
import { LeaseCalls } from './lease-calls.js';

const command = { leaseId: 'default.lease-1', token: 4, interface: 'command', method: 'exec', arguments: {} };

let clock: VirtualClock;
let bus: LocalBus;
let calls: LeaseCalls;
let stopping: AbortController;
/** Calls that have come, and those that were told to end. */
let come: string[];
let cancelled: string[];
beforeEach(() => {
  clock = new VirtualClock();
  bus = new LocalBus({ mesh: 'test', clock });
  stopping = new AbortController();
  calls = new LeaseCalls({ bus, clock, config: { mesh: 'test' } as MeshConfig }, stopping.signal);
  [come, cancelled] = [[], []];
  bus.serve('allocator', VERBS.callInterface, (body) => {
    come.push((body as CallInterfaceCommand).callId);
    return new Promise(() => {});
  });
  bus.serve('allocator', VERBS.cancelCall, (body) => {
    cancelled.push((body as CancelCallCommand).callId);
    return body;
  });
});

function called(signal = new AbortController().signal) {
  const told = { outcome: '' };
  calls.call(systemContext('gateway'), command, { signal }).then(
    () => (told.outcome = 'answered'),
    (error: { code: string }) => (told.outcome = error.code),
  );
  return told;
}

describe('a call of which nothing is heard any more', () => {
  it('is given up, and told to end', async () => {
    const told = called();
    expect(await clock.until(() => told.outcome !== '', 19_000)).toBe(false);
    expect(await clock.until(() => told.outcome !== '', 2_000)).toBe(true);
    expect(told.outcome).toBe('timed-out');
    await clock.until(() => cancelled.length > 0, 1_000);
    expect(cancelled).toEqual(come);
  });

  it('is one that does not even give a sign of life: others go on for hours', async () => {
    const told = called();
    await clock.until(() => come.length > 0, 1_000);
    for (let hour = 0; hour < 3600; hour += 5) {
      bus.publish(callSubject('test', come[0]!), { from: 'alive', line: '' });
      await clock.until(() => told.outcome !== '', 5_000);
    }
    expect([told.outcome, cancelled]).toEqual(['', []]);
  });

  it('is not begun while the gateway stops', async () => {
    stopping.abort();
    const told = called();
    await clock.until(() => told.outcome !== '', 1_000);
    expect([told.outcome, come]).toEqual(['shutting-down', []]);
  });
});

describe('a call whose caller goes away', () => {
  it('is told to end until it has: who was asked first may not have heard of it yet', async () => {
    const away = new AbortController();
    const told = called(away.signal);
    await clock.until(() => come.length > 0, 1_000);
    away.abort();
    await clock.until(() => cancelled.length >= 3, 10_000);
    expect(new Set(cancelled)).toEqual(new Set(come));
    // Nothing more was heard of it: then it is given up.
    await clock.until(() => told.outcome !== '', 30_000);
    const times = cancelled.length;
    await clock.until(() => false, 60_000);
    expect(cancelled.length - times).toBeLessThanOrEqual(1);
  });
});
