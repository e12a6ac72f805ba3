import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Connection } from '../bus/connection.js';

interface Described<Label extends string> {
  name: string;
  help: string;
  labelNames?: readonly Label[];
}

// Services that share a process share its registry, and those of one kit have the same metrics: who comes first makes it.

/** The counter of that name, made when it is not there yet. `collect` brings it up to date when it is asked for. */
export const counter = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { collect?: (this: Counter<Label>) => void },
): Counter<Label> =>
  (registry.getSingleMetric(described.name) as Counter<Label> | undefined) ??
  new Counter({ ...described, registers: [registry] });

/** The gauge of that name, made when it is not there yet. `collect` sets it when it is asked for. */
export const gauge = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { collect?: (this: Gauge<Label>) => void },
): Gauge<Label> =>
  (registry.getSingleMetric(described.name) as Gauge<Label> | undefined) ?? new Gauge({ ...described, registers: [registry] });

/** The histogram of that name, made when it is not there yet. Buckets in seconds. */
export const histogram = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { buckets?: number[] },
): Histogram<Label> =>
  (registry.getSingleMetric(described.name) as Histogram<Label> | undefined) ??
  new Histogram({ ...described, registers: [registry] });

/** A registry with what Node itself has to tell: memory, event loop lag, garbage collection. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Whether the process has its connection to NATS, and how often it was lost. */
export function connectionMetrics(registry: Registry, connection: Connection): void {
  gauge(registry, {
    name: 'slipway_nats_connected',
    help: '1 while there is a connection to NATS',
    collect() {
      this.set(connection.connected() ? 1 : 0);
    },
  });
  const lost = counter(registry, { name: 'slipway_nats_lost_total', help: 'How often the connection to NATS was lost' });
  connection.onLost(() => lost.inc());
}
