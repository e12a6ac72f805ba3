import { describe, expect, test } from '@jest/globals';
import type { EnvironmentEvent } from '@slipway/contracts';
import { environment } from './environment.js';
import type { EnvironmentCommand } from './state.js';
import { expiryId, expiryKey } from './until.js';

const actor = { id: 'ada', type: 'user' as const };
const owner = { id: 'ada', type: 'user' as const };
const HOUR = 3_600_000;
const claimed: EnvironmentEvent = {
  type: 'NameClaimed',
  data: { kind: 'instance', name: 'shop', requestId: 'r1', owner, job: 'provision' },
};
const installed = {
  kind: 'instance' as const,
  name: 'shop',
  generation: 1,
  definition: { name: 'd', version: '1.0.0', hash: 'h' },
};
const made = { ...installed, location: 'l', guestLocation: 'l', driver: 'd', instanceId: 'shop', owner, spec: {}, outputs: {} };
const settled = (more: object = {}): Extract<EnvironmentCommand, { type: 'Settle' }> => ({
  ...{ type: 'Settle', requestId: 'r1', name: 'shop', outcome: 'done', installed: [made], removed: [], wires: [] },
  ...more,
});
const set = (until: number, requestId = 'r1'): EnvironmentEvent => ({
  type: 'UntilSet',
  data: { name: 'shop', requestId, until },
});
const { type: _type, ...told } = settled();
const there: EnvironmentEvent[] = [claimed, { type: 'PlanSettled', data: told }];
const given = (...events: EnvironmentEvent[]) => ({
  when: (command: EnvironmentCommand) =>
    environment.decide(events.reduce(environment.evolve, environment.initialState()), command),
});
const look = (now: number, warned = true): EnvironmentCommand => ({ type: 'Expire', name: 'shop', now, notice: HOUR, warned });
const extend = (until: number, now = 0): EnvironmentCommand => ({ type: 'Extend', name: 'shop', until, now, actor });
const expiring: EnvironmentEvent = { type: 'InstanceExpiring', data: { name: 'shop', until: 10 * HOUR } };
const expired: EnvironmentEvent = { type: 'InstanceExpired', data: { name: 'shop', until: 10 * HOUR, requestId: 'r1' } };

describe('how long an instance is wanted', () => {
  test('is set when the request that said so is done, and only then', () => {
    expect(
      given(claimed)
        .when(settled({ until: 10 * HOUR }))
        .at(-1),
    ).toEqual(set(10 * HOUR));
    const undone = given(claimed).when(settled({ outcome: 'undone', installed: [], until: 10 * HOUR }));
    expect(undone.map(({ type }) => type)).toEqual(['NameReleased']);
    expect(
      given(claimed)
        .when(settled())
        .map(({ type }) => type),
    ).toEqual(['PlanSettled']);
  });

  test('is told before it is over, and when it is, each once', () => {
    const state = [...there, set(10 * HOUR)];
    expect(given(...state).when(look(9 * HOUR - 1))).toEqual([]);
    expect(given(...state).when(look(9 * HOUR))).toEqual([expiring]);
    expect(given(...state, expiring).when(look(10 * HOUR - 1))).toEqual([]);
    expect(given(...state, expiring).when(look(10 * HOUR))).toEqual([expired]);
    expect(given(...state, expiring, expired).when(look(11 * HOUR))).toEqual([]);
    expect(given(...state).when(look(11 * HOUR))).toEqual([expiring]);
    expect(given(...state, expiring).when(look(11 * HOUR, false))).toEqual([]);
    expect(given(...there).when(look(11 * HOUR))).toEqual([]);
  });

  test('is put off, and told anew', () => {
    const put: EnvironmentEvent = { type: 'UntilExtended', data: { name: 'shop', from: 10 * HOUR, until: 20 * HOUR, actor } };
    expect(given(...there, set(10 * HOUR), expiring).when(extend(20 * HOUR))).toEqual([put]);
    const state = [...there, set(10 * HOUR), expiring, put];
    expect(given(...state).when(look(18 * HOUR))).toEqual([]);
    expect(given(...state).when(look(19 * HOUR))).toMatchObject([{ type: 'InstanceExpiring', data: { until: 20 * HOUR } }]);
    expect(given(...state).when(extend(20 * HOUR))).toEqual([]);
  });

  test('can be put off after it was over, unless somebody gives it back already', () => {
    const state = [...there, set(10 * HOUR), expiring, expired];
    expect(given(...state).when(extend(20 * HOUR, 11 * HOUR))).toMatchObject([{ type: 'UntilExtended' }]);
    const holder: EnvironmentEvent = {
      type: 'NameClaimed',
      data: { ...claimed.data, requestId: 'r2', job: 'deprovision' } as never,
    };
    expect(() => given(...state, holder).when(extend(20 * HOUR, 11 * HOUR))).toThrow(
      expect.objectContaining({ code: 'not-possible', details: { name: 'shop', holder: 'r2' } }),
    );
  });

  test.each([
    ['of nothing', [], extend(HOUR), 'not-found', /no instance shop/],
    ['that has none', there, extend(HOUR), 'not-possible', /wanted for good/],
    ['to an earlier time', [...there, set(10 * HOUR)], extend(9 * HOUR), 'bad-input', /until: must be later than 1970-01-01T10/],
    ['to the past', [...there, set(HOUR)], extend(2 * HOUR, 3 * HOUR), 'bad-input', /until: must be later than 1970-01-01T03/],
  ])('%s cannot be put off', (_what, events, command, code, message) =>
    expect(() => given(...events).when(command)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    ),
  );

  test('an instance whose time was put off is not given back for the time before', () => {
    const claim = (until: number): EnvironmentCommand => ({
      ...{ type: 'Claim', requestId: 'r2', name: 'shop', owner, job: 'deprovision', queue: 10 },
      until,
    });
    const state = [...there, set(10 * HOUR)];
    expect(given(...state).when(claim(10 * HOUR))).toMatchObject([{ type: 'NameClaimed' }]);
    expect(() => given(...state, set(20 * HOUR, 'r3')).when(claim(10 * HOUR))).toThrow(/wanted for longer/);
  });

  test('is forgotten with the instance', () => {
    const released: EnvironmentEvent = { type: 'NameReleased', data: { name: 'shop', requestId: 'r2' } };
    expect(given(...there, set(10 * HOUR), released, claimed).when(look(11 * HOUR))).toEqual([]);
  });

  test('has a key and an id of its own for each instance and each time', () => {
    const one = { at: HOUR, setBy: 'r1' };
    const keys = [one, { ...one, at: 2 * HOUR }, { ...one, setBy: 'r2' }].map((until) => expiryKey('default', 'shop', until));
    expect(new Set(keys).size).toBe(3);
    expect(expiryId('default', 'shop', one)).toBe(expiryId('default', 'shop', { ...one }));
    expect(expiryId('default', 'shop', one)).not.toBe(expiryId('north', 'shop', one));
  });
});
