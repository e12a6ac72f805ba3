import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@slipway/contracts/http';
import { GatewayPlace } from '../testing/gateway-place.js';

/** Lists within lists, or objects within objects, as text. */
const lists = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const filter = (text: string): string => `[{"namespace":"db","filter":${JSON.stringify(text)}}]`;
const deep = `${'(!'.repeat(10_000)}(a=b)${')'.repeat(10_000)}`;

/** Where something that is hostile may stand in a body, and what stands there. */
type Bad = readonly [what: string, body: string, field: RegExp];
const BODIES: readonly Bad[] = [
  ['lists nested 20,000 deep', `{"instanceId":"shop","offerings":{"a":${lists(20_000)}}}`, /nested more than 128 deep/],
  ['objects nested 10,000 deep', `{"instanceId":"shop","offerings":${objects(10_000)}}`, /nested more than 128 deep/],
  ...['__proto__', 'constructor', 'toString'].flatMap((key): Bad[] => [
    [`a key ${key}`, `{"instanceId":"shop","${key}":{"polluted":true}}`, new RegExp(key)],
    [
      `a key ${key} in an attribute`,
      `{"instanceId":"shop","requirements":[{"namespace":"db","attributes":{"${key}":1}}]}`,
      new RegExp(key),
    ],
  ]),
];
/** A job's requirement is looked at by its length first. */
const FILTER: Bad = [
  'a filter nested 10,000 deep',
  `{"ownerId":"ada","instanceId":"shop","requirements":${filter(deep)}}`,
  /requirements\.0\.filter/,
];
const ROUTES = ['/plans', '/ops/provision', '/ops/update', '/ops/repair', '/definitions'];

describe('a body that is hostile', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
  });
  afterAll(() => place.close());

  it.each([
    ...ROUTES.flatMap((route) => BODIES.map((bad) => [route, ...bad] as const)),
    ...['/plans', '/ops/provision'].map((route) => [route, ...FILTER] as const),
  ])('POST %s with %s is refused at the door by name, and nobody is asked', async (route, _what, body, field) => {
    const response = await place.call('POST', route, { body });
    const problem = (await response.json()) as Problem;
    // Whoever was asked would be away: that is another code.
    expect([response.status, problem.code]).toEqual([400, 'bad-input']);
    expect(JSON.stringify(problem)).toMatch(field);
    expect(JSON.stringify(problem).length).toBeLessThan(2_000);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
