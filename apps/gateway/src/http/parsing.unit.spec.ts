import { describe, expect, it } from '@jest/globals';
import { idempotencyKey } from './idempotency-key.js';
import { readJson } from './json-body.js';
import { listQuery, one, onlyKnown, whole } from './list-query.js';
import { preferredWait } from './prefer.js';

const bad = expect.objectContaining({ code: 'bad-input' });

describe('Prefer: wait (RFC 7240)', () => {
  it.each([
    ['wait=10', 10],
    ['respond-async, wait=10', 10],
    ['Wait = "7"; x=1', 7],
    ['wait=5, wait=9', 5],
    ['wait=100000', 300],
    ['wait=0', 0],
  ])('%s is %i seconds', (header, seconds) => expect(preferredWait(header)).toBe(seconds));

  it.each([undefined, '', 'wait', 'wait=', 'wait=-1', 'wait=soon', 'waiting=3', 'return=minimal'])('%s is no wait', (header) =>
    expect(preferredWait(header)).toBeNull(),
  );
});

describe('Idempotency-Key', () => {
  it('is taken as it is, or made', () => {
    expect(idempotencyKey('order 66')).toBe('order 66');
    expect(idempotencyKey(undefined)).toMatch(/^[0-9a-f-]{36}$/);
    expect(idempotencyKey(undefined)).not.toBe(idempotencyKey(undefined));
  });
  it.each(['', 'x'.repeat(129), 'é'])('%j is refused', (key) => expect(() => idempotencyKey(key)).toThrow(bad));
});

describe('a list’s query', () => {
  it('is paging, and filters by field', () => {
    expect(
      listQuery({
        status: ['queued', 'running'],
        ownerId: 'ada',
        sort: '-acceptedAt',
        limit: '20',
        cursor: 'c',
        asOf: 'p',
        atLeast: 'q',
      }),
    ).toEqual({
      filter: { status: ['queued', 'running'], ownerId: ['ada'] },
      sort: '-acceptedAt',
      limit: 20,
      cursor: 'c',
      asOf: 'p',
    });
    expect(listQuery({})).toEqual({});
  });
  it('names what is wrong', () => {
    for (const limit of ['0', '501', '1e2', '-1', 'x', '']) expect(() => listQuery({ limit })).toThrow(bad);
    expect(() => one({ sort: ['a', 'b'] }, 'sort')).toThrow(bad);
    expect(() => onlyKnown({ asof: '1' }, ['asOf'])).toThrow(/asof.*asOf/);
    expect(whole({ limit: '500' }, 'limit', 1, 500)).toBe(500);
  });
});

describe('a JSON body', () => {
  it('is read', () => expect(readJson('{"a":[1,"\\u0041"]}')).toEqual({ a: [1, 'A'] }));

  it.each([
    ['', /empty/],
    ['{"a": ', /not valid JSON: wrong at/],
    ['{"a": 1} x', /position 9/],
    ['{"a": [{"__proto__": {"admin": true}}]}', /__proto__/],
    ['{"\\u005f_proto__": 1}', /__proto__/],
    ['{"a": {"constructor": 1}}', /constructor/],
    [`${'['.repeat(100_000)}{"__proto__":1}${']'.repeat(100_000)}`, /nested more than 128 deep/],
  ])('%.40s is refused, and says why', (text, reason) => {
    expect(() => readJson(text)).toThrow(bad);
    expect(() => readJson(text)).toThrow(reason);
  });

  it('is never repeated in the error', () => {
    expect(() => readJson('{"password": canary}')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('canary') }),
    );
  });
});
