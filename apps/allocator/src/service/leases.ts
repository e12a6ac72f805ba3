import {
  SlipwayError,
  hashOf,
  sha256,
  type Actor,
  type AllocationEvent,
  type AskLeaseCommand,
  type ForceLeaseCommand,
  type LeaseAsk,
  type LeaseOfKeyQuery,
  type LeaseRecorded,
  type LeaseStanding,
  type LeaseStandingQuery,
  type LeasesReclaimed,
  type ReclaimLeasesCommand,
  type ReleaseLeaseCommand,
  type RenewLeaseCommand,
  type RequestContext,
} from '@slipway/contracts';
import { parseFilter } from '@slipway/solver';
import type { AllocationDecided } from '../allocation/allocations.js';
import type { AllocationCommand } from '../allocation/commands.js';
import { MOST_EVENTS } from '../allocation/deciding.js';
import { partsOf } from '../allocation/state.js';
import { assertMayAskFor, assertMayRule, assertMayUse } from './access.js';
import type { Deciders } from './deciders.js';
import { standingOf } from './standing.js';

/** What is done with leases, and asked of them. */
export class Leases {
  constructor(private readonly deciders: Deciders) {}

  /** Throws what the decider refuses with, `bad-input` for times and filters that are none, and `not-found` for a request that there is not. */
  async ask(command: AskLeaseCommand, context: RequestContext): Promise<LeaseRecorded> {
    const { environment, wait, owner, requestId } = command;
    assertMayAskFor(context.actor, owner);
    if (requestId !== undefined) await this.deciders.assertRequest(requestId);
    const ask = this.#askOf(command, context);
    const { state, events, position } = await this.#decide(environment, { type: 'Ask', ask, wait, now: this.#now() }, context);
    const { leaseId } = state.keys.get(ask.key!.id)!;
    return { leaseId, position: position!, ...(events.length === 0 && { repeated: true }) };
  }

  async renew({ leaseId, until }: RenewLeaseCommand, context: RequestContext): Promise<LeaseRecorded> {
    const environment = await this.#assertMay(leaseId, context);
    const command = { leaseId, until: this.deciders.timeOf('until', until), actor: context.actor, now: this.#now() };
    return recorded(leaseId, await this.#decide(environment, { type: 'Renew', ...command }, context));
  }

  async release({ leaseId, reason }: ReleaseLeaseCommand, context: RequestContext): Promise<LeaseRecorded> {
    const environment = await this.#assertMay(leaseId, context);
    const by = { actor: context.actor, ...(reason !== undefined && { reason }) };
    return recorded(leaseId, await this.#decide(environment, { type: 'Release', leaseId, ...by, now: this.#now() }, context));
  }

  async reclaim(command: ReclaimLeasesCommand, context: RequestContext): Promise<LeasesReclaimed> {
    const { environment, reason, leaseId, owner, attributes } = command;
    assertMayRule(context.actor, 'reclaim leases');
    const of = { ...(leaseId !== undefined && { leaseId }), ...(owner && { owner }), ...(attributes && { attributes }) };
    const by = { actor: context.actor, reason };
    const leaseIds: string[] = [];
    for (;;) {
      const decided = await this.#decide(environment, { type: 'Reclaim', of, ...by, now: this.#now() }, context);
      for (const { type, data } of decided.events) if (type === 'LeaseReleased') leaseIds.push(data.leaseId);
      if (decided.events.length < MOST_EVENTS) return { leaseIds, position: decided.position ?? (await this.deciders.head()) };
    }
  }

  async force({ leaseId, reason }: ForceLeaseCommand, context: RequestContext): Promise<LeaseRecorded> {
    assertMayRule(context.actor, 'say of a lease that it is over, whatever is left');
    const environment = environmentOfLease(leaseId);
    const by = { actor: context.actor, reason };
    return recorded(leaseId, await this.#decide(environment, { type: 'Force', leaseId, ...by, now: this.#now() }, context));
  }

  /** Of one that is over, and of which nothing is left, no more than that. Throws `not-found`. */
  async standing({ leaseId }: LeaseStandingQuery): Promise<LeaseStanding> {
    const environment = environmentOfLease(leaseId);
    const state = await this.deciders.newest(environment);
    return standingOf(state, this.deciders, leaseId);
  }

  /** Of the lease that who calls has asked for with a key. Throws `not-found` where none is known. */
  async ofKey({ environment, key }: LeaseOfKeyQuery, { actor }: RequestContext): Promise<LeaseStanding> {
    const state = await this.deciders.newest(environment);
    const known = state.keys.get(keyIdOf(actor, key));
    if (known) return standingOf(state, this.deciders, known.leaseId);
    throw new SlipwayError('not-found', `${actor.type}/${actor.id} has asked for no lease in ${environment} with this key`);
  }

  #now(): number {
    return this.deciders.now();
  }

  #decide(environment: string, command: AllocationCommand, context: RequestContext): Promise<AllocationDecided> {
    return this.deciders.decide(environment, command, context);
  }

  async #assertMay(leaseId: string, { actor }: RequestContext): Promise<string> {
    const environment = environmentOfLease(leaseId);
    const lease = (await this.deciders.newest(environment)).leases.get(leaseId);
    if (lease) assertMayUse(actor, lease, leaseId);
    return environment;
  }

  #askOf(command: AskLeaseCommand, { actor }: RequestContext): LeaseAsk {
    const { environment: _environment, wait: _wait, key, until, waitUntil, ...wanted } = command;
    if (wanted.filter !== undefined) parseFilter(wanted.filter);
    return {
      attributes: {},
      amount: 1,
      slots: [],
      priority: 0,
      replace: false,
      ...wanted,
      actor,
      ...(until !== undefined && { until: this.deciders.timeOf('until', until) }),
      ...(waitUntil !== undefined && { waitUntil: this.deciders.timeOf('waitUntil', waitUntil) }),
      key: { id: keyIdOf(actor, key), body: bodyOf(command) },
    };
  }
}

/** What a key asks for. Without its times: "in half an hour" is another one whenever the same call is made again. */
function bodyOf({ until: _until, waitUntil: _waitUntil, ...command }: AskLeaseCommand): string {
  return hashOf({ ...command, key: '' });
}

/** The same key of another actor is another one. */
const keyIdOf = ({ type, id }: Actor, key: string): string => sha256(`${type} ${id} ${key}`);

/** Of the environment that a lease's id says it is in. Throws `not-found`. */
export function environmentOfLease(leaseId: string): string {
  const parts = partsOf(leaseId);
  if (parts) return parts.environment;
  throw new SlipwayError('not-found', `There is no lease ${leaseId}`, { leaseId });
}

const recorded = (
  leaseId: string,
  { events, position }: { events: readonly AllocationEvent[]; position?: string | undefined },
) => ({
  leaseId,
  position: position!,
  ...(events.length === 0 && { repeated: true }),
});
