export type { Driver, DriverContext, Ensured, Observation, Target } from './driver.js';
