import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import {
  VERBS,
  type CapabilitiesQuery,
  type CapabilityList,
  type DefinitionList,
  type DefinitionRecorded,
  type DefinitionView,
  type DefinitionsQuery,
  type DeleteDefinitionCommand,
  type JsonObject,
  type WriteDefinitionCommand,
} from '@slipway/contracts';
import { BUS, badInput, type Bus } from '@slipway/mesh';
import {
  ApiCapabilities,
  ApiDefinition,
  ApiDeleteDefinition,
  ApiListDefinitions,
  ApiWriteDefinition,
} from '../openapi/content-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { layerOf } from './content.js';
import { one, onlyKnown, pageOf } from './list-query.js';

const ASK_MS = 5_000;

/** What there is to be installed, one by one. */
@ApiNoun('definitions')
@Controller('definitions')
export class DefinitionsController {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  @ApiListDefinitions()
  @Get()
  list(@Call() { context, query }: HttpCall): Promise<DefinitionList> {
    onlyKnown(query, ['name', 'layer', 'limit', 'cursor']);
    const name = one(query, 'name');
    const asked: DefinitionsQuery = { ...(name !== undefined && { name }), ...layerOf(query), ...pageOf(query) };
    return this.bus.request('resolver', VERBS.definitions, asked, { context, timeoutMs: ASK_MS });
  }

  @ApiDefinition()
  @Get(':name/:version')
  get(
    @Param('name') name: string,
    @Param('version') version: string,
    @Call() { context, query }: HttpCall,
  ): Promise<DefinitionView> {
    onlyKnown(query, []);
    return this.bus.request('resolver', VERBS.definition, { name, version }, { context, timeoutMs: ASK_MS });
  }

  @ApiWriteDefinition('create')
  @HttpCode(201)
  @Post()
  async create(@Body() body: unknown, @Call() call: HttpCall): Promise<DefinitionRecorded> {
    const recorded = await this.#write(call, { change: 'create', definition: objectOf(body) });
    return call.recorded(recorded, `definitions/${recorded.name}/${recorded.version}`);
  }

  @ApiWriteDefinition('update')
  @Put(':name/:version')
  async update(
    @Param('name') name: string,
    @Param('version') version: string,
    @Body() body: unknown,
    @Call() call: HttpCall,
  ): Promise<DefinitionRecorded> {
    const definition = objectOf(body);
    for (const [field, expected] of Object.entries({ name, version }))
      if (definition[field] !== expected) throw badInput([{ field, reason: `must be ${expected}, as in the path` }]);
    return call.at(await this.#write(call, { change: 'update', definition }));
  }

  @ApiDeleteDefinition()
  @Delete(':name/:version')
  async delete(
    @Param('name') name: string,
    @Param('version') version: string,
    @Call() call: HttpCall,
  ): Promise<DefinitionRecorded> {
    onlyKnown(call.query, ['reason']);
    const reason = one(call.query, 'reason');
    const command: DeleteDefinitionCommand = { name, version, ...(reason !== undefined && { reason }) };
    const { context } = call;
    return call.at(await this.bus.request('resolver', VERBS.deleteDefinition, command, { context, timeoutMs: ASK_MS }));
  }

  #write({ context, query }: HttpCall, command: WriteDefinitionCommand): Promise<DefinitionRecorded> {
    onlyKnown(query, []);
    return this.bus.request('resolver', VERBS.writeDefinition, command, { context, timeoutMs: ASK_MS });
  }
}

/** What is written has to be an object; all else about it the resolver says. */
function objectOf(body: unknown): JsonObject {
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw badInput([{ field: '', reason: 'must be a definition, as a JSON object' }]);
  return body as JsonObject;
}

/** What definitions offer to others. */
@ApiNoun('definitions')
@Controller('capabilities')
export class CapabilitiesController {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  @ApiCapabilities()
  @Get()
  list(@Call() { context, query }: HttpCall): Promise<CapabilityList> {
    onlyKnown(query, ['namespace', 'filter', 'limit', 'cursor']);
    const [namespace, filter] = [one(query, 'namespace'), one(query, 'filter')];
    const asked: CapabilitiesQuery = {
      ...(namespace !== undefined && { namespace }),
      ...(filter !== undefined && { filter }),
      ...pageOf(query),
    };
    return this.bus.request('resolver', VERBS.capabilities, asked, { context, timeoutMs: ASK_MS });
  }
}
