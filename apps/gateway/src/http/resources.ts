import { Controller, Get, Inject, Param, type Type } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, SlipwayError } from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { listQuery, one, onlyKnown } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

type Noun = 'instances' | 'storages' | 'databases';

/** What exists, as the log knows it: one controller for the three kinds, which differ in name only. */
function resources(noun: Noun): Type {
  @ApiNoun(noun)
  @Controller(noun)
  class ResourcesController {
    constructor(
      @Inject(VIEWS) private readonly views: Views,
      @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
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
      await this.yourWrites.reached(noun, call);
      // A bare name is one of the environment that is named, or of the default one.
      const full = id.includes('.') ? id : `${one(call.query, 'environment') ?? DEFAULT_ENVIRONMENT}.${id}`;
      const view = await this.views.get(noun, full, call.moment);
      if (!view) throw new SlipwayError('not-found', `There is no ${noun.slice(0, -1)} ${full.slice(0, 128)}`);
      return call.at(view);
    }
  }
  return ResourcesController;
}

export const InstancesController = resources('instances');
export const StoragesController = resources('storages');
export const DatabasesController = resources('databases');
