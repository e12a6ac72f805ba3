import { SlipwayError, type Actor, type LeaseAsk, type Owner } from '@slipway/contracts';
import { ownerKey } from '../assignment/queue.js';

/** Who holds the gateway's key. */
const OPERATOR = { type: 'user', id: 'operator' } as const;

/**
 * Who may do what with leases. The one place where this stands: today the door knows one key, the operator's, so that whoever comes through
 * it may all of it, as may what comes from a service of ours.
 */
export const isOperator = ({ type, id }: Actor): boolean => type === 'system' || (type === OPERATOR.type && id === OPERATOR.id);

const isOne = (actor: Actor, other: Pick<Owner, 'id'> & { type: string }): boolean =>
  other.id === actor.id && other.type === actor.type;

/** Who may renew, release and use a lease: its owner, who asked for it, and operators. */
export function assertMayUse(actor: Actor, { owner, actor: asker }: Pick<LeaseAsk, 'owner' | 'actor'>, leaseId: string): void {
  if (isOne(actor, owner) || isOne(actor, asker) || isOperator(actor)) return;
  throw new SlipwayError('forbidden', `${leaseId} belongs to ${ownerKey(owner)}`, { leaseId });
}

/** Who may ask in the name of an owner, and so use what was approved for him: he himself, and operators. */
export function assertMayAskFor(actor: Actor, owner: Owner): void {
  if (isOne(actor, owner) || isOperator(actor)) return;
  throw new SlipwayError('forbidden', `Only operators ask for a lease in the name of ${ownerKey(owner)}: ask for your own`);
}

/** Who may say what holds of something: its owner, where it has one, and operators. */
export function assertMayRule(actor: Actor, what: string, owner?: Owner): void {
  if (isOperator(actor) || (owner && isOne(actor, owner))) return;
  throw new SlipwayError('forbidden', `To ${what} is for operators${owner ? ` and for its owner, ${ownerKey(owner)}` : ''}`);
}
