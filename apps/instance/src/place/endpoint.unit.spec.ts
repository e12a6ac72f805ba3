import { describe, expect, test } from '@jest/globals';
import { endpointAt, urlOf } from './endpoint.js';

describe('an app is reached', () => {
  test('on this machine by loopback alone', () => {
    expect(endpointAt(undefined)).toEqual({ listen: '127.0.0.1', address: '127.0.0.1' });
  });

  test.each([
    ['192.0.2.7', '0.0.0.0', 'http://192.0.2.7:80'],
    ['far.example', '0.0.0.0', 'http://far.example:80'],
    ['2001:db8::7', '::', 'http://[2001:db8::7]:80'],
    ['localhost', '127.0.0.1', 'http://localhost:80'],
    ['127.0.0.1', '127.0.0.1', 'http://127.0.0.1:80'],
  ])('at another machine by its address, %s, for which it listens on %s', (address, listen, url) => {
    expect(endpointAt({ address })).toEqual({ listen, address });
    expect(urlOf(address, 80)).toBe(url);
  });
});
