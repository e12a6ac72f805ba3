import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../driver.js';
import { consequenceOf } from './failure.js';

const seen = (health: Observation['health'], over: Partial<Observation> = {}): Observation => ({
  ...{ health, reason: 'no answer', restarts: 0 },
  ...over,
});
const gaveUp = seen('unhealthy', { failed: 'It ended 6 times' });

describe('what follows from a failure', () => {
  test('what its supervision has given up is stopped, unless it is to be left', () => {
    const stop = { change: 'stop', reason: 'It ended 6 times' };
    expect(consequenceOf({}, gaveUp, undefined, 0)).toEqual(stop);
    expect(consequenceOf({ action: 'stop' }, gaveUp, undefined, 0)).toEqual(stop);
    expect(consequenceOf({ action: 'leave' }, gaveUp, undefined, 0)).toEqual({});
  });

  test('unhealthy for long is no failure where nobody says so', () => {
    expect(consequenceOf({}, seen('unhealthy'), { since: 0, restarts: 0 }, 1e9)).toEqual({ unwell: { since: 0, restarts: 0 } });
  });

  test('where somebody does, it is restarted after that time without a break, as often as it may be, then stopped', () => {
    const rule = { unhealthySeconds: 10, limit: 2 };
    const first = consequenceOf(rule, seen('unhealthy'), undefined, 1_000);
    expect(first).toEqual({ unwell: { since: 1_000, restarts: 0 } });
    expect(consequenceOf(rule, seen('unhealthy'), first.unwell, 10_999)).toEqual(first);
    const reason = 'Unhealthy for 10 s: no answer';
    const second = consequenceOf(rule, seen('unhealthy'), first.unwell, 11_000);
    expect(second).toEqual({ change: 'restart', reason, unwell: { restarts: 1 } });
    expect(consequenceOf(rule, seen('starting'), second.unwell, 12_000)).toEqual({ unwell: { restarts: 1 } });
    expect(consequenceOf(rule, seen('unhealthy'), { since: 0, restarts: 2 }, 10_000)).toEqual({
      ...{ change: 'stop', reason: `${reason}; restarted 2 times already` },
    });
    expect(consequenceOf(rule, seen('healthy'), second.unwell, 12_000)).toEqual({});
  });

  test('or stopped, or left, as its definition says', () => {
    const was = { since: 0, restarts: 0 };
    const at = (action: 'stop' | 'leave') => consequenceOf({ action, unhealthySeconds: 10 }, seen('unhealthy'), was, 10_000);
    expect(at('stop')).toEqual({ change: 'stop', reason: 'Unhealthy for 10 s: no answer' });
    expect(at('leave')).toEqual({ unwell: was });
  });
});
