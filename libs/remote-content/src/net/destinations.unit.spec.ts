import { describe, expect, it } from '@jest/globals';
import { array, assert as holds, constantFrom, property, string, tuple } from 'fast-check';
import { RemoteRefused } from '../failures.js';
import { Destinations } from './destinations.js';

const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

/** What addresses are made of that lead elsewhere than they seem to. */
const PIECES = constantFrom(
  ...[
    'http://',
    'https://',
    'HTTPS:',
    '//',
    '/',
    '\\',
    '..',
    '.',
    '%2e%2e',
    '%2f',
    '?',
    '#',
    '@',
    ':',
    ':443',
    ':8443',
    ' ',
    '\t',
    '\n',
  ],
  ...[
    'content.example',
    'CONTENT.EXAMPLE',
    'cdn.example',
    'evil.example',
    '127.0.0.1',
    '169.254.169.254',
    '[::1]',
    'shelf',
    'a',
    'ada:b@',
  ],
  ...['file:', 'data:', 'javascript:', 'ftp://', 'blob:https://', '\u3002', '。', 'ſ', '\0'],
);

describe('destinations', () => {
  const destinations = new Destinations({ base: 'https://content.example/shelf', hosts: ['cdn.example:8443', 'files.example'] });

  it(`lead to the base, or to a host that is configured, whatever is linked to (SLIPWAY_SEED=${SEED})`, () => {
    let led = 0;
    holds(
      property(tuple(array(PIECES, { maxLength: 8 }), string({ maxLength: 4 })), ([pieces, end]) => {
        const address = pieces.join('') + end;
        try {
          const { protocol, host, pathname, username, password } = destinations.at(address);
          led += 1;
          expect([address, protocol, username, password]).toEqual([address, 'https:', '', '']);
          const isWithin = host === 'content.example' && pathname.startsWith('/shelf/');
          expect([address, isWithin || ['cdn.example:8443', 'files.example'].includes(host)]).toEqual([address, true]);
        } catch (error) {
          if (!(error instanceof RemoteRefused)) throw error;
        }
      }),
      { seed: SEED, numRuns: 5000 },
    );
    expect(led).toBeGreaterThan(50);
  });

  it.each([
    ['a.json', 'https://content.example/shelf/a.json'],
    ['/shelf/a', 'https://content.example/shelf/a'],
    ['https://cdn.example:8443/a', 'https://cdn.example:8443/a'],
    ['https://files.example/a', 'https://files.example/a'],
    ['https://files.example:443/a#b', 'https://files.example/a'],
  ])('%s is %s', (address, expected) => {
    expect(destinations.at(address).href).toBe(expected);
  });

  it.each(['https://cdn.example/a', 'https://files.example:8443/a', '/shelf', '/shelfs/a'])('%s is none', (address) => {
    expect(() => destinations.at(address)).toThrow(RemoteRefused);
  });
});
