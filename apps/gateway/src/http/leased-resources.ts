import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, type LeasedResourceRecorded } from '@slipway/contracts';
import { ChangeResourceBody, EnterResourceBody, type LeasedResourceView } from '@slipway/contracts/http';
import { badInput } from '@slipway/mesh';
import { ApiChangeResource, ApiEnterResource, ApiRemoveResource } from '../openapi/leased-resource-operations.js';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Allocator } from './allocator.js';
import { Call, HttpCall } from './call.js';
import { KnownLeases } from './known-leases.js';
import { ownerOf } from './leases.js';
import { listQuery, one, onlyKnown } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** What is leased: made by blueprints, or entered by hand. */
@ApiNoun('resources')
@Controller('resources')
export class LeasedResourcesController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(KnownLeases) private readonly known: KnownLeases,
    @Inject(Allocator) private readonly allocator: Allocator,
  ) {}

  @ApiList('leased-resources')
  @Get()
  async list(@Call() call: HttpCall): Promise<string> {
    await this.yourWrites.reached('leased-resources', call);
    return call.page(await this.views.listText('leased-resources', listQuery(call.query)));
  }

  @ApiEnterResource()
  @HttpCode(201)
  @Post()
  async enter(@Body() body: EnterResourceBody, @Call() call: HttpCall): Promise<LeasedResourceRecorded> {
    onlyKnown(call.query, []);
    const { environment = DEFAULT_ENVIRONMENT, ownerId, ownerType, ...entered } = body;
    const owned = ownerId !== undefined || ownerType !== undefined ? { owner: ownerOf(body) } : {};
    return recorded(await this.allocator.command(call.context, 'enterResource', { ...entered, environment, ...owned }), call);
  }

  @ApiGet('leased-resources')
  @Get(':id')
  async get(@Param('id') id: string, @Call() call: HttpCall): Promise<LeasedResourceView> {
    onlyKnown(call.query, ['environment', 'asOf', 'atLeast']);
    return call.at(await this.known.get('leased-resources', id, call));
  }

  @ApiChangeResource()
  @HttpCode(202)
  @Patch(':id')
  async change(
    @Param('id') id: string,
    @Body() body: ChangeResourceBody,
    @Call() call: HttpCall,
  ): Promise<LeasedResourceRecorded> {
    onlyKnown(call.query, ['environment', 'atLeast']);
    const resourceId = this.known.idOf('leased-resources', id, call);
    if (body.attributes === undefined && body.capacity === undefined)
      throw badInput([{ field: '', reason: 'the body must say attributes or a capacity' }]);
    return recorded(await this.allocator.command(call.context, 'changeResource', { resourceId, ...body }), call);
  }

  @ApiRemoveResource()
  @HttpCode(202)
  @Delete(':id')
  async remove(@Param('id') id: string, @Call() call: HttpCall): Promise<LeasedResourceRecorded> {
    onlyKnown(call.query, ['environment', 'atLeast', 'reason', 'force']);
    const resourceId = this.known.idOf('leased-resources', id, call);
    const force = one(call.query, 'force') ?? 'false';
    if (force !== 'true' && force !== 'false') throw badInput([{ field: 'force', reason: 'must be true or false' }]);
    const given = one(call.query, 'reason');
    if (force === 'true' && given === undefined)
      throw badInput([{ field: 'reason', reason: 'must be said with force: somebody answers for what is left' }]);
    const reason = given ?? `${call.context.actor.id} has taken it away`;
    const verb = force === 'true' ? 'forceResource' : 'drainResource';
    return recorded(await this.allocator.command(call.context, verb, { resourceId, reason }), call);
  }
}

const recorded = (answer: LeasedResourceRecorded, call: HttpCall): LeasedResourceRecorded =>
  call.recorded(answer, `resources/${answer.resourceId}`);
