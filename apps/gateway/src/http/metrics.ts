import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { Clock } from '@slipway/contracts';
import { BUS, CLOCK, CONFIG, METRICS, gauge, mergeMetrics, scrapeOthers, type Bus, type MeshConfig } from '@slipway/mesh';
import { ApiMetrics, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { LogReader } from './log-reader.js';
import { VIEWS } from './tokens.js';

/** Beyond this many events nobody counts how far the views are behind. */
const COUNTED = 5_000;

/** For Prometheus: of all processes of the mesh that are there, each with its name as the label `process`. */
@ApiNoun('metrics')
@Controller('metrics')
export class MetricsController {
  readonly #behind;
  readonly #stopped;

  constructor(
    @Inject(METRICS) private readonly registry: Registry,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(CONFIG) private readonly config: MeshConfig,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CLOCK) private readonly clock: Clock,
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
    const { bus, clock } = this;
    const others = scrapeOthers({ mesh: this.config.mesh, bus, clock });
    this.#stopped.set(this.views.stopped().length);
    this.#behind.set(await this.#lag());
    return mergeMetrics([await this.registry.metrics(), ...(await others)]);
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
