export type { Driver, DriverContext, Ensured, Identity, Mark, Observation, Target } from './driver.js';
export { GenerationFolder, MARKER, generationMarks, type Marker, type Standing } from './place/generation-folder.js';
