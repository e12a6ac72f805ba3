import type { Driver } from '@slipway/provisioner';
import type { StorageSpec } from '@slipway/contracts';
import { dockerVolumeDriver } from '../docker-volume.js';

/** The driver as the contract suite runs it, here and in child processes: the engine of this machine stands in the module's address. */
export const contractDriver = (address = import.meta.url): Driver<StorageSpec> =>
  dockerVolumeDriver({ mesh: 'contract', docker: { host: new URL(address).searchParams.get('host')! } });
