import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import {
  BLUEPRINT_NAME,
  DEFAULT_ENVIRONMENT,
  SlipwayError,
  type BlueprintList,
  type BlueprintRecorded,
  type BlueprintView,
} from '@slipway/contracts';
import { ApprovalBody, ChangeBlueprintBody } from '@slipway/contracts/http';
import { badInput } from '@slipway/mesh';
import { ApiApproval, ApiBlueprint, ApiBlueprints, ApiChangeBlueprint } from '../openapi/blueprint-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Allocator } from './allocator.js';
import { Call, HttpCall } from './call.js';
import { ownerOf } from './leases.js';
import { one, onlyKnown } from './list-query.js';

/** How resources are made, what of that is allowed, and to whom: as the allocator has it. */
@ApiNoun('blueprints')
@Controller('blueprints')
export class BlueprintsController {
  constructor(@Inject(Allocator) private readonly allocator: Allocator) {}

  @ApiBlueprints()
  @Get()
  list(@Call() call: HttpCall): Promise<BlueprintList> {
    return this.allocator.blueprints(call.context, { environment: environmentOf(call) });
  }

  @ApiBlueprint()
  @Get(':name')
  async get(@Param('name') name: string, @Call() call: HttpCall): Promise<BlueprintView> {
    const query = { environment: environmentOf(call), name: known(name) };
    const { items } = await this.allocator.blueprints(call.context, query);
    return items[0] ?? notFound(name);
  }

  @ApiChangeBlueprint()
  @HttpCode(202)
  @Patch(':name')
  async change(
    @Param('name') name: string,
    @Body() body: ChangeBlueprintBody,
    @Call() call: HttpCall,
  ): Promise<BlueprintRecorded> {
    onlyKnown(call.query, []);
    const { environment = DEFAULT_ENVIRONMENT, limits } = body;
    if (Object.values(limits).every((limit) => limit === undefined))
      throw badInput([{ field: 'limits', reason: 'must say resources, warm, idleSeconds or leaseSeconds' }]);
    const command = { environment, name: known(name), limits: { ...limits } };
    return recorded(await this.allocator.command(call.context, 'changeBlueprint', command), call);
  }

  @ApiApproval('approve')
  @HttpCode(202)
  @Post(':name/approve')
  approve(@Param('name') name: string, @Body() body: ApprovalBody, @Call() call: HttpCall): Promise<BlueprintRecorded> {
    return this.#approval('approveBlueprint', name, body, call);
  }

  @ApiApproval('revoke')
  @HttpCode(202)
  @Post(':name/revoke')
  revoke(@Param('name') name: string, @Body() body: ApprovalBody, @Call() call: HttpCall): Promise<BlueprintRecorded> {
    return this.#approval('revokeBlueprint', name, body, call);
  }

  async #approval(
    verb: 'approveBlueprint' | 'revokeBlueprint',
    name: string,
    body: ApprovalBody,
    call: HttpCall,
  ): Promise<BlueprintRecorded> {
    onlyKnown(call.query, []);
    const { environment = DEFAULT_ENVIRONMENT, reason } = body;
    const command = { environment, name: known(name), owner: ownerOf(body), ...(reason !== undefined && { reason }) };
    return recorded(await this.allocator.command(call.context, verb, command), call);
  }
}

function environmentOf(call: HttpCall): string {
  onlyKnown(call.query, ['environment']);
  return one(call.query, 'environment') ?? DEFAULT_ENVIRONMENT;
}

function notFound(name: string): never {
  throw new SlipwayError('not-found', `There is no blueprint ${name.slice(0, 64)}`, { name: name.slice(0, 64) });
}

const known = (name: string): string => (BLUEPRINT_NAME.test(name) ? name : notFound(name));

const recorded = (answer: BlueprintRecorded, call: HttpCall): BlueprintRecorded =>
  call.recorded(answer, `blueprints/${answer.name}`);
