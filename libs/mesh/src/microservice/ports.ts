import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Runtime } from '../service/port.js';

// Tokens for constructors: `@Inject(BUS) private readonly bus: Bus`.
/** The whole {@link Runtime}. */
export const RUNTIME = Symbol.for('slipway.runtime');
export const CONFIG = Symbol.for('slipway.config');
export const STORE = Symbol.for('slipway.store');
export const BLOBS = Symbol.for('slipway.blobs');
export const SECRETS = Symbol.for('slipway.secrets');
export const BUS = Symbol.for('slipway.bus');
export const CLOCK = Symbol.for('slipway.clock');
export const LOGGER = Symbol.for('slipway.logger');
export const METRICS = Symbol.for('slipway.metrics');

/** Every port of a runtime as a provider, in all modules of the app. */
@Global()
@Module({})
export class PortsModule {
  static of(runtime: Runtime): DynamicModule {
    const ports = new Map<symbol, unknown>([
      [RUNTIME, runtime],
      [CONFIG, runtime.config],
      [STORE, runtime.store],
      [BLOBS, runtime.blobs],
      [SECRETS, runtime.secrets],
      [BUS, runtime.bus],
      [CLOCK, runtime.clock],
      [LOGGER, runtime.logger],
      [METRICS, runtime.metrics],
    ]);
    return {
      module: PortsModule,
      providers: [...ports].map(([provide, useValue]) => ({ provide, useValue })),
      exports: [...ports.keys()],
    };
  }
}
