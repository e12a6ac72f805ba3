import { beforeEach, describe, expect, test } from '@jest/globals';
import { callSubject, callTakenSubject, type NumberedCallLines } from '@slipway/contracts';
import { LocalBus, VirtualClock } from '@slipway/mesh/testing';
import { Telling, WINDOW_BYTES } from './telling.js';

let clock: VirtualClock;
let bus: LocalBus;
let heard: NumberedCallLines[];
let gone: string[];
let telling: Telling;
beforeEach(() => {
  clock = new VirtualClock();
  bus = new LocalBus({ mesh: 'test', clock });
  [heard, gone] = [[], []];
  bus.subscribe(callSubject('test', 'c'), (said) => void heard.push(said as NumberedCallLines));
  telling = new Telling({ bus, clock, mesh: 'test', callId: 'c' }, ({ message }) => void gone.push(message));
});

const lines = () => heard.flatMap(({ lines: said }) => said);
const take = () => bus.publish(callTakenSubject('test', 'c'), { lines: lines().length });
const chunk = Array.from({ length: 1_000 }, (_, number) => `${number}`.padStart(63));
/** Says as much as it may: how many chunks were taken from it when it has to wait. */
function sayMuch() {
  const said = { chunks: 0 };
  void (async () => {
    for (; said.chunks < 50; said.chunks += 1) await telling.tell(chunk, 'stdout');
  })();
  return said;
}

describe('what a call says', () => {
  test('goes in few messages, in its order, and the last of it soon', async () => {
    await telling.tell(['a', 'b'], 'stdout');
    await telling.tell(['c'], 'stdout');
    await telling.tell(['d'], 'stderr');
    await clock.until(() => heard.length > 1, 1_000);
    expect(heard).toEqual([
      { from: 'stdout', lines: ['a', 'b', 'c'], number: 1 },
      { from: 'stderr', lines: ['d'], number: 4 },
    ]);
  });

  test('is never more than so many bytes under way, and all of it comes', async () => {
    const said = sayMuch();
    let most = 0;
    for (let rounds = 0; rounds < 100; rounds += 1) {
      await clock.pass(100);
      most = Math.max(most, telling.bytes);
      take();
    }
    expect(lines()).toEqual(Array.from({ length: 50 }, () => chunk).flat());
    expect(said.chunks).toBe(50);
    expect(most).toBeGreaterThan(WINDOW_BYTES / 2);
    expect(most).toBeLessThan(WINDOW_BYTES + 80_000);
  });

  test('waits for who takes it, and is given up when he gives no sign of life', async () => {
    const said = sayMuch();
    for (let time = 0; time < 60; time += 5) {
      await clock.pass(5_000);
      bus.publish(callTakenSubject('test', 'c'), { lines: 0 });
    }
    expect([said.chunks, gone]).toEqual([4, []]);
    await clock.pass(21_000);
    expect(gone).toEqual(['Nobody took what the call says for 20 s']);
    telling.end();
    expect(await clock.until(() => said.chunks === 50, 1_000)).toBe(true);
  });
});
