import { join } from 'node:path';
import type { HealthCheck, JsonObject, OnFailure } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { readJson } from './files.js';
import type { Limits } from './launch.js';
import { HOST } from './network.js';
import type { InstalledPackages } from './npm.js';

/** A path of something the instance is wired to, which its user was given. */
export interface HandedOver {
  /** The requirement's name. */
  input: string;
  path: string;
}

/**
 * What was decided when an instance was made, kept in its folder as `instance.json`: enough to run it again without anybody
 * who made it.
 */
export interface InstanceRecord {
  port: number;
  /** Its own user, `null` for that of Slipway. */
  uid: number | null;
  /** Why it has no user of its own. */
  sharedUserBecause?: string;
  handedOver: HandedOver[];
  limits: Limits;
  health: HealthCheck | null;
  /** What follows when it ends by itself; as the place does it where left out. */
  onFailure?: OnFailure;
  /** `secret://…` by name. */
  secrets: Record<string, string>;
  /** SHA-256 of the artefact. */
  artefact: string | null;
  npm?: InstalledPackages;
  /** SHA-256 of all that its app's folder was made of; none while that is being replaced. */
  app?: string;
}

/** Its name in the instance's folder. */
export const RECORD = 'instance.json';

const path = (home: string): string => join(home, RECORD);

export const readRecord = (files: Filesystem, home: string): Promise<InstanceRecord | null> =>
  readJson<InstanceRecord>(files, path(home));

export const writeRecord = (files: Filesystem, home: string, record: InstanceRecord): Promise<void> =>
  files.writeFile(path(home), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

export const outputsOf = ({ port, secrets }: InstanceRecord): JsonObject => ({
  url: `http://${HOST}:${port}`,
  host: HOST,
  port,
  ...(Object.keys(secrets).length > 0 && { secrets }),
});

/** Normalised and comparable: what does not change while nobody changes it. */
export function observedOf(record: InstanceRecord, running: boolean): JsonObject {
  const { port, uid, sharedUserBecause, limits, artefact, npm, handedOver } = record;
  return {
    port,
    user: uid === null ? null : { uid, gid: uid },
    ...(sharedUserBecause !== undefined && { sharedUserBecause }),
    limits: { ...limits },
    artefact,
    ...(npm && { npm: { ...npm } }),
    handedOver: handedOver.map(({ input }) => input),
    running,
  };
}
