import type { Histogram, Registry } from 'prom-client';
import { counter, gauge, histogram } from './metrics.js';

/** By registry: services that share a process share its metrics, and each brings its own numbers. */
const known = new WeakMap<Registry, Map<string, MessageMetrics>>();

/**
 * What operators expect to know of the messages that a service handles: how many by verb and code, their time, and how many
 * are in flight. Counted in plain numbers and told when somebody asks: with labels a count costs more than a small handler.
 */
export class MessageMetrics {
  inFlight = 0;
  readonly #handled = new Map<string, number>();
  readonly #seconds: Histogram<'service' | 'verb'>;

  private constructor(
    registry: Registry,
    private readonly service: string,
  ) {
    this.#seconds = histogram(registry, {
      name: 'slipway_message_seconds',
      help: 'Time from a message to its answer, by service and verb',
      labelNames: ['service', 'verb'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    });
  }

  /** Those of a service in a process; the same ones each time. */
  static of(registry: Registry, service: string): MessageMetrics {
    const services = known.get(registry) ?? register(registry);
    const metrics = services.get(service) ?? new MessageMetrics(registry, service);
    services.set(service, metrics);
    return metrics;
  }

  /** @param code "ok" or an error's */
  handled(verb: string, code: string, seconds: number): void {
    const key = `${verb} ${code}`;
    this.#handled.set(key, (this.#handled.get(key) ?? 0) + 1);
    this.#seconds.observe({ service: this.service, verb }, seconds);
  }

  /** Calls `tell` for each verb and code. */
  counts(tell: (verb: string, code: string, count: number) => void): void {
    for (const [key, count] of this.#handled) {
      const [verb, code] = key.split(' ') as [string, string];
      tell(verb, code, count);
    }
  }
}

function register(registry: Registry): Map<string, MessageMetrics> {
  const services = new Map<string, MessageMetrics>();
  known.set(registry, services);
  counter(registry, {
    name: 'slipway_messages_handled_total',
    help: 'Messages handled, by service, verb and code ("ok" or an error code)',
    labelNames: ['service', 'verb', 'code'],
    collect() {
      this.reset();
      for (const [service, metrics] of services) {
        metrics.counts((verb, code, count) => this.inc({ service, verb, code }, count));
      }
    },
  });
  gauge(registry, {
    name: 'slipway_messages_in_flight',
    help: 'Messages that a service works on now',
    labelNames: ['service'],
    collect() {
      for (const [service, { inFlight }] of services) this.set({ service }, inFlight);
    },
  });
  return services;
}
