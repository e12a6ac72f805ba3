import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobs, type Blobs } from '@slipway/blobs';
import { SlipwayError, systemClock, type Clock, type ServiceName } from '@slipway/contracts';
import type { EventLog } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { openSecrets, type Secrets } from '@slipway/secrets';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Connection } from '../bus/connection.js';
import { NatsBus } from '../bus/nats-bus.js';
import type { Bus } from '../bus/port.js';
import type { MeshConfig } from '../config/config.js';
import { createLogger } from '../logging/logger.js';
import { connectionMetrics, processMetrics } from '../metrics/metrics.js';
import type { Runtime } from '../service/port.js';
import { hostName } from './host-name.js';

export interface OpenMeshOptions {
  /** This machine's name in those of its replicas; as configured, else kept in the data folder. */
  host?: string;
  clock?: Clock;
  /** Instead of one made from the configuration. */
  logger?: Logger;
  /** Asks whoever started the process to stop and start the whole mesh. */
  requestRestart?: (reason: string) => void;
}

/** A process of the mesh with every port open: what its services are hosted on. */
export interface MeshProcess {
  readonly config: MeshConfig;
  readonly host: string;
  readonly log: EventLog;
  readonly blobs: Blobs;
  readonly secrets: Secrets;
  readonly connection: Connection;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** The ports as one service gets them: the log in its name, its own lines of the log, its own cache. */
  runtime(service: ServiceName): Runtime;
  /** Lets go of everything, the log last. Services are stopped before. */
  close(): Promise<void>;
}

/**
 * Opens what a process of the mesh stands on: the connection to NATS, the event log, blobs, secrets. In the data folder:
 * `log/`, `blobs/`, `secrets/`, `cache/<replica>/`, and `secrets.key` (0600; kept apart from backups).
 * Throws `unreachable`, `config-invalid`, `log-unavailable`, `log-damaged`; what was opened before is closed again.
 */
export async function openMesh(config: MeshConfig, options: OpenMeshOptions = {}): Promise<MeshProcess> {
  const { dataFolder } = config;
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger(config.logging);
  const host = options.host ?? config.host ?? hostName(dataFolder);
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    // The log is opened first and so closed last: what ends before may still append.
    const log = await openEventLog({ eventLog: config.eventLog, folder: join(dataFolder, 'log'), clock, logger });
    opened.push(() => log.close());
    const connection = await Connection.open(natsOptions(config, host));
    opened.push(() => connection.close());
    const blobs = await openBlobs({ folder: join(dataFolder, 'blobs') });
    const secrets = await openSecrets({ folder: join(dataFolder, 'secrets'), keyFile: join(dataFolder, 'secrets.key') });
    const metrics = processMetrics();
    connectionMetrics(metrics, connection);
    connection.onLost(() => logger.warn('The connection to NATS is lost; trying to get it back'));
    connection.onBack(() => logger.info('The connection to NATS is back'));
    const bus = new NatsBus(connection, config.mesh, (subject, error) => {
      logger.warn({ subject, err: error }, 'A message that was published could not be handled');
    });
    return {
      ...{ config, host, log, blobs, secrets, connection, bus, clock, logger, metrics },
      runtime: (service) => {
        const replica = `${host}-${service}`;
        return {
          ...{ service, replica, config, blobs, secrets, connection, bus, clock, metrics },
          store: log.as(service),
          logger: logger.child({ service, replica }),
          cacheFolder: join(dataFolder, 'cache', replica),
          ...(log.backup && { backupLog: (file: string) => log.backup!(file) }),
          ...(options.requestRestart && { requestRestart: options.requestRestart }),
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function natsOptions({ nats, mesh }: MeshConfig, host: string) {
  if (nats.url === undefined) {
    const way = 'set NATS_URL, or start the mesh with npm start, which starts a nats-server of its own';
    throw new SlipwayError('config-invalid', `nats.url is not set: ${way}`, { field: 'nats.url' });
  }
  return {
    url: nats.url,
    name: `slipway ${mesh} ${host}`,
    ...(nats.tokenFile !== undefined && { token: tokenOf(nats.tokenFile) }),
    ...(nats.caFile !== undefined && { caFile: nats.caFile }),
  };
}

function tokenOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = (error as Error).message;
    throw new SlipwayError('config-invalid', `nats.tokenFile ${file} cannot be read: ${reason}`, { field: 'nats.tokenFile' });
  }
}
