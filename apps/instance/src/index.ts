import { provisionerService } from '@slipway/provisioner/service';
import { DockerDriver } from './drivers/docker/docker.driver.js';
import { ProcessDriver } from './drivers/process/process.driver.js';
import { rangeOf } from './place/ranges.js';

/** The sub-provisioner of instances. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'instance',
  drivers: ({ config: { mesh, docker, instances } }) => {
    const ports = rangeOf(instances.ports);
    return [new ProcessDriver({ ports, variables: process.env }), new DockerDriver({ mesh, docker, ports })];
  },
});
