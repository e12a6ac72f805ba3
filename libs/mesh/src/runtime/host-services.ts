import { SlipwayError, type HealthReport, type ServiceName } from '@slipway/contracts';
import { startBeats } from '../health/beats.js';
import { answerScrapes } from '../metrics/scrape.js';
import type { RunningService, ServiceDefinition } from '../service/port.js';
import type { MeshProcess } from './open-mesh.js';

/** Who is asked stands before who asks. */
const START_ORDER: readonly ServiceName[] = [
  'storage',
  'database',
  'instance',
  'allocator',
  'resolver',
  'orchestrator',
  'handlers',
  'gateway',
];

export interface HostedServices {
  /** Where the one of them that people call is called from this machine: the gateway. */
  readonly url?: string;
  health(): Promise<HealthReport[]>;
  /** Stops them in the reverse order of their start. All are stopped, also when one fails to; then throws the first failure. */
  stop(options: { instances: 'stop' | 'leave' }): Promise<void>;
}

/**
 * Starts services in this process, one after another in the order of who needs whom, and gives each its sign of life. The
 * process's figures get its name as a label (`process`), and are told to who asks.
 * When one can't be started, those before it are stopped and its error is thrown. Refuses (`config-invalid`) more than
 * one in the profile `prod`.
 */
export async function hostServices(mesh: MeshProcess, definitions: readonly ServiceDefinition[]): Promise<HostedServices> {
  if (mesh.config.profile === 'prod' && definitions.length > 1) {
    const names = definitions.map(({ name }) => name).join(', ');
    throw new SlipwayError('config-invalid', `The profile prod refuses several services in one process: ${names}`, {
      field: 'profile',
    });
  }
  // So that figures of several processes can stand side by side.
  const [only] = definitions;
  const { host, config, metrics: registry } = mesh;
  registry.setDefaultLabels({ process: definitions.length === 1 ? `${host}-${only!.name}` : host });
  const endScrapes = answerScrapes({ mesh: config.mesh, bus: mesh.bus, registry });
  const running: { name: ServiceName; service: RunningService; endBeats: () => void }[] = [];
  const stop = async (options: { instances: 'stop' | 'leave' }) => {
    const failures: unknown[] = [];
    endScrapes();
    for (const { name, service, endBeats } of running.splice(0).toReversed()) {
      endBeats();
      try {
        await service.stop(options);
      } catch (error) {
        mesh.logger.error({ err: error, service: name }, 'The service did not stop in order');
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    for (const definition of definitions.toSorted((a, b) => START_ORDER.indexOf(a.name) - START_ORDER.indexOf(b.name))) {
      const runtime = mesh.runtime(definition.name);
      const service = await definition.start(runtime);
      const { replica, bus, clock } = runtime;
      const health = () => service.health();
      const beats = { mesh: mesh.config.mesh, service: definition.name, replica, bus, clock, health };
      running.push({ name: definition.name, service, endBeats: startBeats(beats) });
    }
  } catch (error) {
    // The error that stopped the start is the one to tell.
    await stop({ instances: 'leave' }).catch(() => {});
    throw error;
  }
  const url = running.find(({ service }) => service.url !== undefined)?.service.url;
  return { ...(url !== undefined && { url }), health: () => Promise.all(running.map(({ service }) => service.health())), stop };
}
