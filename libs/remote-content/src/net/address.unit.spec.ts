import { describe, expect, it } from '@jest/globals';
import { assert as holds, integer, property, tuple } from 'fast-check';
import { reachOf, type Reach } from './address.js';

const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

const TABLE: [Reach, ...string[]][] = [
  ['public', '93.184.216.34', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '2606:4700::1111', '2a00:1450::1'],
  ['private', '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
  ['private', '::1', 'fd12:3456::1', 'fc00::1', '198.18.0.1'],
  ['never', '169.254.169.254', '169.254.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '240.0.0.1', '192.0.2.1'],
  ['never', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '::', '2001:db8::1'],
  ['public', '::ffff:0:8.8.8.8', '64:ff9b:1::8.8.8.8'],
  ['private', '::ffff:0:127.0.0.1', '::ffff:0:a00:1', '64:ff9b:1::10.0.0.1'],
  ['never', '::ffff:0:169.254.169.254', '64:ff9b:1::a9fe:a9fe', '64:ff9b:1:7f00:0:100:808:808', '64:ff9b:1:a9fe:a9:fe00::'],
  ['never', 'localhost', '', '127.1', '0x7f.0.0.1', '1.2.3.4.5'],
];

describe('an address', () => {
  it.each(TABLE.flatMap(([reach, ...all]) => all.map((address) => [address, reach] as const)))('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });

  it(`is what the IPv4 address is that it leads to, however it is written (SLIPWAY_SEED=${SEED})`, () => {
    const byte = integer({ min: 0, max: 255 });
    holds(
      property(tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
        const dotted = `${a}.${b}.${c}.${d}`;
        const [high, low] = [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
        const leading = [
          `::ffff:${dotted}`,
          `::ffff:${high}:${low}`,
          `0:0:0:0:0:ffff:${high}:${low}`,
          `64:ff9b::${high}:${low}`,
          `::ffff:0:${dotted}`,
          `64:ff9b:1::${high}:${low}`,
        ];
        for (const written of [...leading, `2002:${high}:${low}::1`])
          expect([written, reachOf(written)]).toEqual([written, reachOf(dotted)]);
      }),
      { seed: SEED },
    );
  });
});
