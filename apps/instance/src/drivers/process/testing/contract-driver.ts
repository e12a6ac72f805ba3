import { ProcessDriver } from '../process.driver.js';
import { QUICK } from './quick.js';

/** The driver as the contract suite runs it, here and in child processes. Its ports lie apart from those of other tests. */
export const contractDriver = (): ProcessDriver => new ProcessDriver({ ports: { from: 32_000, to: 32_399 }, supervision: QUICK });
