import 'reflect-metadata';
import { Controller, Inject, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { VERBS, type HealthReport } from '@slipway/contracts';
import { NestLogger } from '../logging/nest-logger.js';
import { MessageMetrics } from '../metrics/message-metrics.js';
import type { Runtime } from '../service/port.js';
import { ErrorFilter } from './error-filter.js';
import { PortsModule } from './ports.js';
import { MeshStrategy } from './strategy.js';
import { ValidationPipe } from './validation.js';

export interface MicroserviceOptions {
  /** Places that this replica serves from the start. */
  locations?: readonly string[];
  /** Answer to the verb `health`; connected means ready when left out. */
  health?: () => HealthReport | Promise<HealthReport>;
  /** How long what is under way may take when it stops, in ms; 10,000 when left out. */
  drainMs?: number;
}

export interface RunningMicroservice {
  readonly app: INestMicroservice;
  /** Serves one more location from now on. */
  addLocation(location: string): Promise<void>;
  locations(): string[];
  /** Takes no new message, ends those under way, then runs Nest's shutdown hooks. The connection stays open. */
  stop(): Promise<void>;
}

const HEALTH = Symbol('slipway.health');

@Controller()
class HealthController {
  constructor(@Inject(HEALTH) private readonly report: () => HealthReport | Promise<HealthReport>) {}

  @MessagePattern(VERBS.health)
  health() {
    return this.report();
  }
}

/**
 * Starts a Nest module as a microservice of the mesh: its `@MessagePattern(verb)` handlers answer
 * `slipway.<mesh>.<service>[.<location>].<verb>`. Every port of the runtime can be injected by its token (`RUNTIME`,
 * `STORE`, `BUS`, ...), bodies are checked, errors become answers. Resolves when other services can reach it.
 */
export async function startMicroservice(
  runtime: Runtime,
  module: Type<unknown> | { module: Type<unknown> },
  options: MicroserviceOptions = {},
): Promise<RunningMicroservice> {
  const { service, replica, config, connection } = runtime;
  const health = options.health ?? (() => ({ service, replica, ready: connection.connected(), reasons: [] }));

  @Module({
    imports: [PortsModule.of(runtime), module],
    controllers: [HealthController],
    providers: [{ provide: HEALTH, useValue: health }],
  })
  class Host {}

  const strategy = new MeshStrategy({
    mesh: config.mesh,
    service,
    connection,
    log: runtime.logger,
    metrics: MessageMetrics.of(runtime.metrics, service),
    locations: options.locations ?? [],
    drainMs: options.drainMs ?? 10_000,
  });
  const app = await NestFactory.createMicroservice(Host, {
    strategy,
    logger: new NestLogger(runtime.logger),
    abortOnError: false,
  });
  app.useGlobalFilters(new ErrorFilter(runtime.logger));
  app.useGlobalPipes(new ValidationPipe());
  await app.listen();
  return {
    app,
    addLocation: (location) => strategy.addLocation(location),
    locations: () => strategy.locations,
    stop: () => app.close(),
  };
}
