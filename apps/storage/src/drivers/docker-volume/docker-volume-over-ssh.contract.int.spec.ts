import { afterAll, beforeAll } from '@jest/globals';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { missing as missingEngine, VolumeEngine } from './testing/engine.js';
import { moduleFor, samplesAt } from './testing/samples.js';

const missing = missingEngine ?? whyNoSshServer();
const engine = missing === undefined ? await VolumeEngine.start() : undefined;
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

/** All of it takes minutes. */
const short = process.env['SLIPWAY_SSH_CONTRACT'] !== 'full';

/** The engine of this machine is no other's: nothing is to be done at it. */
const module = moduleFor('unix:///nowhere/docker.sock');

driverContract(
  `docker-volume, over SSH${short ? ' (in part: SLIPWAY_SSH_CONTRACT=full runs all of it)' : ''}`,
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
