import { describe, expect, test } from '@jest/globals';
import { compare, repairOf } from './compare.js';

const recorded = {
  observed: { exists: true, mode: '0750', limits: { cpus: 1, memory: null } },
  outputs: { path: '/a' },
  runs: true,
};
const found = (observed: Record<string, never> | object, more = {}) => ({
  state: 'present' as const,
  observed: observed as never,
  ...more,
});

describe('what is found, held against what was recorded', () => {
  test.each([
    [
      'the same, whatever the order of its fields',
      { limits: { memory: null, cpus: 1 }, mode: '0750', exists: true },
      undefined,
      [],
    ],
    [
      'a field below another one is named by its path',
      { ...recorded.observed, limits: { cpus: 2, memory: null } },
      'changed',
      [{ field: 'limits.cpus', recorded: 1, found: 2 }],
    ],
    [
      'a field that is not found',
      { exists: true, limits: recorded.observed.limits },
      'changed',
      [{ field: 'mode', recorded: '0750' }],
    ],
    ['a field that was not recorded', { ...recorded.observed, quota: null }, 'changed', [{ field: 'quota', found: null }]],
    [
      'a field that has become another kind of thing',
      { ...recorded.observed, limits: ['cpus'] },
      'changed',
      [{ field: 'limits', recorded: { cpus: 1, memory: null }, found: ['cpus'] }],
    ],
    [
      'what is gone below its mark: nothing else is said of it',
      { exists: false },
      'missing',
      [{ field: 'exists', recorded: true, found: false }],
    ],
    [
      'fields that are called like what every object has',
      JSON.parse('{"exists":true,"mode":"0750","limits":{"cpus":1,"memory":null},"__proto__":{"mode":"x"},"constructor":1}'),
      'changed',
      [
        { field: '__proto__', found: { mode: 'x' } },
        { field: 'constructor', found: 1 },
      ],
    ],
  ])('%s', (_what, observed, drift, differences) => {
    expect(compare(recorded, found(observed))).toEqual({ ...(drift && { drift }), differences });
    expect(Object.hasOwn(Object.prototype, 'mode')).toBe(false);
  });

  test.each(['absent', 'destroyed', 'partial'] as const)(
    'of what is %s and shows nothing, nothing stands: it can be made again',
    (state) => {
      const nothing = { state, observed: {} };
      const compared = compare(recorded, nothing);
      expect(compared).toEqual({ drift: 'missing', differences: [{ field: 'state', recorded: 'present', found: state }] });
      expect(repairOf({}, compared, nothing)).toBe('ensure');
    },
  );

  test('whether it runs is held against what is wanted of it, not against what was recorded once', () => {
    const runs = { observed: { running: true }, outputs: {} };
    expect(compare({ ...runs, runs: true }, found({ running: true }))).toEqual({ differences: [] });
    expect(compare({ ...runs, runs: true }, found({ running: false }))).toMatchObject({ drift: 'stopped' });
    expect(compare({ ...runs, runs: false }, found({ running: false }))).toEqual({ differences: [] });
    expect(compare({ ...runs, runs: false }, found({ running: true }))).toMatchObject({ drift: 'running' });
  });

  test('outputs are compared as far as its driver tells them', () => {
    const given = { ...recorded, outputs: { host: 'a', password: 'secret://a#1' } };
    expect(compare(given, found(recorded.observed, { outputs: { host: 'a' } }))).toEqual({ differences: [] });
    expect(compare(given, found(recorded.observed, { outputs: { host: 'b', tls: true } }))).toEqual({
      drift: 'changed',
      differences: [
        { field: 'outputs.host', recorded: 'a', found: 'b' },
        { field: 'outputs.tls', found: true },
      ],
    });
  });

  test('what is long is cut', () => {
    const { differences } = compare(recorded, found({ ...recorded.observed, mode: 'x'.repeat(1_000) }));
    expect(differences).toEqual([{ field: 'mode', recorded: '0750', found: `${'x'.repeat(200)}…` }]);
  });

  test('it is changed back only where its driver does that to every field that differs', () => {
    const updatable = { inPlace: [], replaces: [], update: () => Promise.reject(new Error('never called')) };
    const both = found({ ...recorded.observed, mode: '0777', limits: { cpus: 2, memory: null } });
    const compared = compare(recorded, both);
    expect(repairOf({ updatable, repairs: ['mode', 'limits'] }, compared, both)).toBe('update');
    expect(repairOf({ updatable, repairs: ['mode'] }, compared, both)).toBeUndefined();
    expect(repairOf({ repairs: ['mode', 'limits'] }, compared, both)).toBeUndefined();
    expect(repairOf({ updatable, repairs: ['mode'] }, { differences: [] }, found(recorded.observed))).toBeUndefined();
  });
});
