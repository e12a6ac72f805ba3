import { leaseDriver, provisionerService } from '@slipway/provisioner/service';
import { AptDriver } from './drivers/apt/apt.driver.js';
import { ArtefactDriver } from './drivers/artefact/artefact.driver.js';
import { DockerDriver } from './drivers/docker/docker.driver.js';
import { HostDriver } from './drivers/host/host.driver.js';
import { ProcessDriver } from './drivers/process/process.driver.js';
import { rangeOf } from './place/ranges.js';

/** The sub-provisioner of instances. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'instance',
  drivers: ({ bus, config: { mesh, docker, instances } }) => {
    const { hosts } = instances;
    const ports = rangeOf(instances.ports);
    return [
      new ProcessDriver({ ports, variables: process.env }),
      new DockerDriver({ mesh, docker, ports }),
      new HostDriver({ hosts }),
      new AptDriver({ mesh }),
      new ArtefactDriver(),
      leaseDriver('instance', { bus }),
    ];
  },
});
