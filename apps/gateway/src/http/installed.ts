import { Controller, Get, Inject, Param } from '@nestjs/common';
import { SlipwayError, badInput } from '@slipway/contracts';
import type { WhyView } from '@slipway/contracts/http';
import { ApiInstalled, ApiWhy } from '../openapi/environment-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { listQuery, one, onlyKnown } from './list-query.js';
import { matching, type InstalledNoun } from './matching.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';
import { Why } from '../why/why.js';

/** What is installed in an environment, what that offers and needs, and how it is wired: now, or as it was. */
@ApiNoun('environments')
@Controller('environments')
export class InstalledController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(Why) private readonly reasons: Why,
  ) {}

  @ApiInstalled('resources')
  @Get(':id/resources')
  resources(@Param('id') id: string, @Call() call: HttpCall): Promise<string> {
    return this.#list('resources', id, call);
  }

  @ApiInstalled('capabilities')
  @Get(':id/capabilities')
  capabilities(@Param('id') id: string, @Call() call: HttpCall): Promise<string> {
    return this.#list('capabilities', id, call);
  }

  @ApiInstalled('requirements')
  @Get(':id/requirements')
  requirements(@Param('id') id: string, @Call() call: HttpCall): Promise<string> {
    return this.#list('requirements', id, call);
  }

  @ApiInstalled('wires')
  @Get(':id/wires')
  wires(@Param('id') id: string, @Call() call: HttpCall): Promise<string> {
    return this.#list('wires', id, call);
  }

  @ApiWhy()
  @Get(':id/why')
  async why(@Param('id') id: string, @Call() call: HttpCall): Promise<WhyView> {
    onlyKnown(call.query, ['what', 'asOf', 'atLeast']);
    const what = one(call.query, 'what');
    if (!what) throw badInput([{ field: 'what', reason: 'says what is asked about: a key, a name, or a definition' }]);
    for (const view of ['resources', 'wires', 'requirements', 'requests'] as const) await this.yourWrites.reached(view, call);
    return call.at(await this.reasons.of(id, what, call.moment.asOf));
  }

  async #list(noun: InstalledNoun, environment: string, call: HttpCall): Promise<string> {
    const { filter: _filter, ...fields } = call.query;
    if (fields['environment'] !== undefined) throw badInput([{ field: 'environment', reason: 'stands in the path' }]);
    const filter = one(call.query, 'filter');
    const query = listQuery(fields);
    const asked = {
      ...query,
      filter: { ...query.filter, environment: [environment] },
      ...(filter !== undefined && { matching: matching(noun, filter) }),
    };
    await Promise.all([this.yourWrites.reached(noun, call), this.yourWrites.reached('environments', call)]);
    if (!(await this.views.get('environments', environment, call.moment))) throw noEnvironment(environment);
    return call.page(await this.views.listText(noun, asked));
  }
}

/** Nothing was ever recorded in an environment of that name. */
export const noEnvironment = (name: string): SlipwayError =>
  new SlipwayError(
    'not-found',
    `There is no environment ${name.replace(/[^\x21-\x7e]/g, '?').slice(0, 64)}: nothing was ever asked for in it`,
  );
