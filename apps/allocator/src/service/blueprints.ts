import {
  SlipwayError,
  instant,
  type ApproveBlueprintCommand,
  type BlueprintList,
  type BlueprintRecorded,
  type BlueprintView,
  type BlueprintsQuery,
  type ChangeBlueprintCommand,
  type JsonObject,
  type QuotaRecorded,
  type RequestContext,
  type SetQuotaCommand,
} from '@slipway/contracts';
import type { AllocationDecided } from '../allocation/allocations.js';
import { blueprintState, limitsOf, type AllocationState } from '../allocation/state.js';
import type { BlueprintDeclaration } from '../blueprint/declaration.js';
import { assertMayRule } from './access.js';
import type { Deciders } from './deciders.js';

/** Who may use which blueprint, how much, and what there is. */
export class Blueprints {
  constructor(private readonly deciders: Deciders) {}

  /** Throws `not-found` for one that is not configured. */
  async list({ environment, name }: BlueprintsQuery): Promise<BlueprintList> {
    const all = [...this.deciders.catalogue.values()];
    const meant = all.filter((declared) => name === undefined || declared.name === name);
    if (name !== undefined && meant.length === 0)
      throw new SlipwayError(
        'not-found',
        `There is no blueprint ${name}; there are ${all.map((one) => one.name).join(', ') || 'none'}`,
      );
    const state = await this.deciders.newest(environment);
    return { items: meant.map((declared) => viewOf(state, declared)) };
  }

  async change({ environment, name, limits }: ChangeBlueprintCommand, context: RequestContext): Promise<BlueprintRecorded> {
    this.#assertMayRule(name, context);
    const command = { type: 'SetLimits' as const, blueprint: name, limits, actor: context.actor, now: this.deciders.now() };
    return recorded(name, await this.deciders.decide(environment, command, context));
  }

  /** Throws `forbidden` for whoever neither owns it nor is an operator. */
  async allow(verb: 'Approve' | 'Revoke', command: ApproveBlueprintCommand, context: RequestContext): Promise<BlueprintRecorded> {
    const { environment, name, owner, reason } = command;
    const by = { actor: context.actor, ...(reason !== undefined && { reason }) };
    this.#assertMayRule(name, context);
    const decided = { type: verb, blueprint: name, owner, ...by, now: this.deciders.now() };
    return recorded(name, await this.deciders.decide(environment, decided, context), await this.deciders.head());
  }

  async setQuota({ environment, ...quota }: SetQuotaCommand, context: RequestContext): Promise<QuotaRecorded> {
    assertMayRule(context.actor, 'set quotas');
    const command = { type: 'SetQuota' as const, ...quota, actor: context.actor, now: this.deciders.now() };
    const { position } = await this.deciders.decide(environment, command, context);
    return { position: position! };
  }

  #assertMayRule(name: string, { actor }: RequestContext): void {
    assertMayRule(actor, `rule over ${name}`, this.deciders.catalogue.get(name)?.owner);
  }
}

const recorded = (name: string, { events, position }: AllocationDecided, head?: string): BlueprintRecorded => ({
  name,
  position: (position ?? head)!,
  ...(events.length === 0 && { repeated: true }),
});

function viewOf(state: AllocationState, declared: BlueprintDeclaration): BlueprintView {
  const { name, type, location, can, interfaces, attributes, capacity, placing, needs, owner } = declared;
  const { made, making, failed, approved } = blueprintState(state, name);
  const worst = [...failed.values()].toSorted((one, other) => other.retryAt - one.retryAt)[0];
  return {
    ...{ name, type, location, capacity, placing, made, making },
    can: [...can],
    interfaces: [...interfaces],
    attributes: attributes as unknown as JsonObject,
    limits: limitsOf(state, declared),
    needs: needs as unknown as JsonObject,
    ...(worst && { failed: { failures: worst.failures, reason: worst.reason, retryAt: instant(worst.retryAt) } }),
    approved: [...approved].toSorted(),
    ...(owner && { owner }),
  };
}
