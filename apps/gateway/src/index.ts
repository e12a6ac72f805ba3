/** The gateway: the only door. */
import { join } from 'node:path';
import type { ServiceDefinition } from '@slipway/mesh';
import { startGateway } from './gateway.js';
import { openViews } from './views/open-views.js';

export const service: ServiceDefinition = {
  name: 'gateway',
  async start(runtime) {
    const { config, store, cacheFolder } = runtime;
    const eventLog = { eventLog: config.eventLog, folder: join(config.dataFolder, 'log') };
    const views = await openViews({ folder: cacheFolder, log: store, eventLog });
    try {
      return await startGateway(runtime, { views });
    } catch (error) {
      await views.close();
      throw error;
    }
  },
};
