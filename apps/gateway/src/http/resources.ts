import { Controller, Get, Inject, Param, type Type } from '@nestjs/common';
import type { ResourceView } from '@slipway/contracts/http';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { KnownResources, type ResourceNoun } from './known-resources.js';
import { listQuery, onlyKnown } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** What exists, as the log knows it: one controller for the three kinds, which differ in name only. */
function resources(noun: ResourceNoun): Type {
  @ApiNoun(noun)
  @Controller(noun)
  class ResourcesController {
    constructor(
      @Inject(VIEWS) private readonly views: Views,
      @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
      @Inject(KnownResources) private readonly known: KnownResources,
    ) {}

    @ApiList(noun)
    @Get()
    async list(@Call() call: HttpCall): Promise<string> {
      await this.yourWrites.reached(noun, call);
      return call.page(await this.views.listText(noun, listQuery(call.query)));
    }

    @ApiGet(noun)
    @Get(':id')
    async get(@Param('id') id: string, @Call() call: HttpCall): Promise<ResourceView> {
      onlyKnown(call.query, ['environment', 'asOf', 'atLeast']);
      return call.at(await this.known.get(noun, id, call));
    }
  }
  return ResourcesController;
}

export const InstancesController = resources('instances');
export const StoragesController = resources('storages');
export const DatabasesController = resources('databases');
