import { counter, histogram } from '@slipway/mesh';
import type { Registry } from 'prom-client';

/** What operators expect to know of the calls that a gateway answers. */
export class CallMetrics {
  readonly #calls;
  readonly #seconds;

  constructor(registry: Registry) {
    this.#calls = counter(registry, {
      name: 'slipway_http_calls_total',
      help: 'Calls answered, by method, route and status',
      labelNames: ['method', 'route', 'status'],
    });
    this.#seconds = histogram(registry, {
      name: 'slipway_http_call_seconds',
      help: 'Time from a call to its answer, by method and route',
      labelNames: ['method', 'route'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    });
  }

  answered(method: string, route: string, status: number, seconds: number): void {
    this.#calls.inc({ method, route, status });
    this.#seconds.observe({ method, route }, seconds);
  }
}
