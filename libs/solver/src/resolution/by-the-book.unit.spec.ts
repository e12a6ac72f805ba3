import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { clashes, isSatisfiedBy } from './by-the-book.js';
import { classSpaceConflicts } from './consistency.js';
import { ResolutionEnvironment } from './environment.js';
import { classes } from './models.js';
import { PACKAGE, satisfies, type Wire } from './resource.js';
import { bundle, capability, importOf, requirement } from './testing.js';

const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.SLIPWAY_MODELS ?? 2_000);

describe('the solver against the book', () => {
  test('a package comes from two places in the words of OSGi Core where it does for the solver, however bundles are wired', () => {
    const counts = { clash: 0, fine: 0 };
    fc.assert(
      fc.property(classes, fc.infiniteStream(fc.nat(100)), ({ repository }, dice) => {
        const wires = repository.flatMap(({ id, requirements }) =>
          requirements.flatMap((one): Wire[] => {
            const able = repository.flatMap(({ id: to, capabilities }) =>
              capabilities.flatMap((each, at) => (isSatisfiedBy(one, each) ? [{ to, capability: at }] : [])),
            );
            return able.length === 0 ? [] : [{ from: id, requirement: one.name, ...able[dice.next().value! % able.length]! }];
          }),
        );
        const environment = new ResolutionEnvironment({ resources: repository, wires });
        const expected = clashes(repository, wires);
        for (const one of repository) {
          const names = expected.get(one.id)!;
          counts[names.length > 0 ? 'clash' : 'fine']++;
          expect([one.id, classSpaceConflicts(one, environment)]).toEqual([one.id, names]);
        }
      }),
      { seed, numRuns },
    );
    expect(Math.min(counts.clash, counts.fine)).toBeGreaterThan(numRuns / 10);
  });

  test('who uses a package of another place, directly or further away, has it from two places', () => {
    const all = [
      bundle('one', [], ['q']),
      bundle('two', [], ['q']),
      bundle('service', ['q'], ['p:q']),
      bundle('further', ['p'], ['o:p']),
      bundle('shop', ['q', 'o'], []),
    ];
    const wire = (from: string, pkg: string, to: string): Wire => ({
      from: `${from}@1.0.0`,
      requirement: `import ${pkg}`,
      to: `${to}@1.0.0`,
      capability: 1,
    });
    const wires = [wire('service', 'q', 'one'), wire('further', 'p', 'service'), wire('shop', 'o', 'further')];
    expect(clashes(all, [...wires, wire('shop', 'q', 'one')]).get('shop@1.0.0')).toEqual([]);
    expect(clashes(all, [...wires, wire('shop', 'q', 'two')]).get('shop@1.0.0')).toEqual(['q']);
  });

  const version = fc.constantFrom('0', '1.0.0', '1.2.0', '1.2.1', '2.0.0', '2.1', '3.0.0-rc.1', '3.0.0');
  const release = version.filter((one) => !one.includes('-'));
  const comparison = fc.oneof(
    fc.tuple(fc.constantFrom('=', '>=', '<='), release).map(([operator, value]) => `(version${operator}${value})`),
    fc.tuple(fc.constantFrom('name', 'edition'), fc.constantFrom('a', 'b', '*')).map(([name, value]) => `(${name}=${value})`),
  );
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { depthSize: 'small' },
      comparison,
      fc
        .tuple(fc.constantFrom('&', '|'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 }))
        .map(([sign, parts]) => `(${sign}${parts.join('')})`),
      tie('filter').map((one) => `(!${one})`),
    ),
  }));
  const range = fc.oneof(
    fc
      .tuple(fc.constantFrom('[', '('), release, release, fc.constantFrom(']', ')'))
      .map(([open, low, high, close]) => `${open}${low},${high}${close}`),
    fc.tuple(fc.constantFrom('^', '~', '>=', '<', ''), release).map(([sign, value]) => `${sign}${value}`),
  );

  test('a capability satisfies a requirement in the words of OSGi Core where it does for the solver', () => {
    const offered = fc.record({
      namespace: fc.constantFrom('x', PACKAGE),
      attributes: fc.record(
        { name: fc.constantFrom('a', 'b'), version, edition: fc.constantFrom('a', 'b') },
        { requiredKeys: [] },
      ),
      mandatory: fc.subarray(['edition'], { maxLength: 1 }),
    });
    const asked = fc.oneof(
      filter.map((text) => requirement(`x;${text}`)),
      fc.tuple(fc.constantFrom('a', 'b'), range).map(([name, text]) => ({ ...requirement(`${name}@${text}`), namespace: 'x' })),
      range.map((text) => importOf(`q@${text}`)),
    );
    const counts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(offered, asked, ({ namespace, attributes, mandatory }, one) => {
        const named = namespace === PACKAGE ? { ...attributes, [PACKAGE]: 'q' } : attributes;
        const each = capability(namespace, named, { mandatory });
        const expected = isSatisfiedBy(one, each);
        counts[expected ? 'yes' : 'no']++;
        expect(satisfies(each, one)).toBe(expected);
      }),
      { seed, numRuns },
    );
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(numRuns / 40);
  });
});
