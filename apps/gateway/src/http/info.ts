import { readFileSync } from 'node:fs';
import { Controller, Get, Inject } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, instant } from '@slipway/contracts';
import type { Info } from '@slipway/contracts/http';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { ApiInfo, ApiNoun } from '../openapi/operations.js';
import { LogReader } from './log-reader.js';

/** The release that this gateway is of. */
export const VERSION = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
  .version;

/** What this mesh is, and where its data are. */
@ApiNoun('info')
@Controller('info')
export class InfoController {
  readonly #startedAt: string;

  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(LogReader) private readonly log: LogReader,
  ) {
    this.#startedAt = instant(runtime.clock.now());
  }

  @ApiInfo()
  @Get()
  async info(): Promise<Info> {
    const { config, store } = this.runtime;
    const { kind, logId } = store.info();
    return {
      name: 'slipway',
      version: VERSION,
      mesh: config.mesh,
      profile: config.profile,
      eventLog: { kind, logId, position: await this.log.head() },
      environment: DEFAULT_ENVIRONMENT,
      ...(config.defaultDefinition !== undefined && { defaultDefinition: config.defaultDefinition }),
      clusters: config.clusters,
      dataFolder: config.dataFolder,
      startedAt: this.#startedAt,
    };
  }
}
