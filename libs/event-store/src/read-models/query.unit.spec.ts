import { describe, expect, it } from '@jest/globals';
import { queryHash, readCursor, writeCursor } from './cursor.js';
import { checkQuery, type ListQuery } from './query.js';
import { parcels } from './testing/parcels.js';

const refusal = (query: ListQuery): unknown => {
  try {
    return checkQuery(parcels, query);
  } catch (error) {
    return error;
  }
};

describe('a query', () => {
  it.each<[string, RegExp, ListQuery]>([
    ['colour', /can be filtered by owner, shelf, parity, not by "colour"/, { filter: { colour: ['red'] } }],
    ['weight', /can be filtered by/, { filter: { weight: ['1'] } }],
    ['__proto__', /can be filtered by/, { filter: JSON.parse('{"__proto__": ["x"]}') }],
    ['owner', /1 to 100 values/, { filter: { owner: [] } }],
    ['owner', /1 to 100 values/, { filter: { owner: Array.from({ length: 101 }, (_, n) => String(n)) } }],
    ['sort', /can be sorted by shelf, weight, id, not by "owner"/, { sort: 'owner' }],
    ['sort', /not by "-weight"/, { sort: '--weight' }],
    ['limit', /1 to 500/, { limit: 0 }],
    ['limit', /1 to 500/, { limit: 501 }],
    ['limit', /1 to 500/, { limit: 1.5 }],
  ])('with a wrong %s is refused: %s', (field, reason, query) => {
    expect(refusal(query)).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(reason),
      details: { fields: [{ field, reason: expect.any(String) }] },
    });
  });

  it('for a value that a field never has is refused, with those that there are', () => {
    const { shelf, ...fields } = parcels.fields;
    const known = { ...parcels, fields: { ...fields, shelf: { ...shelf!, values: ['a', 'b'] } } };
    expect(checkQuery(known, { filter: { shelf: ['a', 'b'] } }).filter).toEqual({ shelf: ['a', 'b'] });
    expect(() => checkQuery(known, { filter: { shelf: ['a', 'c'] } })).toThrow('shelf: is never "c"; there are a, b');
  });

  it('has defaults', () => {
    expect(checkQuery(parcels, {})).toMatchObject({ filter: {}, field: 'weight', descending: false, limit: 50 });
    const kept = { ...parcels, defaultFilter: { shelf: ['a'] } };
    expect(checkQuery(kept, {}).filter).toEqual({ shelf: ['a'] });
    expect(checkQuery(kept, { filter: { shelf: ['b'] } }).filter).toEqual({ shelf: ['b'] });
  });
});

describe('a cursor', () => {
  const hash = queryHash('parcels', { sort: 'weight' });
  const cursor = { position: 'log.0000000001.00000000000000000007', key: 3, id: 'p1' };

  it('comes back as it was written', () => {
    expect(readCursor(writeCursor('parcels', hash, cursor), 'parcels', hash)).toEqual(cursor);
    expect(writeCursor('parcels', hash, cursor)).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['', 'not one that a page gave'],
    ['garbage', 'not one that a page gave'],
    [Buffer.from('{}').toString('base64url'), 'not one that a page gave'],
    [Buffer.from('["parcels"]').toString('base64url'), 'not one that a page gave'],
    [writeCursor('owners', hash, cursor), 'belongs to owners'],
    [writeCursor('parcels', queryHash('parcels', { sort: '-weight' }), cursor), 'another query'],
  ])('%j is refused', (text, reason) => {
    expect(() => readCursor(text, 'parcels', hash)).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: expect.stringContaining(reason),
        details: { fields: [{ field: 'cursor', reason: expect.any(String) }] },
      }),
    );
  });

  it('of the same query with its values in another order fits', () => {
    expect(checkQuery(parcels, { filter: { owner: ['bob', 'ada'] } }).hash).toBe(
      checkQuery(parcels, { filter: { owner: ['ada', 'bob', 'ada'] } }).hash,
    );
  });
});
