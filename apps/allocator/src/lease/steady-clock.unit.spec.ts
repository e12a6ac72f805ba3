import { describe, expect, it } from '@jest/globals';
import { SteadyClock } from './steady-clock.js';

const T0 = Date.UTC(2026, 10, 22);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Clocks that are turned by hand: `pass` is time that passes, `set` somebody who sets the wall clock. */
function clocks(wall = T0) {
  let [now, running] = [wall, 5_000.25];
  return {
    wall: () => now,
    monotonic: () => running,
    pass: (ms: number) => void ([now, running] = [now + ms, running + ms]),
    set: (by: number) => void (now += by),
  };
}

describe('a clock that leases end by', () => {
  it.each([-DAY, -HOUR, HOUR, DAY])('goes on as time passes when the wall clock is set by %i ms, and says so', (by) => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 - MINUTE);
    expect([clock.now(), clock.mayEnd(), clock.reasons()]).toEqual([T0, true, []]);
    time.set(by);
    time.pass(10);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + 10, true]);
    expect(clock.reasons()).toEqual([expect.stringContaining(`set ${by > 0 ? 'ahead' : 'back'} by ${Math.abs(by) / 1000} s`)]);
  });

  it('holds all leases after a start behind the last known time, until it has caught up', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 + HOUR);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + HOUR, false]);
    expect(clock.reasons()).toEqual([expect.stringContaining('is behind the last known time')]);
    time.pass(HOUR - 1);
    expect(clock.mayEnd()).toBe(false);
    time.pass(1);
    expect([clock.now(), clock.mayEnd(), clock.reasons()]).toEqual([T0 + HOUR, true, []]);
  });

  it('that is set right while it is behind goes on from there', () => {
    const time = clocks(0);
    const clock = new SteadyClock(time, T0);
    expect(clock.mayEnd()).toBe(false);
    time.set(T0 + MINUTE);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + MINUTE, true]);
  });

  it('gives ten minutes after a start more than an hour ahead of the last known time, and says so', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 - 2 * HOUR);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0, false]);
    expect(clock.reasons()).toEqual([
      expect.stringContaining('120 minutes ahead of the last known time: none ends before 2026-11-22T00:10'),
    ]);
    time.pass(10 * MINUTE - 1);
    expect(clock.mayEnd()).toBe(false);
    time.pass(1);
    expect([clock.now(), clock.mayEnd(), clock.reasons()]).toEqual([T0 + 10 * MINUTE, true, []]);
    expect(new SteadyClock(clocks(), T0 - HOUR).mayEnd()).toBe(true);
  });

  it('goes on for pauses and regular looks while it stands, and never back', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 + HOUR);
    time.pass(10 * MINUTE);
    expect([clock.now(), clock.running()]).toEqual([T0 + HOUR, T0 + HOUR + 10 * MINUTE]);
    time.pass(50 * MINUTE);
    expect([clock.now(), clock.running()]).toEqual([T0 + HOUR, T0 + 2 * HOUR]);
    const right = new SteadyClock(time, T0 + 2 * HOUR);
    time.set(DAY);
    expect([right.now(), right.running()]).toEqual([T0 + HOUR + DAY, T0 + HOUR + DAY]);
  });

  it('is never behind what another replica has recorded, and gives ten minutes where that takes it far ahead', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 - MINUTE);
    clock.heard(T0 - 5);
    expect(clock.now()).toBe(T0);
    // What two clocks are apart anyway.
    clock.heard(T0 + 200);
    expect([clock.now(), clock.mayEnd(), clock.reasons()]).toEqual([T0 + 200, true, []]);
    clock.heard(T0 + HOUR);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + HOUR, false]);
    expect(clock.reasons()).toEqual([
      expect.stringMatching(/another replica is 60 minutes ahead.*none ends before 2026-11-22T01:10/),
    ]);
    time.pass(10 * MINUTE);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + HOUR + 10 * MINUTE, true]);
    expect(clock.reasons()).toEqual([expect.stringMatching(/3600 s behind what another replica has recorded/)]);
  });

  it('that stands waits for what another replica has recorded too', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 + MINUTE);
    clock.heard(T0 + HOUR);
    time.pass(MINUTE);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + HOUR, false]);
    time.pass(HOUR - MINUTE);
    expect([clock.now(), clock.mayEnd()]).toEqual([T0 + HOUR, true]);
  });

  it('gives ten minutes, once, where it takes over far ahead of the last known time', () => {
    const time = clocks();
    const clock = new SteadyClock(time, T0 - MINUTE);
    clock.takesOver(T0 - MINUTE);
    expect(clock.mayEnd()).toBe(true);
    time.pass(2 * HOUR);
    clock.takesOver(T0);
    expect([clock.mayEnd(), clock.reasons()]).toEqual([
      false,
      [expect.stringContaining('120 minutes ahead of the last known time')],
    ]);
    time.pass(10 * MINUTE);
    clock.takesOver(T0);
    expect([clock.mayEnd(), clock.reasons()]).toEqual([true, []]);
  });

  it('that takes over goes by what was known at the start where the newest event is older', () => {
    const clock = new SteadyClock(clocks(), T0 - MINUTE);
    clock.takesOver(T0 - 2 * HOUR);
    expect([clock.mayEnd(), clock.reasons()]).toEqual([true, []]);
  });

  it('without any event before goes by the wall clock at once', () => {
    expect(new SteadyClock(clocks(), 0).mayEnd()).toBe(true);
  });
});
