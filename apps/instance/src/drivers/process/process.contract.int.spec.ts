import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';
import { samples } from './testing/samples.js';

driverContract('process', contractDriver, samples);
