import { dockerVolumeDriver } from '../docker-volume.js';

/** The driver as the contract suite runs it in child processes: the engine stands in the module's address. */
export const contractDriver = () =>
  dockerVolumeDriver({ mesh: 'contract', docker: { host: new URL(import.meta.url).searchParams.get('host')! } });
