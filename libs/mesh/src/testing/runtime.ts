import { systemClock, type ServiceName } from '@slipway/contracts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Connection } from '../bus/connection.js';
import { NatsBus } from '../bus/nats-bus.js';
import { MeshConfig } from '../config/config.js';
import type { Runtime } from '../service/port.js';
import type { NatsServer } from './nats-server.js';

/** Parts that a test brings itself: store, blobs, secrets and cache folder are not there unless they are given. */
export type TestParts = Partial<
  Pick<Runtime, 'store' | 'blobs' | 'secrets' | 'bus' | 'clock' | 'logger' | 'config' | 'cacheFolder'>
>;

/** A runtime on a real NATS for tests of one service: a connection and a mesh name of its own unless told otherwise. */
export async function testRuntime(options: {
  nats: NatsServer;
  service: ServiceName;
  replica?: string;
  parts?: TestParts;
}): Promise<Runtime> {
  const { nats, service, parts = {} } = options;
  const config = parts.config ?? Object.assign(new MeshConfig(), { mesh: 'test' });
  const connection = await Connection.open({ url: nats.url, token: nats.token, name: service });
  return {
    service,
    replica: options.replica ?? `test-${service}`,
    config,
    connection,
    bus: new NatsBus(connection, config.mesh),
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    ...parts,
  } as Runtime;
}
