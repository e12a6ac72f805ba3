import { expect, test } from '@jest/globals';
import { makeBlueprint } from '../blueprint/load.js';
import { blueprintContract } from '../blueprint/testing/index.js';
import { licence } from './licence.js';

const settings = { name: 'Licence', location: 'local', options: { product: 'compiler', count: 3 } };

blueprintContract('Licence', () => makeBlueprint(licence, settings), {
  attributes: { product: 'compiler' },
  points: 0,
});

test('there are as many as were bought, of one product', () => {
  const made = makeBlueprint(licence, settings);
  expect(made).toMatchObject({ type: 'licence', capacity: 3, limits: { resources: 1 } });
  expect(made.attributes).toEqual({ product: { default: 'compiler', oneOf: ['compiler'] } });
  expect(() => makeBlueprint(licence, { ...settings, options: { product: 'compiler' } })).toThrow(/options\.count/);
  expect(made.mostResources).toBe(1);
  const three = { ...settings, limits: { resources: 3 } };
  expect(() => makeBlueprint(licence, three)).toThrow(/Licence\.limits\.resources must be at most 1/);
});
