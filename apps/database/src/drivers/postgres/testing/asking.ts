import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { ContractPlace } from '@slipway/provisioner/testing';
import type { SecretRef, Secrets } from '@slipway/secrets';

const BY_VERSION = '/usr/lib/postgresql';

/** Why there can be no PostgreSQL here; nothing when there can. */
export const missing = ['/usr/bin', ...versions()].some((folder) => existsSync(`${folder}/initdb`))
  ? undefined
  : 'PostgreSQL is not installed: apt-get install postgresql';

/** A suite that needs it: skipped by name where it is missing. */
export const onPostgres = (name: string, suite: () => void): void =>
  missing === undefined ? describe(name, suite) : describe.skip(`${name} (skipped: ${missing})`, suite);

function versions(): string[] {
  return existsSync(BY_VERSION) ? readdirSync(BY_VERSION).map((version) => `${BY_VERSION}/${version}/bin`) : [];
}

/** As who has all rights on a place's server of our own. */
export async function superuserOf(place: ContractPlace): Promise<JsonObject> {
  const { filesystem } = await place.context();
  const { port, superuser } = JSON.parse(String(await filesystem.readFile(`${place.root}/server/server.json`))) as JsonObject;
  return { host: `${place.root}/server/run`, port: port!, database: 'postgres', user: 'slipway', password: superuser! };
}

/** One statement as somebody who has a database's outputs, over the network as an instance would; what it gives back. */
export async function ask(
  outputs: JsonObject,
  secrets: Secrets,
  sql: string,
  other: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)('psql', ['-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-c', sql], {
    env: {
      PATH: process.env.PATH,
      PGHOST: String(outputs['host']),
      PGPORT: String(outputs['port']),
      PGDATABASE: String(outputs['database']),
      PGUSER: String(outputs['user']),
      PGPASSWORD: await secrets.read(outputs['password'] as SecretRef),
      PGSSLMODE: outputs['tls'] ? 'verify-full' : 'disable',
      ...(typeof outputs['caFile'] === 'string' && { PGSSLROOTCERT: outputs['caFile'] }),
      ...other,
    },
  });
  return stdout.trim();
}
