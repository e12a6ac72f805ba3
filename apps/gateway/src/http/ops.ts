import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { HTTP_HEADERS, type JobKind } from '@slipway/contracts';
import {
  DeprovisionJob,
  ExportJob,
  ImportJob,
  ProvisionJob,
  RepairJob,
  UpdateJob,
  type Accepted,
  type RequestView,
} from '@slipway/contracts/http';
import { ApiJob, ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { Endings } from './endings.js';
import { idempotencyKey } from './idempotency-key.js';
import { Orchestrator } from './orchestrator.js';
import { preferredWait } from './prefer.js';

/** Jobs: what changes the world, always queued. */
@ApiNoun('ops')
@Controller('ops')
export class OpsController {
  constructor(
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(Endings) private readonly endings: Endings,
  ) {}

  @ApiJob('provision', ProvisionJob)
  @HttpCode(202)
  @Post('provision')
  provision(@Body() job: ProvisionJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('provision', job, call);
  }

  @ApiJob('deprovision', DeprovisionJob)
  @HttpCode(202)
  @Post('deprovision')
  deprovision(@Body() job: DeprovisionJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('deprovision', job, call);
  }

  @ApiJob('import', ImportJob)
  @HttpCode(202)
  @Post('import')
  import(@Body() job: ImportJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('import', job, call);
  }

  @ApiJob('export', ExportJob)
  @HttpCode(202)
  @Post('export')
  export(@Body() job: ExportJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('export', job, call);
  }

  @ApiJob('update', UpdateJob)
  @HttpCode(202)
  @Post('update')
  update(@Body() job: UpdateJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('update', job, call);
  }

  @ApiJob('repair', RepairJob)
  @HttpCode(202)
  @Post('repair')
  repair(@Body() job: RepairJob, @Call() call: HttpCall): Promise<Accepted | RequestView> {
    return this.#accept('repair', job, call);
  }

  async #accept(kind: JobKind, job: object, call: HttpCall): Promise<Accepted | RequestView> {
    const key = idempotencyKey(call.headers[HTTP_HEADERS.idempotencyKey.toLowerCase()]);
    const accepted = await this.orchestrator.accept(call.context, kind, job, key);
    call.recorded(accepted, `requests/${accepted.requestId}`);
    const wait = preferredWait(call.headers['prefer']);
    if (wait === null) return accepted;
    call.held(wait);
    const ended = await this.endings.endOf(accepted.requestId, wait);
    if (!ended) return accepted;
    call.status(200);
    return call.at(ended);
  }
}
