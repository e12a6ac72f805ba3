export { explore, run, type Exploration, type Scenario } from './explore.js';
export { broken, outcome, type PlaceRecord } from './invariants.js';
export { keptSnapshots } from './snapshots.js';
export type { Recorded } from './fold.js';
export { SimulatedMesh, type Begin, type SimulatedMeshOptions } from './simulated-mesh.js';
export { SimulatedProcess } from './simulated-process.js';
