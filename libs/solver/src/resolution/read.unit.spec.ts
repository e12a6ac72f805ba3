import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Json, Requirement as ContractRequirement, ResourceDefinition } from '@slipway/contracts';
import { provides } from '../definition/matches.js';
import { identityRequirement } from '../requirement.js';
import { readJob, readResource } from './read.js';
import { PACKAGE, satisfies } from './resource.js';

const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);

describe('a definition that is read', () => {
  test('has its identity as its first capability, and a requirement for each dependency', () => {
    const read = readResource({
      name: 'shop',
      version: '1.2.0',
      shared: true,
      capabilities: [{ namespace: 'web', attributes: { 'port:Long': 80 }, uses: ['p'], capacity: 2 }],
      requirements: [
        { namespace: 'database', filter: '(engine=sql*)', cardinality: 'multiple', resolution: 'optional', amount: 3 },
      ],
      dependencies: ['lib@[1,2)', 'lib'],
    });
    expect(read).toMatchObject({ id: 'shop@1.2.0', singleton: true, shared: true, together: false, layer: 0 });
    expect(read.capabilities.map(({ namespace, uses, capacity }) => [namespace, uses, capacity])).toEqual([
      ['slipway.identity', [], undefined],
      ['web', ['p'], 2],
    ]);
    expect(read.requirements.map(({ name, optional, multiple, amount }) => [name, optional, multiple, amount])).toEqual([
      ['database', true, true, 3],
      ['lib', false, false, 1],
      ['lib-2', false, false, 1],
    ]);
  });

  test('takes notice of what is effective at resolve time alone', () => {
    const read = readResource({
      name: 'a',
      version: '1.0.0',
      capabilities: [{ namespace: 'x', effective: 'active' }],
      requirements: [
        { namespace: 'y', effective: 'active' },
        { namespace: 'z', effective: 'resolve' },
      ],
    });
    expect(read.capabilities.map(({ namespace }) => namespace)).toEqual(['slipway.identity']);
    expect(read.requirements.map(({ namespace }) => namespace)).toEqual(['z']);
  });

  test('is refused whole, with every field that is wrong and why', () => {
    const wrong: ResourceDefinition = {
      name: 'a',
      version: 'new',
      capabilities: [{ namespace: 'x', attributes: { 'n:Long': 'many' }, capacity: -1 }, { namespace: PACKAGE }],
      requirements: [
        { namespace: 'x', filter: '(a=1', range: '>>1', amount: 0 },
        { namespace: 'x', name: 'same' },
        { namespace: 'x', name: 'same', filter: '' },
      ],
      dependencies: ['lib@nothing at all'],
    };
    let message = '';
    try {
      readResource(wrong);
    } catch (error) {
      message = String(error);
    }
    for (const field of [
      'version: "new" is no version',
      'capabilities.0.capacity: must be',
      'capabilities.0.attributes.n:Long: must be of type Long',
      'capabilities.1.attributes: a package says',
      'requirements.0.amount: must be',
      'requirements.0.range: must be a semver range',
      'requirements.0.filter: character 5: expected ")"',
      'requirements.2.name: "same" is the name of requirement 1 too',
      'requirements.2.filter: character 1: is empty',
      'dependencies.0: must be a semver range',
    ])
      expect(message).toContain(field);
    expect(() => readJob([{ namespace: 'x', filter: 'x' }])).toThrow(/requirements\.0\.filter: character 1/);
  });

  test('satisfies what the first resolver said that it does', () => {
    const names = fc.constantFrom('a', 'b');
    const versions = fc.constantFrom('1.0.0', '1.5.0-rc.1', '2.0.0', '2.1.0+build');
    const ranges = fc.constantFrom(undefined, '^1.0.0', '>=1.5.0-rc.1', '2', '1.0.0', '<2.1.0');
    const attributes = fc.record(
      { name: names, version: versions, n: fc.constantFrom(1, 1.5, '1', true), list: fc.constantFrom<Json>(['a'], ['a', 1]) },
      { requiredKeys: [] },
    );
    const definition = fc.record({
      name: names,
      version: versions,
      capabilities: fc.array(
        attributes.map((one) => ({ namespace: 'x', attributes: one })),
        { maxLength: 2 },
      ),
    });
    const requirement = fc.oneof(
      fc.tuple(names, ranges).map(([name, range]) => identityRequirement(range === undefined ? name : `${name}@${range}`)),
      fc
        .tuple(attributes, ranges)
        .map(([all, range]) => ({ namespace: 'x', attributes: all, ...(range !== undefined && { range }) })),
    );
    fc.assert(
      fc.property(definition, requirement, (written, needed) => {
        const [read] = readJob([needed as ContractRequirement]);
        const now = readResource(written).capabilities.some((one) => satisfies(one, read!));
        expect(now).toBe(provides(written as ResourceDefinition, needed as ContractRequirement));
      }),
      { seed, numRuns: 2000 },
    );
  });
});
