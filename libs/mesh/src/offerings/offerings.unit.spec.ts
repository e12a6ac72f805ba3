import { describe, expect, test } from '@jest/globals';
import { mergedOfferings, type JsonObject, type Offering } from '@slipway/contracts';
import { chosenErrors, offeringErrors } from './offerings.js';

const offering = (name: string, schema: JsonObject, byDefault: Offering['default'], title = name): Offering => ({
  ...{ name, title, schema, default: byDefault },
});

describe('what is offered', () => {
  test('a definition counts before its guest location, and that before the provisioner, each offering as a whole', () => {
    const offered = mergedOfferings({
      provisioner: [offering('size', { enum: ['S'] }, 'S'), offering('zone', { type: 'string' }, 'a')],
      guestLocation: [offering('size', { enum: ['M'] }, 'M'), offering('disk', { type: 'string' }, 'ssd')],
      definition: [offering('size', { enum: ['L'] }, 'L'), offering('greeting', { type: 'string' }, 'Hi')],
    });
    expect(offered.map(({ name, from, default: byDefault }) => [name, from, byDefault])).toEqual([
      ['disk', 'guestLocation', 'ssd'],
      ['greeting', 'definition', 'Hi'],
      ['size', 'definition', 'L'],
      ['zone', 'provisioner', 'a'],
    ]);
  });

  test('a schema that is none, a default that does not fit, and a name that stands twice are named', () => {
    const wrong = [
      offering('a', { type: 'string' }, 1),
      offering('b', { type: 'nothing' }, 1),
      offering('a', { type: 'string' }, 'x'),
      offering('c', { $async: true, type: 'string' }, 'x'),
      offering('d', { $ref: 'https://elsewhere/schema' }, 'x'),
      offering('e', { description: 'x'.repeat(20_000) }, 'x'),
    ];
    expect(offeringErrors(wrong)).toEqual([
      { field: '0.default', reason: 'must be string' },
      { field: '1.schema', reason: expect.stringContaining('is no JSON Schema') },
      { field: '2.name', reason: '"a" is offered by 0 already' },
      { field: '3.schema', reason: expect.stringContaining('$async') },
      { field: '4.schema', reason: expect.stringContaining('https://elsewhere/schema') },
      { field: '5.schema', reason: expect.stringContaining('16384 bytes') },
    ]);
    expect(offeringErrors([offering('a', { type: 'string' }, 'x')])).toEqual([]);
  });

  test('two schemas that call themselves the same are still two', () => {
    const one = offering('one', { $id: 'urn:example:same', type: 'string' }, 'x');
    const two = offering('two', { $id: 'urn:example:same', type: 'integer' }, 2);
    expect(offeringErrors([one, two])).toEqual([]);
  });
});

describe('what is chosen', () => {
  const offered = mergedOfferings({
    definition: [
      offering('version', { enum: ['15', '16'] }, '16', 'Version'),
      offering('tags', { type: 'array', items: { type: 'string', maxLength: 3 } }, []),
    ],
  });

  test('each value must fit its schema', () => {
    expect(chosenErrors(offered, { version: '15', tags: ['a'] })).toEqual([]);
    expect(chosenErrors(offered, { version: 15, tags: ['abcd'] })).toEqual([
      { field: 'offerings.version', reason: 'must be one of "15", "16"' },
      { field: 'offerings.tags', reason: '0 must NOT have more than 3 characters' },
    ]);
  });

  test('what nobody offers is answered with what is offered', () => {
    expect(chosenErrors(offered, { colour: 'red' })).toEqual([
      { field: 'offerings.colour', reason: 'is not offered; there are: tags (tags), version (Version)' },
    ]);
    expect(chosenErrors([], { colour: 'red' })[0]!.reason).toBe('is not offered; there are: none');
  });

  test.each([['${secret.key}'], [{ 'a${x}': 1 }], [['\0']], [{ a: ['secret://database-default.other-db/g1/password#1'] }]])(
    'a choice cannot name what is filled in later: %j',
    (value) => {
      const anything = mergedOfferings({ definition: [offering('any', {}, 'x')] });
      expect(chosenErrors(anything, { any: value })).toEqual([
        { field: 'offerings.any', reason: 'must hold neither "${" nor "secret://" nor a NUL character, in whatever text' },
      ]);
    },
  );

  test('a value that is too large is refused before its schema is asked', () => {
    expect(chosenErrors(offered, { tags: ['x'.repeat(5_000)] })[0]!.reason).toMatch(/at most 4096 bytes/);
  });
});
