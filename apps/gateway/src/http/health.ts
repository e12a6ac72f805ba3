import { Controller, Get, Inject } from '@nestjs/common';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Readiness } from '@slipway/contracts/http';
import { ApiLive, ApiNoun, ApiReady } from '../openapi/operations.js';
import { ReadinessChecks } from './readiness.js';

/** Asked by supervisors and load balancers; needs no key. */
@ApiNoun('health')
@Controller('health')
export class HealthController {
  constructor(@Inject(ReadinessChecks) private readonly checks: ReadinessChecks) {}

  /** The process runs and answers. */
  @ApiLive()
  @Get('live')
  live(): { live: true } {
    return { live: true };
  }

  /** The mesh can do its work; 503 with every reason why not. */
  @ApiReady()
  @Get('ready')
  async ready(): Promise<Readiness> {
    const readiness = await this.checks.run();
    if (readiness.ready) return readiness;
    const failed = readiness.checks.filter(({ ready }) => !ready).map(({ name, reason }) => `${name}: ${reason}`);
    throw new SlipwayError('not-ready', failed.join('; '), { checks: readiness.checks as unknown as JsonObject[] });
  }
}
