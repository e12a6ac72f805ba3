import { provisionerService } from '@slipway/provisioner';
import { ProcessDriver } from './drivers/process/process.driver.js';
import { rangeOf } from './drivers/process/settings.js';

/** The sub-provisioner of instances. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'instance',
  drivers: ({ config }) => [new ProcessDriver({ ports: rangeOf(config.instances.ports), variables: process.env })],
});
