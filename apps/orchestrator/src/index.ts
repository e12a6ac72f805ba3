/** The orchestrator: takes jobs in and carries each to its end, step by step, through every crash. */
import { gauge, startMicroservice, startRelays, type ServiceDefinition } from '@slipway/mesh';
import { archiveFiles, archiveLimits } from '@slipway/snapshots';
import { openCache } from './cache-folder.js';
import { createOrchestrator } from './create-orchestrator.js';
import { confined } from './snapshot/confined.js';
import { OrchestratorModule } from './orchestrator.module.js';

export { createOrchestrator, type OrchestratorOptions } from './create-orchestrator.js';
export { openCache } from './cache-folder.js';
export type { Cache, KnownEnvironments, Ports, Reports } from './ports.js';
export type { ControlVerb, Orchestrator } from './process/orchestrator.js';

export const service: ServiceDefinition = {
  name: 'orchestrator',
  async start(runtime) {
    const { logger, metrics } = runtime;
    const cache = openCache(runtime.cacheFolder);
    const stores = Object.values(runtime.config.snapshots.stores).map(({ folder }) => folder);
    const { snapshots, dataFolder } = runtime.config;
    const archives = confined(archiveFiles(runtime.blobs, archiveLimits(snapshots.limits, dataFolder)), stores);
    const orchestrator = createOrchestrator({ ...runtime, archives, reports: logger, cache });
    gauge(metrics, {
      name: 'slipway_requests_under_way',
      help: 'Requests that this replica works on',
      collect() {
        this.set(orchestrator.underWay);
      },
    });
    await orchestrator.start();
    const relays = startRelays(runtime);
    const health = async () => {
      const report = await orchestrator.health();
      const problem = relays.problem();
      return problem === undefined ? report : { ...report, reasons: [...report.reasons, `Events are not relayed: ${problem}`] };
    };
    const microservice = await startMicroservice(runtime, OrchestratorModule.of(orchestrator), { health });
    return {
      health,
      async stop() {
        await microservice.stop();
        await relays.stop();
        await orchestrator.stop();
        cache.close();
      },
    };
  },
};
