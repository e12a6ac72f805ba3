import { afterAll } from '@jest/globals';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { missing, VolumeEngine } from './testing/engine.js';
import { moduleFor, samplesAt } from './testing/samples.js';

const engine = missing === undefined ? await VolumeEngine.start() : undefined;
afterAll(() => engine?.stop(), 60_000);

const module = moduleFor(String(engine?.host));

driverContract('docker-volume', () => contractDriver(module), { ...samplesAt(engine), module, missing });
