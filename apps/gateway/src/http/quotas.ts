import { Body, Controller, Get, HttpCode, Inject, Put } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, type QuotaRecorded } from '@slipway/contracts';
import { QuotaBody } from '@slipway/contracts/http';
import { ApiSetQuota } from '../openapi/blueprint-operations.js';
import { ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Allocator } from './allocator.js';
import { Call, HttpCall } from './call.js';
import { ownerOf } from './leases.js';
import { listQuery, onlyKnown } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** How many leases somebody may have at once. */
@ApiNoun('quotas')
@Controller('quotas')
export class QuotasController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(Allocator) private readonly allocator: Allocator,
  ) {}

  @ApiList('quotas')
  @Get()
  async list(@Call() call: HttpCall): Promise<string> {
    await this.yourWrites.reached('quotas', call);
    return call.page(await this.views.listText('quotas', listQuery(call.query)));
  }

  @ApiSetQuota()
  @HttpCode(202)
  @Put()
  async set(@Body() body: QuotaBody, @Call() call: HttpCall): Promise<QuotaRecorded> {
    onlyKnown(call.query, []);
    const { environment = DEFAULT_ENVIRONMENT, type: leaseType, most } = body;
    const command = { environment, owner: ownerOf(body), most, ...(leaseType !== undefined && { leaseType }) };
    return call.recorded(await this.allocator.command(call.context, 'setQuota', command), 'quotas');
  }
}
