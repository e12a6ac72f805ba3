import type { Json } from '@slipway/contracts/public';
import type { CallOptions } from './lease-call.js';
import type { LeasedFile } from './leases.js';
import type { TransferOptions } from './transfer.js';

/** What is known of interfaces by their names. */
export interface Leased {
  command: LeasedCommand;
  filesystem: LeasedFilesystem;
  httpd: LeasedHttpd;
  database: LeasedDatabase;
  power: LeasedPower;
}

/** What a program did. */
export interface CommandResult {
  exitCode: number;
  /** The end of each. */
  stdout: string;
  stderr: string;
}

export interface CommandOptions extends CallOptions {
  /** In the lease's own folder when left out. */
  cwd?: string;
  /** Added to a minimal environment: PATH, LANG, HOME. */
  env?: Record<string, string>;
  /** What it reads. */
  input?: string;
  /** Ended after this time: `timed-out`. 60,000 when left out. */
  timeoutMs?: number;
}

/** Programs on what is leased. Argument lists only: no shell takes them apart. */
export interface LeasedCommand {
  exec(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Throws `driver-failed` unless it exits with 0. */
  execOrThrow(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/** A thing on what is leased. */
export interface LeasedStat {
  type: 'file' | 'directory' | 'other';
  mode: number;
  uid: number;
  gid: number;
  bytes: number;
}

/** Files on what is leased. A path that is not absolute begins in the lease's own folder. */
export interface LeasedFilesystem {
  writeFile(path: string, content: string | Uint8Array | ReadableStream<Uint8Array>, options?: { mode?: number }): Promise<void>;
  /** All of it; `null` when there is none. */
  readFile(path: string): Promise<Uint8Array | null>;
  /** As it comes, however large. Throws `not-found`. */
  openRead(path: string, options?: TransferOptions): Promise<LeasedFile>;
  list(path: string): Promise<string[]>;
  stat(path: string): Promise<LeasedStat | null>;
  mkdir(path: string, options?: { mode?: number }): Promise<void>;
  remove(path: string): Promise<void>;
}

/** What a web server shows: by the beginning of the path, files of a folder, another server, or the way to somewhere else. */
export interface LeasedSite {
  port: number;
  routes: Record<string, { folder: string } | { proxy: string } | { redirect: string }>;
}

/** A web server on what is leased. */
export interface LeasedHttpd {
  /** Serves a site from now on; one that is wrong is refused, and what was served before goes on. */
  configure(site: LeasedSite): Promise<void>;
  restart(): Promise<void>;
  /** Where a path of the site is found. */
  getUri(path: string): Promise<string>;
  /** The last lines of what it writes. */
  logs(which?: 'access' | 'error', lines?: number): Promise<string[]>;
}

/** What a statement gives. Numbers, truth values, null and JSON are themselves; all else is text as the server writes it. */
export interface QueryResult {
  columns: string[];
  rows: Json[][];
  /** How many rows it has changed or given. */
  count: number;
}

/** Where a database is, and as whom it is entered. */
export interface LeasedDatabaseAt {
  engine: string;
  host?: string;
  port?: number;
  database: string;
  user?: string;
}

/** A database that is leased. */
export interface LeasedDatabase {
  /** One statement in a transaction of its own. `parameters`: what stands for `$1`, `$2`, … */
  query(sql: string, parameters?: readonly Json[], options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<QueryResult>;
  /** Where it is and who one is there; no password. */
  connection(): Promise<LeasedDatabaseAt>;
}

/** What a leased machine's controller says of it; what it does not know is left out. */
export interface LeasedPowerStatus {
  power: 'on' | 'off' | 'turning-on' | 'turning-off' | 'unknown';
  /** What it starts from next. */
  nextBoot: 'network' | 'as-set';
  health?: 'ok' | 'warning' | 'critical';
  manufacturer?: string;
  model?: string;
  serialNumber?: string;
  cores?: number;
  memoryMiB?: number;
}

/** The power of a leased machine. What changes it is done when the machine is as it was wanted. */
export interface LeasedPower {
  status(): Promise<LeasedPowerStatus>;
  on(): Promise<void>;
  /** At once, whatever runs there. */
  off(): Promise<void>;
  cycle(): Promise<void>;
  /** The next start, and no other, is from the network. */
  bootFromNetwork(): Promise<void>;
}

/** Any other interface: its methods by name, arguments and result as JSON. */
export interface LeasedInterface {
  call<Result>(method: string, given?: object, options?: CallOptions): Promise<Result>;
}
