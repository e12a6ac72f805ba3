import { describe, expect, test } from '@jest/globals';
import { SCHEMAS, type EnsureCommand } from '@slipway/contracts';
import { SchemaPipe } from './schema-pipe.js';

const ensure: EnsureCommand = {
  requestId: 'r-1',
  stepId: 'storage/shop-data',
  try: 1,
  resource: { environment: 'default', kind: 'storage', name: 'shop-data' },
  generation: 1,
  driver: 'directory',
  location: 'local',
  definition: { name: 'volume', version: '1.0.0', hash: 'abc' },
  deadline: 1,
  spec: { size: '1GB' },
  inputs: { data: { path: '/data' } },
};
const pipe = new SchemaPipe(SCHEMAS.EnsureCommand);

describe('a message checked by its schema', () => {
  test('passes as it is', () => {
    expect(pipe.transform(ensure)).toBe(ensure);
    const owner = { id: 'ada', type: 'user' };
    expect(pipe.transform({ ...ensure, owner })).toEqual({ ...ensure, owner });
  });

  const wrong: [string, object, { field: string; reason: unknown }][] = [
    ['a missing field', { stepId: undefined }, { field: 'stepId', reason: 'is missing' }],
    ['an unknown field', { colour: 'red' }, { field: 'colour', reason: 'is not known' }],
    [
      'an unknown field further in',
      { resource: { ...ensure.resource, size: 1 } },
      { field: 'resource.size', reason: 'is not known' },
    ],
    [
      'a bad name',
      { resource: { ...ensure.resource, name: '../etc' } },
      { field: 'resource.name', reason: expect.stringContaining('lower-case letters') },
    ],
    [
      'a kind that there is not',
      { resource: { ...ensure.resource, kind: 'moon' } },
      { field: 'resource.kind', reason: 'must be one of storage, database, instance' },
    ],
    ['a number that is too small', { generation: 0 }, { field: 'generation', reason: 'must be >= 1' }],
    ['a text that is none', { requestId: 7 }, { field: 'requestId', reason: 'must be string' }],
    [
      'a text without end',
      { requestId: 'x'.repeat(129) },
      { field: 'requestId', reason: 'must NOT have more than 128 characters' },
    ],
    ['a name that is no text', { driver: 7 }, { field: 'driver', reason: expect.stringContaining('lower-case letters') }],
    [
      'an owner that is none',
      { owner: { id: 'a b', type: 'user' } },
      { field: 'owner.id', reason: expect.stringContaining('such as "ada"') },
    ],
  ];
  test.each(wrong)('%s is refused by field and reason', (_what, over, expected) => {
    const body = JSON.parse(JSON.stringify({ ...ensure, ...over })) as unknown;
    expect(refusal(body)).toMatchObject({ code: 'bad-input', details: { fields: [expected] } });
  });

  test('all that is wrong is told at once', () => {
    expect(refusal({ ...ensure, try: 0, deadline: 'soon' })).toMatchObject({
      details: { fields: [{ field: 'try' }, { field: 'deadline' }] },
    });
  });

  test.each([null, 'text', 7, []])('%j is no body', (body) => {
    expect(refusal(body)).toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: '', reason: 'must be a JSON object' }] },
    });
  });

  test('keys that every object has are refused wherever they stand', () => {
    const body = JSON.parse(JSON.stringify(ensure).replace('"size"', '"__proto__"')) as unknown;
    expect(refusal(body)).toMatchObject({ code: 'bad-input', details: { fields: [{ field: '__proto__' }] } });
  });
});

function refusal(body: unknown): unknown {
  try {
    pipe.transform(body);
  } catch (error) {
    return error;
  }
  return undefined;
}
