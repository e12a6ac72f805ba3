import { postgresDriver } from '../postgres.js';

/** As the child processes of the contract suite load it: on a server of its own. */
export const contractDriver = () => postgresDriver({ mesh: 'contract', config: { connectionLimit: 20 } });
