import { join } from 'node:path';
import { systemClock } from '@slipway/contracts';
import type { EventLog } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { loadOrMakeKey, startGateway } from '@slipway/gateway';
import { openViews, type Views } from '@slipway/gateway/views';
import { MeshConfig, type Runtime } from '@slipway/mesh';
import { LocalBus } from '@slipway/mesh/testing';
import { pino } from 'pino';
import { Registry } from 'prom-client';

const HOUR = 3_600_000;

/** A gateway that serves, and what is needed to call it. */
export interface Served {
  url: string;
  key: string;
  views: Views;
}

/** A gateway on a log of its own, its views caught up. It listens on loopback, on any port. */
export async function withGateway<T>(
  folder: string,
  fill: (log: EventLog) => Promise<unknown>,
  work: (served: Served) => Promise<T>,
): Promise<T> {
  const logFolder = join(folder, 'log');
  const log = await openEventLog({ eventLog: 'sqlite', folder: logFolder });
  await fill(log);
  const config = Object.assign(new MeshConfig(), { mesh: 'bench', dataFolder: folder });
  config.gateway.port = 0;
  const runtime = {
    ...{ service: 'gateway', replica: 'bench-gateway', config, clock: systemClock, metrics: new Registry() },
    store: log.as('gateway'),
    bus: new LocalBus({ mesh: 'bench', clock: systemClock }),
    // Lines are written, to nowhere: the disk is not what is measured.
    logger: pino({ level: 'info' }, { write: () => {} }),
    cacheFolder: join(folder, 'cache'),
  } as unknown as Runtime;
  const views = await openViews({
    folder: runtime.cacheFolder,
    log: runtime.store,
    eventLog: { eventLog: 'sqlite', folder: logFolder },
  });
  if (!(await views.reached(await runtime.store.head(), HOUR))) throw new Error('The views have not reached the head');
  const gateway = await startGateway(runtime, { views });
  try {
    return await work({ url: gateway.url, key: loadOrMakeKey(folder), views });
  } finally {
    await gateway.stop({ instances: 'leave' });
    await log.close();
  }
}
