/** The gateway: the only door. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDefinition } from '@slipway/mesh';
import { MODELS_ENTRY } from './backup/manifest.js';
import { startGateway } from './gateway.js';
import { openViews } from './views/open-views.js';

export { startGateway, type GatewayOptions, type RunningGateway } from './gateway.js';
export { loadOrMakeKey } from './identity/key.js';

export const service: ServiceDefinition = {
  name: 'gateway',
  async start(runtime) {
    const { config, store, cacheFolder } = runtime;
    const eventLog = { eventLog: config.eventLog, folder: join(config.dataFolder, 'log') };
    // What a restore brought along spares the views their rebuilding.
    const restored = join(config.dataFolder, MODELS_ENTRY);
    const snapshot = existsSync(restored) ? { snapshot: restored } : {};
    const views = await openViews({
      ...{ folder: cacheFolder, log: store, eventLog, blobsFolder: join(config.dataFolder, 'blobs') },
      ...snapshot,
    });
    try {
      return await startGateway(runtime, { views });
    } catch (error) {
      await views.close();
      throw error;
    }
  },
};
