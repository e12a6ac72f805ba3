import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';

const missing = whyNoDebianHost();
const host = missing === undefined ? makeDebianHost() : undefined;
afterAll(() => host?.remove(), 60_000);

const module = new URL(`../../../dist/drivers/host/testing/contract-driver.js?root=${host?.root}`, import.meta.url).href;

driverContract('host', () => contractDriver(module), {
  missing,
  module,
  make: 'contractDriver',
  prepare: async () => ({ spec: { host: { distribution: 'debian' } } }),
  works: async ({ outputs }) => expect(outputs).toMatchObject({ type: 'host', root: host!.root, distribution: 'debian' }),
  // It is there before and afterwards.
  gone: async () => expect(existsSync(join(host!.root, 'usr/bin/apt-get'))).toBe(true),
  byHand: [
    {
      what: 'it is upgraded to another release',
      change: async () => {
        const file = join(host!.root, 'usr/lib/os-release');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/^VERSION_ID=.*$/m, `VERSION_ID="13.${Date.now()}"`));
      },
      drift: 'changed',
      fields: ['version'],
    },
  ],
  points: 1,
  simulated: 1,
});
