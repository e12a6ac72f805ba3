import { randomUUID } from 'node:crypto';
import { SlipwayError } from '@slipway/contracts';
import { Presence } from '@slipway/mesh';
import type { Ports } from './ports.js';
import { Orchestrator } from './process/orchestrator.js';

type MayBeLeftOut = 'ids' | 'reports' | 'silentFor' | 'announced' | 'archives';

/** What an orchestrator is made of; what is left out stands for a single one without a cache that tells nobody its troubles. */
export type OrchestratorOptions = Omit<Ports, MayBeLeftOut> & Partial<Pick<Ports, MayBeLeftOut>>;

const noArchives = async (): Promise<never> => {
  throw new SlipwayError('not-possible', 'No archive can be read or written here');
};
const NO_ARCHIVES = { write: noArchives, remove: noArchives, look: noArchives, read: noArchives };
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * The orchestrator's core on any ports: real ones in the service, turned ones in a simulation. Who is silent and what is
 * announced is listened for on the bus when `silentFor` is left out; else nobody announces anything, unless `announced` does.
 */
export function createOrchestrator(options: OrchestratorOptions): Orchestrator {
  const { config, bus, clock } = options;
  const parts = { ids: randomUUID, reports: SILENT, archives: NO_ARCHIVES, announced: () => undefined, ...options };
  if (options.silentFor) return new Orchestrator({ ...parts, silentFor: options.silentFor });
  const presence = new Presence({ mesh: config.mesh, bus, clock });
  const heard: Pick<Ports, 'silentFor' | 'announced'> = {
    silentFor: (replica) => presence.silentFor(replica),
    announced: (kind, location) => presence.drivers(kind, location),
  };
  return new Orchestrator({ ...parts, ...heard }, () => presence.stop());
}
