import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { HealthReport } from '@slipway/contracts';
import { startMicroservice, type RunningService, type Runtime, type ServiceDefinition } from '@slipway/mesh';
import { Environments } from './environment/environments.js';
import { KeptEnvironments } from './environment/kept-environments.js';
import { Planning } from './planning.js';
import { Repository } from './repository/repository.js';
import { ResolverController } from './resolver.controller.js';

export { Environments } from './environment/environments.js';
export { Planning } from './planning.js';

const MAX_REASONS = 20;

/** Definitions in a folder, environments in the log: a plan, or an explanation why not. Appends nothing, anywhere. */
export const service: ServiceDefinition = {
  name: 'resolver',
  async start(runtime: Runtime): Promise<RunningService> {
    const { config, store, blobs, clock, logger, connection, replica, cacheFolder } = runtime;
    const repository = new Repository({ folder: config.contentFolder, blobs, clock, logger });
    const stopWatching = repository.watch();
    await repository.refresh();
    await mkdir(cacheFolder, { recursive: true });
    const cache = new KeptEnvironments(join(cacheFolder, 'environments.sqlite'), logger);
    const environments = new Environments({ store, blobs, clock, cache });
    const planning = new Planning(repository, environments, Object.keys(config.guestLocations), clock);

    @Module({ controllers: [ResolverController], providers: [{ provide: Planning, useValue: planning }] })
    class ResolverModule {}

    const health = (): HealthReport => ({
      service: 'resolver',
      replica,
      // With some packages refused the others can be planned; with nothing but refused ones, nothing can.
      ready: connection.connected() && (repository.problems.length === 0 || repository.catalogue.all().length > 0),
      reasons: contentReasons(repository.problems),
    });
    const microservice = await startMicroservice(runtime, ResolverModule, { health });
    return {
      health: async () => health(),
      async stop() {
        stopWatching();
        await microservice.stop();
        environments.keep();
        cache.close();
      },
    };
  },
};

/** A report is one message: of very many problems it names the first. */
const contentReasons = (problems: string[]): string[] => [
  ...problems.slice(0, MAX_REASONS).map((problem) => `content: ${problem}`),
  ...(problems.length > MAX_REASONS ? [`content: ${problems.length - MAX_REASONS} more problems; see the log`] : []),
];
