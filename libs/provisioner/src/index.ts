export { LOG_PART } from './driver.js';
export type {
  Data,
  Driver,
  DriverContext,
  Ensured,
  Identity,
  Mark,
  LogFrom,
  LogPart,
  Observation,
  OtherMachine,
  Portable,
  Target,
  Updatable,
} from './driver.js';
export { assertEngine, engineAt } from './place/engine-at.js';
export { EngineMarks } from './place/engine-marks.js';
export { Fence } from './place/fence.js';
export {
  GenerationFolder,
  MARKER,
  generationMarks,
  type Exchange,
  type Marker,
  type Standing,
} from './place/generation-folder.js';
export { until } from './place/waiting.js';
export { AtPlace } from './transfer/at-place.js';
export type { Whole } from './transfer/transfers.js';
export { abortable, secretPrefix } from './step/driver-context.js';
export { RedactingSecrets } from './step/redaction.js';
export { assertWithin } from './step/bounds.js';
export type { Kit, PackagedDrivers } from './package/kit.js';
