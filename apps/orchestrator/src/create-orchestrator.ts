import { randomUUID } from 'node:crypto';
import { Presence } from '@slipway/mesh';
import type { Ports } from './ports.js';
import { Orchestrator } from './process/orchestrator.js';

/** What an orchestrator is made of; what is left out stands for a single one without a cache that tells nobody its troubles. */
export type OrchestratorOptions = Omit<Ports, 'ids' | 'reports' | 'silentFor'> &
  Partial<Pick<Ports, 'ids' | 'reports' | 'silentFor'>>;

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * The orchestrator's core on any ports: real ones in the service, turned ones in a simulation. `silentFor` is listened for on
 * the bus when left out.
 */
export function createOrchestrator(options: OrchestratorOptions): Orchestrator {
  const { config, bus, clock } = options;
  const parts = { ids: randomUUID, reports: SILENT, ...options };
  if (options.silentFor) return new Orchestrator({ ...parts, silentFor: options.silentFor });
  const presence = new Presence({ mesh: config.mesh, bus, clock });
  const silentFor = (replica: string) => presence.silentFor(replica);
  return new Orchestrator({ ...parts, silentFor }, () => presence.stop());
}
