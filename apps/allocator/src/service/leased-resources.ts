import {
  SlipwayError,
  type ChangeResourceCommand,
  type DrainResourceCommand,
  type EnterResourceCommand,
  type ForceResourceCommand,
  type JsonObject,
  type LeasedResourceRecorded,
  type RequestContext,
} from '@slipway/contracts';
import type { AllocationDecided } from '../allocation/allocations.js';
import { partsOf } from '../allocation/state.js';
import type { Blueprint } from '../blueprint/blueprint.js';
import { assertMayRule } from './access.js';
import type { Deciders } from './deciders.js';

/** What is done with leased resources by hand. */
export class LeasedResources {
  constructor(
    private readonly deciders: Deciders,
    private readonly blueprints: ReadonlyMap<string, Pick<Blueprint, 'accept'>>,
  ) {}

  async enter(command: EnterResourceCommand, context: RequestContext): Promise<LeasedResourceRecorded> {
    const { environment, attributes: given = {}, ...rest } = command;
    assertMayRule(context.actor, 'enter resources');
    const { blueprint, capacity } = rest;
    const attributes = this.#accepted(blueprint, { attributes: given, ...(capacity !== undefined && { capacity }) });
    const entered = { type: 'Enter' as const, resource: { ...rest, attributes }, actor: context.actor, now: this.deciders.now() };
    const decided = await this.deciders.decide(environment, entered, context);
    return recorded(decided.state.names.get(command.name)!, decided);
  }

  async change({ resourceId, ...to }: ChangeResourceCommand, context: RequestContext): Promise<LeasedResourceRecorded> {
    const environment = await this.#assertMayRule(resourceId, context);
    const known = (await this.deciders.newest(environment)).resources.get(resourceId);
    const accepted = known?.manual ? this.#accepted(known.blueprint, { ...known, ...to }) : to.attributes;
    const attributes = to.attributes && accepted && { attributes: accepted };
    const change = { type: 'Change' as const, resourceId, ...to, ...attributes, actor: context.actor, now: this.deciders.now() };
    return recorded(resourceId, await this.deciders.decide(environment, change, context));
  }

  async drain({ resourceId, reason }: DrainResourceCommand, context: RequestContext): Promise<LeasedResourceRecorded> {
    const environment = await this.#assertMayRule(resourceId, context);
    const drain = { type: 'Drain' as const, resourceId, reason, actor: context.actor, now: this.deciders.now() };
    return recorded(resourceId, await this.deciders.decide(environment, drain, context));
  }

  async force({ resourceId, reason }: ForceResourceCommand, context: RequestContext): Promise<LeasedResourceRecorded> {
    assertMayRule(context.actor, 'say of a resource that it is gone, whatever is left');
    const force = { type: 'ForceGone' as const, resourceId, reason, actor: context.actor, now: this.deciders.now() };
    return recorded(resourceId, await this.deciders.decide(environmentOf(resourceId), force, context));
  }

  /** Attributes as its blueprint has them recorded. */
  #accepted(blueprint: string, entered: { attributes: JsonObject; capacity?: number }): JsonObject {
    return this.blueprints.get(blueprint)?.accept?.(entered) ?? entered.attributes;
  }

  /** The environment of a resource that one may change. */
  async #assertMayRule(resourceId: string, { actor }: RequestContext): Promise<string> {
    const environment = environmentOf(resourceId);
    const owner = (await this.deciders.newest(environment)).resources.get(resourceId)?.owner;
    assertMayRule(actor, `change ${resourceId}`, owner);
    return environment;
  }
}

function environmentOf(resourceId: string): string {
  const parts = partsOf(resourceId);
  if (parts) return parts.environment;
  throw new SlipwayError('not-found', `There is no resource ${resourceId}`, { resourceId });
}

const recorded = (resourceId: string, { events, position }: AllocationDecided): LeasedResourceRecorded => ({
  resourceId,
  position: position!,
  ...(events.length === 0 && { repeated: true }),
});
