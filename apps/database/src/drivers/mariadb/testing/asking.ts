import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { ContractPlace } from '@slipway/provisioner/testing';
import type { SecretRef, Secrets } from '@slipway/secrets';

/** Why there can be no MariaDB here; nothing when there can. */
export const missing = existsSync('/usr/sbin/mariadbd') ? undefined : 'MariaDB is not installed: apt-get install mariadb-server';

/** A suite that needs it: skipped by name where it is missing. */
export const onMariadb = (name: string, suite: () => void): void =>
  missing === undefined ? describe(name, suite) : describe.skip(`${name} (skipped: ${missing})`, suite);

/** As who has all rights on a place's server of our own. */
export async function superuserOf(place: ContractPlace): Promise<JsonObject> {
  const { filesystem } = await place.context();
  const record = JSON.parse(String(await filesystem.readFile(`${place.root}/server/server.json`))) as { superuser: string };
  return { socket: `${place.root}/server/run/mariadb.sock`, user: 'slipway', password: record.superuser };
}

/** One statement as somebody who has a database's outputs, over the network as an instance would; what it gives back. */
export async function ask(outputs: JsonObject, secrets: Secrets, sql: string, options: string[] = []): Promise<string> {
  const { socket, tls, caFile } = outputs;
  const where = socket
    ? [`--socket=${String(socket)}`]
    : [`--host=${String(outputs['host'])}`, `--port=${String(outputs['port'])}`, '--protocol=tcp'];
  const proof = tls ? [`--ssl-ca=${String(caFile)}`, '--ssl-verify-server-cert'] : [];
  const line = [
    '--no-defaults',
    ...where,
    `--user=${String(outputs['user'])}`,
    ...proof,
    '--batch',
    '--skip-column-names',
    ...options,
  ];
  const database = outputs['database'] ? [String(outputs['database'])] : [];
  const { stdout } = await promisify(execFile)('mariadb', [...line, '--execute', sql, ...database], {
    env: { PATH: process.env.PATH, MYSQL_PWD: await secrets.read(outputs['password'] as SecretRef) },
  });
  return stdout.trim();
}
