export { driverContract } from './driver-contract.js';
export type { DataSamples, DriverSamples } from './samples.js';
export { ContractPlace, type Said } from './contract-place.js';
export { seeded } from './points.js';
export { withEffects, type BeforeEffect } from './effects.js';
export { nullDriver } from './null-driver.js';
export { SIMULATED_DATA, SimulatedPlace, type EffectPoint, type OnEffect } from './simulated-place.js';
export { startCore, type Serve } from './start-core.js';
export { dataOf, readOut, streamed } from '../step/data.js';
