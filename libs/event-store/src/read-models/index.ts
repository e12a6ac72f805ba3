/** Read models: projections of the log in a local SQLite file, with their history. */
export { fieldsOf, foldRows, type Change, type Field, type Model, type Projection } from './projection.js';
export { ReadModels, type Complete, type ReadModelsOptions, type TextPage } from './read-models.js';
export { InWorker, type Registry, type WorkerSettings } from './in-worker.js';
export { InThread } from './in-thread.js';
export { Projector, type ModelsState, type ProjectorOptions, type ViewState, type Whole } from './projector.js';
export type { Snapshot } from './reader.js';
export { startOf } from '../position.js';
export type { ListQuery, Matching } from './query.js';
