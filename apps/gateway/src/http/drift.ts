import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { SlipwayError, VERBS, type AdoptCommand, type Adopted, type Drift, type ResourceKind } from '@slipway/contracts';
import { AdoptBody } from '@slipway/contracts/http';
import { BUS, validated, type Bus } from '@slipway/mesh';
import { ApiAdopt, ApiDrift } from '../openapi/drift-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { KnownResources, type ResourceNoun } from './known-resources.js';
import { many, one, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** It is looked at once more before it is recorded: that takes as long as its driver does. */
const ADOPT_MS = 15_000;

/** How an environment is other than the log says, and taking what is found into the log. */
@ApiNoun('environments')
@Controller('environments')
export class DriftController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(KnownResources) private readonly known: KnownResources,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @ApiDrift()
  @Get(':id/drift')
  async drift(@Param('id') id: string, @Call() call: HttpCall): Promise<Drift> {
    onlyKnown(call.query, ['instanceId', 'ignore', 'atLeast']);
    await this.#exists(id, call);
    const instanceId = one(call.query, 'instanceId');
    const ignore = many(call.query, 'ignore');
    const query = { environment: id, ...(instanceId !== undefined && { instanceId }), ...(ignore.length > 0 && { ignore }) };
    return this.orchestrator.drift(call.context, query);
  }

  @ApiAdopt()
  @HttpCode(202)
  @Post(':id/adopt')
  async adopt(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Adopted> {
    onlyKnown(call.query, ['atLeast']);
    const { key, seen, reason } = validated(AdoptBody, body ?? {});
    const [kind, name] = key.split('/') as [ResourceKind, string];
    const noun: ResourceNoun = `${kind}s`;
    const { generation, driver, location, environment } = await this.known.get(noun, `${id}.${name}`, call);
    const command: AdoptCommand = {
      resource: { environment, kind, name },
      ...{ generation, driver, location, seen },
      ...(reason !== undefined && { reason }),
    };
    const { context } = call;
    const adopted = await this.bus.request<Adopted>(kind, VERBS.adopt, command, { location, context, timeoutMs: ADOPT_MS });
    return call.recorded(adopted, `${noun}/${environment}.${name}`);
  }

  async #exists(id: string, call: HttpCall): Promise<void> {
    await this.yourWrites.reached('environments', call);
    if (await this.views.get('environments', id, undefined)) return;
    throw new SlipwayError('not-found', `There is no environment ${id.slice(0, 64)}: nothing was ever asked for in it`);
  }
}
