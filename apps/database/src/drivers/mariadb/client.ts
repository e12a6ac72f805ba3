import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { CommandResult } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';

/** How a server is reached, and as whom. */
export interface Access {
  /** Folder of the client's programs. */
  programs: string;
  /** File with address, user and password for the client (option file), mode 0600: they stand in no argument. */
  optionFile: string;
}

/** What the server, or the way to it, refused. */
export class MariadbError extends Error {
  constructor(
    message: string,
    /** SQLSTATE; none when it is of the client alone. */
    readonly state: string | undefined,
  ) {
    super(message);
  }
}

/** Nobody waits longer than this for a statement; the step's own deadline may end it before. */
const LONGEST_MS = 600_000;

/** `ERROR 1045 (28000) at line 1: Access denied …`, `ERROR at line 1: Unknown command …` */
const SAID = /^ERROR (?:\d+ \(([0-9A-Z]{5})\)[^:]*|at line \d+): (.*)$/gm;

const ENVIRONMENT = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };

/** `--binary-mode`: no commands of the client's own (`\!`); no file of this machine is given to a server either. */
const CAREFULLY = ['--binary-mode', '--local-infile=0', '--batch', '--skip-column-names', '--raw'];

/** Client and arguments for statements on its input. The option file has to come first. */
const clientLine = ({ programs, optionFile }: Access, database?: string): string[] => [
  join(programs, 'mariadb'),
  `--defaults-file=${optionFile}`,
  ...CAREFULLY,
  '--default-character-set=utf8mb4',
  ...(database === undefined ? [] : [database]),
];

/** Runs statements; what they give back, one line each row, columns apart by tabs. Throws {@link MariadbError}. */
export async function mariadb(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  access: Access,
  statements: string,
  database?: string,
): Promise<string> {
  const options = { env: ENVIRONMENT, input: `${statements}\n`, timeoutMs: LONGEST_MS, signal };
  return outputOf(await command.exec(clientLine(access, database), options));
}

/** Runs a file of statements in a database. Throws {@link MariadbError}. */
export async function runFile(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  access: Access,
  file: string,
  database: string,
): Promise<void> {
  const line = ['sh', '-c', 'exec "$@" < "$0"', file, ...clientLine(access, database)];
  outputOf(await command.exec(line, { env: ENVIRONMENT, timeoutMs: 24 * LONGEST_MS, signal }));
}

/** A consistent dump of a database into a file. Throws {@link MariadbError}. */
export async function dumpInto(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  { programs, optionFile }: Access,
  file: string,
  database: string,
): Promise<void> {
  const what = ['--single-transaction', '--quick', '--routines', '--events', '--triggers', '--hex-blob', '--no-tablespaces'];
  const how = ['--skip-lock-tables', '--skip-dump-date', '--default-character-set=utf8mb4', `--result-file=${file}`];
  const line = [join(programs, 'mariadb-dump'), `--defaults-file=${optionFile}`, ...what, ...how, database];
  outputOf(await command.exec(line, { env: ENVIRONMENT, timeoutMs: 24 * LONGEST_MS, signal }));
}

function outputOf({ exitCode, stdout, stderr }: CommandResult): string {
  if (exitCode === 0) return stdout.replace(/\n$/, '');
  const [, state, message] = [...stderr.matchAll(SAID)].at(-1) ?? [];
  throw new MariadbError(message ?? stderr.trim().slice(-1_000), state);
}

/** A text in a statement, whatever it holds. */
export const text = (value: string): string => `CONVERT(x'${Buffer.from(value).toString('hex')}' USING utf8mb4)`;

/** What the server keeps of a password (mysql_native_password), so that the password itself stands in no statement. */
export function nativeHash(password: string): string {
  const sha1 = (data: string | Buffer) => createHash('sha1').update(data).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}

/** An option file for the client; what is `undefined` is left out. */
export function optionsFor(options: Record<string, string | number | undefined>): string {
  const quoted = (value: string | number) => `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`]));
  return ['[client]', ...lines, ''].join('\n');
}

/** As an error of ours, where nothing more is known of it. */
export const asFailure = (error: unknown): unknown =>
  error instanceof MariadbError
    ? new SlipwayError('driver-failed', `MariaDB: ${error.message}`, error.state === undefined ? {} : { sqlState: error.state })
    : error;
