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
    expect(at(resource, rest)).toMatchObject({ origin: 'http://127.0.0.1:20017', path });
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
  const prefix = '/api/v1/instances/shop/resource';
  const gateway = 'https://slipway.example';
  const root = { origin: 'http://127.0.0.1:20017', base: '', path: '/a/b?q=1', gateway, prefix };
  const shown = { ...root, base: '/app', path: '/app/x' };
  const caller = {
    ...{ address: '10.0.0.7', host: 'slipway.example:443', proto: 'https' as const, prefix: '/api/v1/instances/shop/resource' },
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
      'x-forwarded-prefix': '/api/v1/instances/shop/resource',
      ...{ 'x-request-id': 'call-0001', traceparent: '00-a-b-01' },
    });
    expect(headersToInstance({}, { ...caller, address: '::1' })['forwarded']).toContain('for="[::1]"');
  });

  it('to a caller: the answer’s, none of one connection, and not whose pages may read it', () => {
    const headers = {
      ...{ 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], location: '/app/there', 'x-request-id': 'other' },
      ...{ connection: 'close, x-named', 'x-named': 'n', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked' },
      'access-control-allow-origin': '*',
    };
    expect(headersToCaller(headers, shown)).toEqual({
      'content-type': 'text/plain',
      'set-cookie': [`a=1; Path=${prefix}`, `b=2; Path=${prefix}`],
      location: `${prefix}/there`,
    });
  });

  it.each([
    ['/login?next=%2F#top', '/login?next=%2F#top'],
    ['http://127.0.0.1:20017/login', '/login'],
    ['https://slipway.example/login', '/login'],
    ['login', '/a/login'],
    ['../../..', '/'],
    ['', '/a/b?q=1'],
  ])('to a caller: what the instance refers to as %j is below its path at the gateway', (location, rest) => {
    const passed = headersToCaller({ location, 'content-location': location }, root);
    expect(passed).toEqual({ location: `${prefix}${rest}`, 'content-location': `${prefix}${rest}` });
  });

  it('to a caller: what heeds the prefix, is elsewhere, or is not below the resource leads to where it is', () => {
    const of = (location: string, at = root) => headersToCaller({ location }, at)['location'];
    expect(of(`${prefix}/x?y`)).toBe(`${prefix}/x?y`);
    expect(of(`https://slipway.example${prefix}/x`)).toBe(`${prefix}/x`);
    expect(of('https://else.example/login')).toBe('https://else.example/login');
    expect(of('http://[')).toBe('http://[');
    expect(of('/app/login', shown)).toBe(`${prefix}/login`);
    expect(of('/app', shown)).toBe(prefix);
    expect(of('/application', shown)).toBe('http://127.0.0.1:20017/application');
  });

  it.each([
    ['a=1; Path=/; HttpOnly', 'a=1; HttpOnly', ''],
    ['a=1; path=/app/admin/; Domain=slipway.example; Secure', 'a=1; Secure', '/admin'],
    ['a=1; DOMAIN=.example; Path=/api/v1/instances/wiki/resource', 'a=1', ''],
    ['a="x=y"; Path=/app; Path=/; SameSite=Lax', 'a="x=y"; SameSite=Lax', ''],
    ['a=1', 'a=1', ''],
  ])('to a caller: the cookie %j is for that instance alone', (cookie, kept, below) => {
    expect(headersToCaller({ 'set-cookie': [cookie] }, shown)['set-cookie']).toEqual([`${kept}; Path=${prefix}${below}`]);
  });
});
