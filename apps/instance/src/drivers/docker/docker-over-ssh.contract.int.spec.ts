import { afterAll, beforeAll } from '@jest/globals';
import { startDockerEngine, whyNoDockerEngine } from '@slipway/interfaces/testing';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { moduleFor, samplesAt } from './testing/samples.js';

const missing = whyNoDockerEngine() ?? whyNoSshServer();
const engine = missing === undefined ? await startDockerEngine() : undefined;
let server: TestSshServer;
if (engine) {
  beforeAll(async () => {
    server = await startSshServer();
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await engine.stop();
  }, 60_000);
}

/**
 * All of it takes minutes. In part it is each verb once, several at once, a cancelled step, and a death in each verb: all that is done at the
 * place, and done there over SSH. Left out is what is decided here and the same there: more deaths, hostile data, what was done by hand.
 */
const short = process.env['SLIPWAY_SSH_CONTRACT'] !== 'full';

/** The engine of this machine is no other's: nothing is to be done at it. */
const module = moduleFor('unix:///nowhere/docker.sock');

driverContract(
  `docker, over SSH${short ? ' (in part: SLIPWAY_SSH_CONTRACT=full runs all of it)' : ''}`,
  () => contractDriver(module),
  {
    ...samplesAt(engine),
    module,
    host: () => ({ ...server, docker: engine!.host }),
    points: 1,
    simulated: short ? 1 : 2,
    short,
    missing,
  },
);
