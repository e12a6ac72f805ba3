import { afterAll, beforeAll } from '@jest/globals';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { driverContract } from '@slipway/provisioner/testing';
import { directoryDriver } from './directory.js';
import { samples } from './testing/samples.js';

let server: TestSshServer;
const missing = whyNoSshServer();
if (missing === undefined) {
  beforeAll(async () => {
    server = await startSshServer();
  }, 60_000);
  afterAll(() => server.stop());
}

/** All of it takes two minutes. */
const short = process.env['SLIPWAY_SSH_CONTRACT'] !== 'full';

driverContract(`directory, over SSH${short ? ' (in part: SLIPWAY_SSH_CONTRACT=full runs all of it)' : ''}`, directoryDriver, {
  ...samples,
  host: () => server,
  points: 1,
  simulated: short ? 1 : 3,
  short,
  missing,
});
