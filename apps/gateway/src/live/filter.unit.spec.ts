import { describe, expect, it } from '@jest/globals';
import { readFrame } from './frames.js';
import { readFilter } from './filter.js';

const REQUEST = '0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10';

describe('a filter from outside', () => {
  it('is what the log takes', () => {
    expect(
      readFilter({ type: ['InstanceStarted'], category: 'instance', environment: 'default', request: REQUEST, owner: 'ada' }),
    ).toEqual({
      types: ['InstanceStarted'],
      categories: ['instance'],
      environment: 'default',
      requestId: REQUEST,
      ownerId: 'ada',
    });
    expect(readFilter(undefined)).toEqual({});
    expect(readFilter({ type: undefined })).toEqual({});
  });

  it.each([
    [{ colour: 'red' }, 'colour'],
    [{ __proto__: null, constructor: 'x' }, 'constructor'],
    [{ category: ['weather'] }, 'category'],
    [{ request: '>' }, 'request'],
    [{ request: `${REQUEST}.>` }, 'request'],
    [{ environment: ['a', 'b'] }, 'environment'],
    [{ type: [] }, 'type'],
    [{ type: Array.from({ length: 101 }, () => 'A') }, 'type'],
    [{ type: [7] }, 'type'],
    [{ owner: '' }, 'owner'],
    [[], 'filter'],
    [null, 'filter'],
    ['x', 'filter'],
  ])('%j is refused naming %s', (filter, field) =>
    expect(() => readFilter(filter)).toThrow(
      expect.objectContaining({ code: 'bad-input', details: { fields: [expect.objectContaining({ field })] } }),
    ),
  );
});

describe('a frame', () => {
  it('is read', () => {
    expect(readFrame('{"type":"subscribe","id":"1","from":"start"}')).toEqual({
      type: 'subscribe',
      id: '1',
      filter: {},
      batch: 1,
      from: 'start',
    });
    expect(readFrame('{"type":"unsubscribe","id":"1"}')).toEqual({ type: 'unsubscribe', id: '1' });
    expect(readFrame('{"type":"ping"}')).toEqual({ type: 'ping' });
  });

  it.each([
    ['', 'message-malformed'],
    ['[]', 'message-malformed'],
    ['null', 'message-malformed'],
    ['{', 'message-malformed'],
    ['{}', 'bad-input'],
    ['{"type":"shutdown"}', 'bad-input'],
    ['{"type":"__proto__"}', 'bad-input'],
    ['{"type":"ping","more":1}', 'bad-input'],
    ['{"type":"subscribe"}', 'bad-input'],
    ['{"type":"subscribe","id":""}', 'bad-input'],
    ['{"type":"subscribe","id":"1","from":7}', 'bad-input'],
    ['{"type":"subscribe","id":"1","filter":{"colour":"red"}}', 'bad-input'],
    ['{"type":"authenticate"}', 'bad-input'],
  ])('%s is refused: %s', (text, code) =>
    expect(() => readFrame(text)).toThrow(expect.objectContaining({ error: expect.objectContaining({ code }) })),
  );
});
