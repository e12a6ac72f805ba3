import { Module } from '@nestjs/common';
import type { HealthReport } from '@slipway/contracts';
import { startMicroservice, type RunningService, type Runtime, type ServiceDefinition } from '@slipway/mesh';
import { Environments } from './environment/environments.js';
import { Planning } from './planning.js';
import { Repository } from './repository/repository.js';
import { ResolverController } from './resolver.controller.js';

/** Definitions in a folder, environments in the log: a plan, or an explanation why not. Appends nothing, anywhere. */
export const service: ServiceDefinition = {
  name: 'resolver',
  async start(runtime: Runtime): Promise<RunningService> {
    const { config, store, blobs, clock, logger, connection, replica } = runtime;
    const repository = new Repository({ folder: config.contentFolder, blobs, clock, logger });
    const stopWatching = repository.watch();
    await repository.refresh();
    const planning = new Planning(repository, new Environments(store, blobs, clock), Object.keys(config.guestLocations), clock);

    @Module({ controllers: [ResolverController], providers: [{ provide: Planning, useValue: planning }] })
    class ResolverModule {}

    const health = (): HealthReport => ({
      service: 'resolver',
      replica,
      ready: connection.connected(),
      reasons: repository.problems.map((problem) => `content: ${problem}`),
    });
    const microservice = await startMicroservice(runtime, ResolverModule, { health });
    return {
      health: async () => health(),
      async stop() {
        stopWatching();
        await microservice.stop();
      },
    };
  },
};
