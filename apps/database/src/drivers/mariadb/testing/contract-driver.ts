import { mariadbDriver } from '../mariadb.js';

/** As the child processes of the contract suite load it: on a server of its own. */
export const contractDriver = () => mariadbDriver({ mesh: 'contract', config: { connectionLimit: 20 } });
