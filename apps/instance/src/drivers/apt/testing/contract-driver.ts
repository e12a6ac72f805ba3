import { AptDriver } from '../apt.driver.js';

/** The driver as the contract suite runs it, here and in child processes. */
export const contractDriver = (): AptDriver => new AptDriver({ mesh: 'contract' });
