import { provisionerService } from '@slipway/provisioner/service';
import { directoryDriver } from './drivers/directory/directory.js';
import { dockerVolumeDriver } from './drivers/docker-volume/docker-volume.js';
import { s3Driver } from './drivers/s3/s3.js';

/** The sub-provisioner of storages. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'storage',
  drivers: ({ config: { mesh, docker, storages } }) => [
    directoryDriver(),
    dockerVolumeDriver({ mesh, docker }),
    ...(storages.s3 ? [s3Driver({ mesh, ...storages.s3 })] : []),
  ],
});
