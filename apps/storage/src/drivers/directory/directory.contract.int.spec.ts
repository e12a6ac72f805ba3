import { driverContract } from '@slipway/provisioner/testing';
import { directoryDriver } from './directory.js';
import { samples } from './testing/samples.js';

driverContract('directory', directoryDriver, { ...samples, points: 12 });
