/** Handlers: other people's code, called with what was recorded, apart from all that it could bring down. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { HealthReport } from '@slipway/contracts';
import { SnapshotCache } from '@slipway/event-store';
import { startMicroservice, type ServiceDefinition } from '@slipway/mesh';
import { HandlersController } from './handlers.controller.js';
import { Handlers } from './handlers.js';

/** Grows whenever the state of a handler's stream, or how it is folded, changes. */
const FOLD_VERSION = 1;
/** Events that a stream grows by before its state is kept again. */
const KEEP_EVERY = 10;

export const service: ServiceDefinition = {
  name: 'handlers',
  async start(runtime) {
    const { replica, connection, cacheFolder } = runtime;
    await mkdir(cacheFolder, { recursive: true });
    const cache = new SnapshotCache(join(cacheFolder, 'handlers.sqlite'), KEEP_EVERY);
    const handlers = await Handlers.open(runtime, { cache, foldVersion: FOLD_VERSION });

    @Module({ controllers: [HandlersController], providers: [{ provide: Handlers, useValue: handlers }] })
    class HandlersModule {}

    const health = (): HealthReport => ({
      service: 'handlers',
      replica,
      // One that is broken stops neither the others nor a request: it is named, and that is all.
      ready: connection.connected(),
      reasons: handlers.problems(),
    });
    const microservice = await startMicroservice(runtime, HandlersModule, { health });
    return {
      health: async () => health(),
      async stop() {
        await microservice.stop();
        await handlers.stop();
        cache.close();
      },
    };
  },
};
