export type { Death } from './mesh/death.js';
export { HostProcess } from './mesh/host-process.js';
export { root } from './mesh/root.js';
export { TestMesh, type TestMeshOptions } from './mesh/test-mesh.js';
