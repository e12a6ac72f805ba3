import { afterAll, beforeAll } from '@jest/globals';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { samples } from './testing/samples.js';

let server: TestSshServer;
const missing = whyNoSshServer();
if (missing === undefined) {
  beforeAll(async () => {
    server = await startSshServer();
  }, 60_000);
  afterAll(() => server.stop());
}

const short = process.env['SLIPWAY_SSH_CONTRACT'] !== 'full';

driverContract(`process, over SSH${short ? ' (in part: SLIPWAY_SSH_CONTRACT=full runs all of it)' : ''}`, contractDriver, {
  ...samples,
  host: () => server,
  // Looks at what is not healthy yet are asked for at the place: one time more of them, another less.
  waits: true,
  points: 1,
  simulated: short ? 1 : 2,
  short,
  missing,
});
