import type { AllocationCommand } from '../allocation/commands.js';
import { blueprintState, failureKey, type AllocationState } from '../allocation/state.js';
import type { AtWork } from '../blueprint/workshop.js';
import type { Remains } from '../resource/resource.js';
import type { Work } from './work.js';

/** How often a lease is prepared before it is broken, and a resource asked in vain how it is before it is. */
const TRIES = 5;
/** Of a reason in the log. */
export const REASON_CHARACTERS = 500;

/** What the log is to know of a piece of work; its time comes later. */
export type Outcome = AllocationCommand extends infer Command ? (Command extends unknown ? Omit<Command, 'now'> : never) : never;

/** Does a piece of work, and tells what to decide then: nothing where all is as it was. Throws what the blueprint throws. */
export async function carryOut(work: Work, at: AtWork, remains: readonly Remains[] | undefined): Promise<Outcome | undefined> {
  const { blueprint, resource, lease, context } = at;
  const { resourceId } = work;
  switch (work.do) {
    case 'allocate':
      return { type: 'Opened', resourceId, outputs: (await blueprint.allocate!(resource, context)).outputs };
    case 'update': {
      const { attributes } = resource;
      const { outputs } = (await blueprint.update!(resource, attributes, context)) ?? {};
      return { type: 'Updated', resourceId, attributes, ...(outputs && { outputs }) };
    }
    case 'manage':
      return manage(resourceId, at, remains);
    case 'destroy':
      await blueprint.destroy!(resource, context);
      return { type: 'Gone', resourceId };
    case 'prepare':
      await blueprint.prepare?.(lease!, resource, context);
      return { type: 'Activate', leaseId: work.leaseId, token: work.token };
    case 'takeBack':
      await blueprint.takeBack?.(lease!, resource, context);
      return { type: 'TookBack', leaseId: work.leaseId };
  }
}

/** What works again (`remains`: of what was broken) is first rid of what was left on it. */
async function manage(
  resourceId: string,
  { blueprint, resource, context, cover }: AtWork,
  remains: readonly Remains[] | undefined,
): Promise<Outcome | undefined> {
  const found = await blueprint.manage!(resource, context);
  if (found.state === 'broken') return { type: 'Broke', resourceId, reason: cover(found.reason).slice(0, REASON_CHARACTERS) };
  if (!remains) return undefined;
  for (const { leaseId: id, ...left } of remains) await blueprint.takeBack?.({ id, ...left }, resource, context);
  return { type: 'Mended', resourceId, tookBack: remains.map(({ token }) => token) };
}

/** What the log is to know of a piece of work that has failed so often; `isFinal`: its blueprint says that it never can be done. */
export function failure(
  work: Work,
  told: { reason: string; isFinal: boolean; tries: number; retryAt: number },
): Outcome | undefined {
  const { resourceId } = work;
  const { reason, isFinal, tries, retryAt } = told;
  switch (work.do) {
    case 'allocate':
      return { type: 'Failed', resourceId, reason, retryAt, isFinal };
    case 'takeBack':
      return { type: 'CannotTakeBack', leaseId: work.leaseId, reason, retryAt };
    case 'prepare':
      if (tries < TRIES && !isFinal) return undefined;
      return { type: 'CannotPrepare', leaseId: work.leaseId, token: work.token, reason };
    case 'manage':
      return tries < TRIES ? undefined : { type: 'Broke', resourceId, reason };
    case 'update':
      return { type: 'CannotUpdate', resourceId, reason, retryAt };
    case 'destroy':
      return { type: 'CannotDestroy', resourceId, reason, retryAt };
  }
}

/** How often it failed as the log knows it: also before this life. */
export function triesBefore(state: AllocationState, work: Work): number {
  if (work.do === 'takeBack') return state.leases.get(work.leaseId)?.irrevocable?.tries ?? 0;
  const resource = state.resources.get(work.resourceId);
  if (!resource) return 0;
  if (work.do === resource.stuck?.what) return resource.stuck.tries;
  if (work.do !== 'allocate') return 0;
  return blueprintState(state, resource.blueprint).failed.get(failureKey(resource.attributes))?.failures ?? 0;
}
