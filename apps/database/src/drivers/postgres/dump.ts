import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { environmentOf, type Access } from './psql.js';

const LONGEST_MS = 4 * 3_600_000;

/** What is no fault of a dump: the way to the server, or the server. */
const LOST = /connection to server|server closed the connection|terminating connection|could not receive data|No space left/;

/** All data as they are at one moment (pg_dump reads in one snapshot), into a file. */
export async function writeDump(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  access: Access,
  database: string,
  file: string,
): Promise<void> {
  const what = ['--format=custom', '--compress=0', '--no-owner', '--no-privileges', '--no-password'];
  const line = [join(access.programs, 'pg_dump'), ...what, `--file=${file}`];
  await command.execOrThrow(line, { env: environmentOf(access, database), timeoutMs: LONGEST_MS, signal });
}

/**
 * Reads a dump into an empty database, in one transaction, as the role of `access`: what that may not do, the dump cannot do.
 * All that it makes is that role's. pg_restore sends statements to the server itself, and has no commands of its own.
 * Throws `archive-invalid`.
 */
export async function readDump(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  access: Access,
  file: string,
  database: string,
): Promise<void> {
  const how = ['--no-owner', '--no-privileges', '--no-password', '--exit-on-error', '--single-transaction'];
  const line = [join(access.programs, 'pg_restore'), ...how, `--dbname=${database}`, file];
  const { exitCode, stderr } = await command.exec(line, {
    env: environmentOf(access, database),
    timeoutMs: LONGEST_MS,
    signal,
  });
  if (exitCode === 0) return;
  const said = stderr.trim().slice(-1_000);
  if (LOST.test(said)) throw new SlipwayError('driver-failed', `PostgreSQL: ${said}`);
  throw new SlipwayError('archive-invalid', `The dump is refused: ${said}`, { reason: said });
}
