import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { CommandOptions } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';

/** How a server is reached, and as whom. */
export interface Access {
  /** Folder of the client's programs. */
  programs: string;
  /** A name, an address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  /** File with the password (libpq's .pgpass), mode 0600: it stands in no argument and in no variable. */
  passwordFile: string;
  /** The server proves itself by a certificate of this CA (PEM) for its name; left out: in the clear. */
  caFile?: string;
}

/** What the server, or the way to it, refused. */
export class PostgresError extends Error {
  constructor(
    message: string,
    /** SQLSTATE (PostgreSQL's Appendix A); none when the server was not reached. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** Nobody waits longer than this for a statement; the step's own deadline may end it before. */
const LONGEST_MS = 600_000;
const CONNECTION_FAILED = 2;

/** `psql:<stdin>:3: ERROR:  42601: syntax error at or near "x"`, whatever the word for ERROR in the server's language. */
const SAID = /^(?:psql:<stdin>:\d+: )?\S+:\s+([0-9A-Z]{5}): (.*)$/gm;

/** Variables that libpq takes a connection from (PostgreSQL, "Environment Variables"). */
export function environmentOf(
  { host, port, user, passwordFile, caFile }: Access,
  database: string,
  options: Record<string, string> = {},
): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSFILE: passwordFile,
    PGSSLMODE: caFile === undefined ? 'disable' : 'verify-full',
    ...(caFile !== undefined && { PGSSLROOTCERT: caFile }),
    PGCLIENTENCODING: 'UTF8',
    PGAPPNAME: 'slipway',
    PGCONNECT_TIMEOUT: '10',
    // The server notices that we are gone also while it works.
    PGOPTIONS: Object.entries({ client_connection_check_interval: '2000', ...options })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  };
}

/**
 * Runs statements in a psql of their own; what they give back, one line each row. They are on its input, and each is carried
 * out by itself. Nothing of somebody else's may stand in them but as {@link text}: psql has commands of its own.
 * Throws {@link PostgresError}.
 */
export async function psql(
  { command, signal }: Pick<DriverContext, 'command' | 'signal'>,
  access: Access,
  { database, options }: { database: string; options?: Record<string, string> },
  statements: string,
): Promise<string> {
  const settings: CommandOptions = {
    env: environmentOf(access, database, options),
    input: `\\set VERBOSITY verbose\n${statements}\n`,
    timeoutMs: LONGEST_MS,
    signal,
  };
  const line = [join(access.programs, 'psql'), '-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
  const { exitCode, stdout, stderr } = await command.exec(line, settings);
  if (exitCode === 0) return stdout.trim();
  const [, code, message] = [...stderr.matchAll(SAID)].at(-1) ?? [];
  throw new PostgresError(message ?? stderr.trim().slice(-1_000), exitCode === CONNECTION_FAILED ? undefined : code);
}

/** A text in a statement, whatever it holds. */
export const text = (value: string): string => `convert_from(decode('${Buffer.from(value).toString('hex')}', 'hex'), 'UTF8')`;

/** The line of a .pgpass file for every server, with `:` and `\` escaped. */
export const passwordLine = (user: string, password: string): string =>
  `*:*:*:${[user, password].map((part) => part.replaceAll(/[\\:]/g, '\\$&')).join(':')}\n`;

/** As an error of ours, where nothing more is known of it. */
export const asFailure = (error: unknown): unknown =>
  error instanceof PostgresError
    ? new SlipwayError('driver-failed', `PostgreSQL: ${error.message}`, error.code === undefined ? {} : { sqlState: error.code })
    : error;
