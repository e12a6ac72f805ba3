import { afterAll } from '@jest/globals';
import { startDockerEngine, whyNoDockerEngine } from '@slipway/interfaces/testing';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { moduleFor, samplesAt } from './testing/samples.js';

const missing = whyNoDockerEngine();
const engine = missing === undefined ? await startDockerEngine() : undefined;
afterAll(() => engine?.stop(), 60_000);

const module = moduleFor(String(engine?.host));

driverContract('docker', () => contractDriver(module), { ...samplesAt(engine), module, missing });
