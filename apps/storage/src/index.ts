import { provisionerService } from '@slipway/provisioner';
import { directoryDriver } from './drivers/directory/directory.js';
import { dockerVolumeDriver } from './drivers/docker-volume/docker-volume.js';

/** The sub-provisioner of storages. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'storage',
  drivers: ({ config: { mesh, docker } }) => [directoryDriver(), dockerVolumeDriver({ mesh, docker })],
});
