import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { METRICS, gauge } from '@slipway/mesh';
import { ApiMetrics, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { LogReader } from './log-reader.js';
import { VIEWS } from './tokens.js';

/** Beyond this many events nobody counts how far the views are behind. */
const COUNTED = 5_000;

/** For Prometheus. */
@ApiNoun('metrics')
@Controller('metrics')
export class MetricsController {
  readonly #behind;
  readonly #stopped;

  constructor(
    @Inject(METRICS) private readonly registry: Registry,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
  ) {
    this.#behind = gauge(registry, {
      name: 'slipway_views_behind_events',
      help: `Events of the log that the read models have not taken in (at most ${COUNTED} are counted)`,
    });
    this.#stopped = gauge(registry, { name: 'slipway_views_stopped', help: 'Read models that have stopped and need a person' });
  }

  @ApiMetrics()
  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(): Promise<string> {
    this.#stopped.set(this.views.stopped().length);
    this.#behind.set(await this.#lag());
    return this.registry.metrics();
  }

  async #lag(): Promise<number> {
    try {
      const page = await this.log.all({ after: this.views.position(), limit: COUNTED });
      return page.events.length;
    } catch {
      // The other figures are needed most when the log is away.
      return Number.NaN;
    }
  }
}
