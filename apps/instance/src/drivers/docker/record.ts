import { join } from 'node:path';
import type { ContainerSpec, HealthCheck, JsonObject, OnFailure } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { readJson } from '../process/files.js';
import type { HandedOver } from '../process/record.js';
import type { Mount } from './mounts.js';

export interface ContainerLimits {
  memoryBytes?: number;
  cpus?: number;
  processes?: number;
  openFiles?: number;
}

/** What was decided when an instance was made, kept in its folder as `instance.json`: enough to make its container anew. */
export interface ContainerRecord {
  /** On the host's loopback. */
  port: number;
  /** In the container. */
  containerPort: number;
  container: ContainerSpec;
  command: string[];
  environment: Record<string, string>;
  mounts: Mount[];
  /** What of the host may be handed to the user that runs it. */
  paths: HandedOver[];
  limits: ContainerLimits;
  health: HealthCheck | null;
  onFailure?: OnFailure;
  /** `secret://…` by name. */
  secrets: Record<string, string>;
  /** SHA-256 of the artefact. */
  artefact: string | null;
  /** SHA-256 of all that its app's folder was made of; none without one, and while that is being replaced. */
  app?: string;
  /** SHA-256 of all that a container has to be made anew for; none while that is being replaced. */
  made?: string;
}

const HOST = '127.0.0.1';
/** Its name in the instance's folder. */
export const RECORD = 'instance.json';

const path = (home: string): string => join(home, RECORD);

export const readRecord = (files: Filesystem, home: string): Promise<ContainerRecord | null> =>
  readJson<ContainerRecord>(files, path(home));

export const writeRecord = (files: Filesystem, home: string, record: ContainerRecord): Promise<void> =>
  files.writeFile(path(home), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

export const outputsOf = ({ port, secrets }: ContainerRecord): JsonObject => ({
  url: `http://${HOST}:${port}`,
  host: HOST,
  port,
  ...(Object.keys(secrets).length > 0 && { secrets }),
});

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
