import preset from '../jest.preset.mjs';

// Whole meshes of real processes: one at a time on a small machine.
export default { ...preset, maxWorkers: 1 };
