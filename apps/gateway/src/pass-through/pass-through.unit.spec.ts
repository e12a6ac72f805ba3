import { describe, expect, it } from '@jest/globals';
import type { ResourceView } from '@slipway/contracts/http';
import { headersToCaller, headersToInstance } from './headers.js';
import { resourceOf, targetOf } from './target.js';

describe('where a call goes', () => {
  const at = (resource: string, rest: string) => targetOf(new URL(resource), rest);

  it.each([
    ['http://127.0.0.1:20017/', '', '/'],
    ['http://127.0.0.1:20017/', '/', '/'],
    ['http://127.0.0.1:20017/', '/entries?limit=2', '/entries?limit=2'],
    ['http://127.0.0.1:20017/api', '', '/api'],
    ['http://127.0.0.1:20017/api', '/', '/api/'],
    ['http://127.0.0.1:20017/api/', '/a%20b/c;v=1', '/api/a%20b/c;v=1'],
    ['http://127.0.0.1:20017/api', '?q=../x', '/api?q=../x'],
    ['http://127.0.0.1:20017/notes?v=1', '/all?limit=2', '/notes/all?v=1&limit=2'],
    ['http://127.0.0.1:20017/', '/...', '/...'],
    ['http://127.0.0.1:20017/', '/%E2%82%AC', '/%E2%82%AC'],
    ['http://127.0.0.1:20017/', '/100%25', '/100%25'],
  ])('%s and %j: %s', (resource, rest, path) => {
    expect(at(resource, rest)).toEqual({ origin: 'http://127.0.0.1:20017', path });
  });

  it.each([
    '/..',
    '/a/../../secret',
    '/./a',
    '/%2e%2e/secret',
    '/%2E./secret',
    '/%252e%252e/secret',
    '/%25252e%25252e/secret',
    '/..;/secret',
    '/a%2f..%2fsecret',
    '/a%2fb',
    '/a%252fb',
    '/a%5cb',
    '/a\\b',
    '//evil.example/',
    '/%2f/evil.example/',
    '/a%00b',
    '/a%0d%0aX: y',
    '/a%c0%ae%c0%ae/%2e%2e',
    '/a b',
    '/%2525252525252e',
    'http://evil.example/',
    '@evil.example/',
    '.evil.example/',
    ':80/',
  ])('%j is refused', (rest) => {
    expect(() => at('http://127.0.0.1:20017/api', rest)).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });

  it('is nowhere for what is stopped, not there, or has no address', () => {
    const view = { name: 'shop', status: 'present', desired: 'running', resourceUrl: 'http://127.0.0.1:1/' } as ResourceView;
    expect(resourceOf(view).href).toBe('http://127.0.0.1:1/');
    const refused = (message: string) =>
      expect.objectContaining({ code: 'not-possible', message: expect.stringContaining(message) });
    expect(() => resourceOf({ ...view, desired: 'stopped' })).toThrow(refused('stopped'));
    expect(() => resourceOf({ ...view, status: 'destroyed' })).toThrow(refused('destroyed'));
    const { resourceUrl: _none, ...without } = view;
    expect(() => resourceOf(without)).toThrow(refused('no address'));
  });
});

describe('headers that are passed', () => {
  const caller = {
    ...{ address: '10.0.0.7', host: 'slipway.example:443', proto: 'https' as const },
    context: { correlationId: 'call-0001', actor: { id: 'ada', type: 'user' as const }, trace: '00-a-b-01' },
  };

  it('to an instance: its own, none of one connection, none of the caller’s for the gateway, and who calls as we know it', () => {
    const passed = headersToInstance(
      {
        ...{ accept: 'text/plain', cookie: 'a=1', 'content-type': 'text/x', 'x-own': 'yes', ':authority': 'x' },
        ...{ authorization: 'Bearer canary', 'slipway-at-least': 'x', 'x-log-token': 'y', host: 'slipway.example', expect: 'x' },
        ...{ connection: 'keep-alive, X-Named', 'x-named': 'n', te: 'trailers', 'transfer-encoding': 'chunked', upgrade: 'h2c' },
        ...{ 'proxy-authorization': 'canary', forwarded: 'for=evil', 'x-forwarded-for': 'evil', 'x-forwarded-port': '1' },
      },
      caller,
    );
    expect(passed).toEqual({
      ...{ accept: 'text/plain', cookie: 'a=1', 'content-type': 'text/x', 'x-own': 'yes' },
      forwarded: 'for=10.0.0.7;host="slipway.example:443";proto=https',
      ...{ 'x-forwarded-for': '10.0.0.7', 'x-forwarded-host': 'slipway.example:443', 'x-forwarded-proto': 'https' },
      ...{ 'x-request-id': 'call-0001', traceparent: '00-a-b-01' },
    });
    expect(headersToInstance({}, { ...caller, address: '::1' })['forwarded']).toContain('for="[::1]"');
  });

  it('to a caller: the answer’s, none of one connection, and not whose pages may read it', () => {
    const headers = {
      ...{ 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], location: '/there', 'x-request-id': 'other' },
      ...{ connection: 'close, x-named', 'x-named': 'n', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked' },
      'access-control-allow-origin': '*',
    };
    expect(headersToCaller(headers)).toEqual({
      ...{ 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], location: '/there' },
    });
  });
});
