import { Controller, Get, Headers, Inject, Param, Query, Res, type Type } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { DEFAULT_ENVIRONMENT, HTTP_HEADERS, SlipwayError } from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { listQuery, one, onlyKnown, type Query as QueryString } from './list-query.js';
import { answerPage } from './page.js';
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
    async list(
      @Query() query: QueryString,
      @Headers() headers: IncomingHttpHeaders,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<string> {
      await this.yourWrites.reached(noun, headers, query);
      return answerPage(reply, await this.views.listText(noun, listQuery(query)));
    }

    @ApiGet(noun)
    @Get(':id')
    async get(
      @Param('id') id: string,
      @Query() query: QueryString,
      @Headers() headers: IncomingHttpHeaders,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<ResourceView> {
      onlyKnown(query, ['environment', 'asOf', 'atLeast']);
      await this.yourWrites.reached(noun, headers, query);
      // A bare name is one of the environment that is named, or of the default one.
      const full = id.includes('.') ? id : `${one(query, 'environment') ?? DEFAULT_ENVIRONMENT}.${id}`;
      const asOf = one(query, 'asOf');
      const view = await this.views.get(noun, full, asOf === undefined ? {} : { asOf });
      if (!view) throw new SlipwayError('not-found', `There is no ${noun.slice(0, -1)} ${full.slice(0, 128)}`);
      reply.header(HTTP_HEADERS.position, view.position);
      return view;
    }
  }
  return ResourcesController;
}

export const InstancesController = resources('instances');
export const StoragesController = resources('storages');
export const DatabasesController = resources('databases');
