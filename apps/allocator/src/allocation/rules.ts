import { badInput } from '@slipway/contracts';
import { ownerKey } from '../assignment/queue.js';
import type { AllocationCommand } from './commands.js';
import type { Deciding } from './deciding.js';
import { blueprintState } from './state.js';

type Of<Type extends AllocationCommand['type']> = Extract<AllocationCommand, { type: Type }>;

/**
 * Who may use what of a blueprint. What somebody has already goes on when he may no more; he gets no more of it, also not through what another
 * blueprint leases itself. Throws `no-blueprint`; what is no more there can still be revoked.
 */
export function approve(deciding: Deciding, { type, blueprint, owner, actor, reason }: Of<'Approve' | 'Revoke'>): void {
  const isApproved = blueprintState(deciding.state, blueprint).approved.has(ownerKey(owner));
  if (!isApproved) deciding.blueprint(blueprint);
  if (isApproved === (type === 'Approve')) return;
  deciding.record({
    type: type === 'Approve' ? 'BlueprintApproved' : 'BlueprintRevoked',
    data: { blueprint, owner, actor, ...(reason !== undefined && { reason }), at: deciding.now },
  });
}

/** Throws `no-blueprint`, `bad-input`. */
export function setLimits(deciding: Deciding, { blueprint, limits, actor }: Of<'SetLimits'>): void {
  const { needs, mostResources = Infinity } = deciding.blueprint(blueprint);
  const wrong = Object.entries(limits).filter(([, value]) => !Number.isSafeInteger(value) || value < 0);
  if (wrong.length > 0)
    throw badInput(wrong.map(([name]) => ({ field: `limits.${name}`, reason: 'must be a whole number from 0 on' })));
  // What needs leases itself is made for somebody who has them.
  if ((limits.warm ?? 0) > 0 && Object.keys(needs).length > 0)
    throw badInput([
      { field: 'limits.warm', reason: `must be 0: what ${blueprint} makes needs leases itself, which nobody has before he asks` },
    ]);
  if ((limits.resources ?? 0) > mostResources)
    throw badInput([{ field: 'limits.resources', reason: `must be at most ${mostResources}: there is no more of ${blueprint}` }]);
  deciding.record({ type: 'BlueprintChanged', data: { blueprint, limits, actor, at: deciding.now } });
}

/** Throws `bad-input`. */
export function setQuota(deciding: Deciding, { owner, leaseType, most, actor }: Of<'SetQuota'>): void {
  if (most !== null && (!Number.isSafeInteger(most) || most < 0))
    throw badInput([{ field: 'most', reason: 'must be a whole number from 0 on, or null for as many as he likes' }]);
  const type = leaseType === undefined ? {} : { leaseType };
  deciding.record({ type: 'QuotaSet', data: { owner, ...type, most, actor, at: deciding.now } });
}
