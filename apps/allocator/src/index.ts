/** The allocator: leases on resources that are there, or that blueprints make. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { HealthReport } from '@slipway/contracts';
import { SnapshotCache } from '@slipway/event-store';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { Presence, startMicroservice, type ServiceDefinition } from '@slipway/mesh';
import { keptEnvironments } from './allocation/known-environments.js';
import { keptAllocations } from './allocation/snapshot.js';
import { AllocatorController } from './allocator.controller.js';
import { Allocator } from './allocator.js';
import { configured } from './blueprint/configured.js';
import { keptTick } from './lease/kept-tick.js';
import { SteadyClock } from './lease/steady-clock.js';

export { Allocations } from './allocation/allocations.js';
export { keptEnvironments } from './allocation/known-environments.js';
export { keptAllocations } from './allocation/snapshot.js';
export { Allocator, type AllocatorPorts } from './allocator.js';
export type { Blueprint } from './blueprint/blueprint.js';
export type { BlueprintDeclaration } from './blueprint/declaration.js';
export { SteadyClock } from './lease/steady-clock.js';

export const service: ServiceDefinition = {
  name: 'allocator',
  async start(runtime) {
    const { config, connection, replica, bus, clock, store, blobs, secrets, logger, cacheFolder } = runtime;
    const { blueprints, interfaces, problems } = await configured(config);
    for (const problem of problems) logger.error(problem);
    await mkdir(cacheFolder, { recursive: true, mode: 0o700 });
    const snapshots = new SnapshotCache(join(cacheFolder, 'allocations.sqlite'), 1);
    const allocator = await Allocator.start({
      ...{ mesh: config.mesh, replica, locations: config.locations, store, bus, blobs, secrets, clock },
      presence: new Presence({ mesh: config.mesh, bus, clock }),
      timeFrom: (lastAt) => new SteadyClock({ wall: () => clock.now(), monotonic: () => performance.now() }, lastAt),
      command: localCommand(),
      filesystem: localFilesystem(),
      folder: join(config.dataFolder, 'allocator'),
      mostFileBytes: config.snapshots.maxUploadBytes,
      blueprints,
      interfaces,
      kept: keptAllocations(snapshots),
      known: keptEnvironments(join(cacheFolder, 'allocated.json')),
      tick: keptTick(join(cacheFolder, 'tick.json')),
      reports: logger,
    });

    @Module({ controllers: [AllocatorController], providers: [{ provide: Allocator, useValue: allocator }] })
    class AllocatorModule {}

    const health = async (): Promise<HealthReport> => ({
      service: 'allocator',
      replica,
      ready: connection.connected(),
      worksAt: [...config.locations],
      reasons: [...problems, ...allocator.reasons()],
    });
    const microservice = await startMicroservice(runtime, AllocatorModule, { health, locations: config.locations });
    return {
      health,
      async stop() {
        allocator.endUses();
        await microservice.stop();
        await allocator.stop();
        snapshots.close();
      },
    };
  },
};
