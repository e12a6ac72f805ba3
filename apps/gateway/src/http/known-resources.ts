import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, SlipwayError, resourceKey } from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import type { Views } from '../views/port.js';
import type { HttpCall } from './call.js';
import { one } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

export type ResourceNoun = 'instances' | 'storages' | 'databases';

/** The one resource that a call is about. */
@Injectable()
export class KnownResources {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
  ) {}

  /** As the views have it, at the call's moment. A bare name is one of the environment that is named, or of the default one. */
  async get(noun: ResourceNoun, id: string, call: HttpCall): Promise<ResourceView> {
    await this.yourWrites.reached(noun, call);
    const full = id.includes('.') ? id : `${one(call.query, 'environment') ?? DEFAULT_ENVIRONMENT}.${id}`;
    const view = await this.views.get(noun, full, call.moment);
    if (view) return view;
    throw new SlipwayError('not-found', `There is no ${noun.slice(0, -1)} ${full.replace(/[^\x21-\x7e]/g, '?').slice(0, 128)}`);
  }

  /** Keys of all that was made for one instance: what is shared is not. */
  async madeFor(environment: string, instanceId: string | undefined): Promise<string[]> {
    if (instanceId === undefined) return [];
    const keys: string[] = [];
    for (const noun of ['storages', 'databases', 'instances'] as const) {
      for (let cursor: string | undefined; ;) {
        const filter = { environment: [environment], instanceId: [instanceId] };
        const page = await this.views.list(noun, { filter, limit: 500, ...(cursor !== undefined && { cursor }) });
        for (const view of page.items) keys.push(resourceKey(view as ResourceView));
        if (page.next === undefined) break;
        cursor = page.next;
      }
    }
    return keys;
  }
}
