export { plausibleHistory, type HistoryOptions } from './history.js';
