import { join } from 'node:path';
import {
  SlipwayError,
  serviceUri,
  type HealthCheck,
  type InstanceSpec,
  type JsonObject,
  type OnFailure,
} from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { urlOf } from '../place/endpoint.js';
import { HOST } from '../place/network.js';
import { readJson } from './json-file.js';

/**
 * What was decided when an instance was made, whatever runs it, kept in its folder as `instance.json`: enough to run it again
 * without anybody who made it.
 */
export interface Decided {
  /** On the host's loopback. */
  port: number;
  /** By which others reach it at another machine; loopback where left out. */
  address?: string;
  health: HealthCheck | null;
  /** What follows when it ends by itself; as the place does it where left out. */
  onFailure?: OnFailure;
  /** `secret://…` by name. */
  secrets: Record<string, string>;
  /** SHA-256 of the artefact. */
  artefact: string | null;
  /** SHA-256 of all that its app's folder was made of; none without one, and while that is being replaced. */
  app?: string;
}

/** Its name in the instance's folder. */
export const RECORD = 'instance.json';

/** `null` where none is, or a damaged one. */
export const readRecord = <Kept extends Decided>(files: Filesystem, home: string): Promise<Kept | null> =>
  readJson<Kept>(files, join(home, RECORD));

/** That of an instance which stands. Throws `driver-failed` where it is missing or damaged. */
export async function recordIn<Kept extends Decided>(files: Filesystem, home: string): Promise<Kept> {
  const record = await readRecord<Kept>(files, home);
  if (record === null) throw new SlipwayError('driver-failed', `${home}/instance.json is missing or damaged`);
  return record;
}

export const writeRecord = (files: Filesystem, home: string, record: Decided): Promise<void> =>
  files.writeFile(join(home, RECORD), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

/** Names of all that {@link outputsOf} gives. */
export const OUTPUTS = ['url', 'uri', 'host', 'port', 'secrets'] as const;

/** What others are wired to. `uri`: where it is called, of all that stands at its address. */
export const outputsOf = (
  { port, address = HOST, secrets }: Decided,
  { resourceUri }: Pick<InstanceSpec, 'resourceUri'>,
): JsonObject => ({
  url: urlOf(address, port),
  uri: serviceUri(urlOf(address, port), resourceUri),
  host: address,
  port,
  ...(Object.keys(secrets).length > 0 && { secrets }),
});
