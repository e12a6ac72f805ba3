import type { ContainerSpec, JsonObject } from '@slipway/contracts';
import type { Decided } from '../../furnishing/record.js';
import type { HandedOver } from '../../place/handing-over.js';
import type { Mount } from './mounts.js';

export interface ContainerLimits {
  memoryBytes?: number;
  cpus?: number;
  processes?: number;
  openFiles?: number;
}

/** What was decided when an instance was made that is a container: enough to make that anew. */
export interface ContainerRecord extends Decided {
  /** In the container. */
  containerPort: number;
  container: ContainerSpec;
  command: string[];
  environment: Record<string, string>;
  mounts: Mount[];
  /** What of the host may be handed to the user that runs it. */
  paths: HandedOver[];
  limits: ContainerLimits;
  /** SHA-256 of all that a container has to be made anew for; none while that is being replaced. */
  made?: string;
}

/** Normalised and comparable: what does not change while nobody changes it. */
export const observedOf = (record: ContainerRecord, image: string | null, running: boolean): JsonObject => ({
  port: record.port,
  containerPort: record.containerPort,
  network: record.container.network ?? 'own',
  image,
  limits: { ...record.limits },
  artefact: record.artefact,
  mounts: record.mounts.map(({ type, target }) => `${type} ${target}`),
  running,
});
