import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  VERBS,
  callSubject,
  type CallEnded,
  type CallInterfaceCommand,
  type CancelCallCommand,
  type NumberedCallLines,
  type SlipwayError,
} from '@slipway/contracts';
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
/** Of each call. */
let answer: Promise<CallEnded>;
beforeEach(() => {
  clock = new VirtualClock();
  bus = new LocalBus({ mesh: 'test', clock });
  stopping = new AbortController();
  calls = new LeaseCalls({ bus, clock, config: { mesh: 'test' } as MeshConfig }, stopping.signal);
  [come, cancelled] = [[], []];
  answer = new Promise(() => {});
  bus.serve('allocator', VERBS.callInterface, (body) => {
    come.push((body as CallInterfaceCommand).callId);
    return answer;
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
      bus.publish(callSubject('test', come[0]!), { from: 'alive', lines: [], number: 1 });
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

describe('a call of which a line is lost', () => {
  const tell = (number: number) =>
    bus.publish(callSubject('test', come[0]!), { from: 'stdout', lines: [`line ${number}`], number } satisfies NumberedCallLines);
  /** Calls for lines. `end` ends it, after as many lines as are said to have been told. */
  async function calledForLines() {
    let end!: (lines: number) => void;
    answer = new Promise((resolve) => (end = (lines) => resolve({ result: 'done', lines })));
    const told = { lines: [] as string[], outcome: '' };
    const { signal } = new AbortController();
    calls.call(systemContext('gateway'), command, { signal, onLines: ({ lines }) => void told.lines.push(...lines) }).then(
      ({ result }) => (told.outcome = String(result)),
      ({ code, message }: SlipwayError) => (told.outcome = `${code}: ${message}`),
    );
    await clock.until(() => come.length > 0, 1_000);
    return { told, end };
  }

  it('is given up, and told to end: nobody takes a part for all of it', async () => {
    const { told } = await calledForLines();
    for (const number of [1, 2, 4, 5]) tell(number);
    expect(await clock.until(() => told.outcome !== '', 1_000)).toBe(true);
    expect(told).toEqual({ lines: ['line 1', 'line 2'], outcome: 'output-lost: Of what the call said line 3 was lost' });
    await clock.until(() => cancelled.length > 0, 1_000);
    expect(cancelled).toEqual(come);
  });

  it('is not taken for whole when it was the last that was lost', async () => {
    const { told, end } = await calledForLines();
    tell(1);
    end(3);
    expect(await clock.until(() => told.outcome !== '', 1_500)).toBe(false);
    expect(await clock.until(() => told.outcome !== '', 1_000)).toBe(true);
    expect(told).toEqual({ lines: ['line 1'], outcome: 'output-lost: Of what the call said lines 2 to 3 were lost' });
  });

  it('is not one whose answer came first, or of which a line came twice', async () => {
    const { told, end } = await calledForLines();
    for (const number of [1, 2, 2, 1]) tell(number);
    end(3);
    expect(await clock.until(() => told.outcome !== '', 1_000)).toBe(false);
    tell(3);
    expect(await clock.until(() => told.outcome !== '', 1_000)).toBe(true);
    expect(told).toEqual({ lines: ['line 1', 'line 2', 'line 3'], outcome: 'done' });
  });
});
