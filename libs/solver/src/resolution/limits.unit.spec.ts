import { describe, expect, test } from '@jest/globals';
import { resolveRequirements, type Resolution } from './resolution.js';
import { capability, input, requirement, resource, type Needs } from './testing.js';
import type { Resource } from './resource.js';

const all = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** More pigeons than holes: no clause that is learned of one of them says anything of the others. */
const pigeons = (count: number) => {
  const one = { capabilities: [capability('hole', {}, { capacity: 1 })] };
  return {
    needs: all(count + 1, (at) => `pigeon${at}`),
    repository: [
      ...all(count + 1, (at) => resource(`pigeon${at}`, [requirement('hole;')])),
      ...all(count, (at) => resource(`hole${at}`, [], one)),
    ],
  };
};

const undecided = (found: Resolution) => {
  if (found.outcome !== 'undecided') throw new Error(found.outcome);
  return found;
};

const within = (steps: number, needs: Needs, repository: readonly Resource[]) =>
  resolveRequirements({ ...input(needs, repository), limits: { steps } });

describe('a resolution within limits', () => {
  test('that is not decided in so many steps says what was seen so far, the same each time', () => {
    const { needs, repository } = pigeons(9);
    const impossible = resource('lib@3.0.0', ['nowhere']);
    const some = [...repository, impossible, resource('lib@2.0.0'), resource('app', ['lib'])];
    const found = undecided(within(20_000, ['app', ...needs], some));
    expect(found).toMatchObject({ limit: 'steps', soFar: { impossible: ['lib@3.0.0'] } });
    expect(found.soFar.tries).toBeGreaterThan(100);
    expect(found.soFar.obstacles[0]!.message).toMatch(
      /has 1 of hole left, and 2 would be taken|Nothing that provides hole for pigeon\d/,
    );
    expect(found.soFar.text).toMatch(
      /^It was shown that lib 3\.0\.0 cannot be there\. \d+ choices were tried in vain, most of all: .+ \(\d+ times\)/,
    );
    expect(within(20_000, ['app', ...needs], some)).toEqual(found);
  });

  test('never decides otherwise than without limits, however few steps it has', () => {
    const chain = all(12, (at) =>
      ['1.0.0', '2.0.0'].map((version) => resource(`c${at}@${version}`, at < 11 ? [`c${at + 1}`] : [])),
    ).flat();
    const clash = [resource('app', ['a', 'b']), resource('a', ['c@^1']), resource('b', ['c@^2'])];
    const single = ['1.0.0', '2.0.0'].map((version) => resource(`c@${version}`, [], { singleton: true }));
    for (const [needs, repository] of [
      [['c0'], chain],
      [['app'], [...clash, ...single]],
    ] as const) {
      const whole = resolveRequirements(input(needs, repository)).outcome;
      const outcomes = all(150, (steps) => within(steps, needs, repository).outcome);
      expect(new Set(outcomes)).toEqual(new Set(['undecided', whole]));
      expect(outcomes.lastIndexOf('undecided')).toBeLessThan(outcomes.indexOf(whole));
    }
  });

  test('that knows a failure when its time is over says so, with its cause', () => {
    const repository = all(300, (at) => resource(`c${at}`, at < 299 ? [`c${at + 1}`] : ['missing']));
    const { outcome } = resolveRequirements(input(['c0'], repository));
    expect(outcome).toBe('unsatisfied');
    const spent = all(60, (at) => within(590 + at, ['c0'], repository)).filter((one) => one.outcome === 'unsatisfied');
    expect(spent.length).toBeGreaterThan(0);
    for (const found of spent)
      expect('explanation' in found && found.explanation.causes[0]!.message).toContain('Nothing provides missing');
  });
});
