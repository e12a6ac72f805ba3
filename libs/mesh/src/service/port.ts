import type { Clock, HealthReport, ServiceName } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import type { Blobs } from '@slipway/blobs';
import type { Secrets } from '@slipway/secrets';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Connection } from '../bus/connection.js';
import type { Bus } from '../bus/port.js';
import type { MeshConfig } from '../config/config.js';

/** What the process hands to a service: every port, already connected. Apps compose on it and read no environment. */
export interface Runtime {
  readonly service: ServiceName;
  /** `<host>-<service>`, stable over restarts: a successor of the same name takes over at once. */
  readonly replica: string;
  readonly config: MeshConfig;
  /** Appends in this service's name only. */
  readonly store: EventStore;
  readonly blobs: Blobs;
  readonly secrets: Secrets;
  readonly bus: Bus;
  /** The process's one connection to NATS, for what the bus has no word for: serving messages, the relay. */
  readonly connection: Connection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** A folder of this service's own for caches that can be rebuilt from the log. */
  readonly cacheFolder: string;
  /**
   * A consistent copy of the event log, to a file that does not exist yet. Left out where the log is a server with backups
   * of its own. The log's file is `log/events.sqlite` in the data folder, and so it is called in a backup.
   */
  backupLog?(file: string): Promise<void>;
  /** Asks for the whole mesh to be stopped in order and started again. Left out where nobody would start it again. */
  requestRestart?(reason: string): void;
}

/** A service as a process hosts it. Each app's `index.ts` exports one, named `service`. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** Resolves when it serves. */
  start(runtime: Runtime): Promise<RunningService>;
}

export interface RunningService {
  /** Where it is called from this machine, of a service that people call: `http://127.0.0.1:7420`. */
  readonly url?: string;
  health(): Promise<HealthReport>;
  /**
   * In order: takes no new work, ends what is under way (at most 10 s), lets go. `instances`: whether what runs for users
   * is stopped too (its desired state stays) or left running. Store and bus stay open: they are the process's.
   */
  stop(options: { instances: 'stop' | 'leave' }): Promise<void>;
}
