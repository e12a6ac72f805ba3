import { describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import type { ReadAllOptions, ReadAllResult } from './port.js';
import { subscription } from './subscription.js';
import { newEvent } from './testing/contract-setting.js';

/** A log that answers by script, and a clock that is turned by hand. */
function setting(answers: (() => ReadAllResult)[]) {
  const asked: (string | undefined)[] = [];
  const timers: { ms: number; task: () => void }[] = [];
  const failures: unknown[] = [];
  const got: string[] = [];
  const told: string[] = [];
  let wake = () => {};
  const readAll = async ({ after }: ReadAllOptions = {}) => {
    asked.push(after);
    return (answers.shift() ?? (() => ({ events: [], position: after!, end: true })))();
  };
  const clock = {
    now: () => 0,
    after: (ms: number, task: () => void) => {
      timers.push({ ms, task });
      return () => void timers.splice(0);
    },
  };
  const made = subscription(
    readAll,
    'p0',
    (called) => {
      wake = called;
      return () => {};
    },
    {
      name: 'test',
      events: (batch) => void got.push(...batch.map((event) => event.type)),
      caughtUp: (position) => void told.push(position),
      failed: (error) => failures.push(error),
    },
    clock,
  );
  return { made, asked, timers, failures, got, told, wake: () => wake() };
}

const page =
  (type: string, position: string, end = true) =>
  (): ReadAllResult => ({
    events: [{ ...newEvent(type), version: 1, stream: 'request-1', revision: 0, position, recordedAt: '' }],
    position,
    end,
  });
const away = (): ReadAllResult => {
  throw new SlipwayError('log-unavailable', 'away');
};
const turn = async () => {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
};

describe('a subscription', () => {
  it('tries again while the log is away, less and less often, and goes on where it was', async () => {
    const { made, asked, timers, failures, got } = setting([page('A', 'p1', false), away, away, away, page('B', 'p2')]);
    const pauses: number[] = [];
    for (let tries = 0; tries < 3; tries += 1) {
      await turn();
      const { ms, task } = timers.shift()!;
      pauses.push(ms);
      task();
    }
    await turn();
    expect(pauses).toEqual([20, 40, 80]);
    expect(asked).toEqual(['p0', 'p1', 'p1', 'p1', 'p1']);
    expect(got).toEqual(['A', 'B']);
    expect(failures).toEqual([]);
    expect(made.position).toBe('p2');
    await made.stop();
  });

  it.each(['log-damaged', 'gone', 'event-too-new'] as const)('ends for good at "%s"', async (code) => {
    const { made, failures, asked, wake } = setting([
      () => {
        throw new SlipwayError(code);
      },
    ]);
    await made.ended;
    wake();
    await turn();
    expect(failures).toMatchObject([{ code }]);
    expect(asked).toHaveLength(1);
  });

  it('reads once more when something came while it was reading (invariant S3)', async () => {
    const { made, asked, wake } = setting([
      () => ({ events: [], position: 'p0', end: false }),
      () => {
        wake();
        return { events: [], position: 'p0', end: true };
      },
    ]);
    await turn();
    expect(asked).toHaveLength(3);
    await made.stop();
  });

  it('sleeps until it is woken, and says only once that it has caught up', async () => {
    const { made, asked, told, wake } = setting([page('A', 'p1')]);
    await turn();
    expect(asked).toHaveLength(1);
    wake();
    await turn();
    wake();
    await turn();
    expect(asked).toHaveLength(3);
    expect(told).toEqual(['p1']);
    await made.stop();
  });

  it('can be stopped while the log is away', async () => {
    const { made, asked, failures } = setting([away]);
    await turn();
    await made.stop();
    expect(asked).toHaveLength(1);
    expect(failures).toEqual([]);
  });
});
