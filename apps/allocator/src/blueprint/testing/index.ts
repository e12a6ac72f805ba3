export { blueprintContract } from './blueprint-contract.js';
export { BlueprintPlace } from './blueprint-place.js';
export type { BlueprintSamples, Holding } from './samples.js';
