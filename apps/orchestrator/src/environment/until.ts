import { SlipwayError, badInput, type EnvironmentEvent } from '@slipway/contracts';
import { v5 as uuidv5 } from 'uuid';
import type { PersistentMap } from '@slipway/event-store';
import type { EnvironmentCommand, EnvironmentState, Extend, Until } from './state.js';

type UntilEvent = Extract<EnvironmentEvent, { type: 'UntilSet' | 'UntilExtended' | 'InstanceExpiring' | 'InstanceExpired' }>;

/** Wants an instance for longer. Throws `not-found`, `not-possible` (wanted for good, or being given back) and `bad-input`. */
export function extend(state: EnvironmentState, { name, until, now, actor, reason }: Extend): EnvironmentEvent[] {
  const claimed = state.names.get(name);
  if (!claimed) throw new SlipwayError('not-found', `There is no instance ${name} here`, { name });
  const known = state.untils.get(name);
  if (!known)
    throw new SlipwayError(
      'not-possible',
      `${name} is wanted for good: it has no end that could be put off, and stays until it is deprovisioned`,
      { name },
    );
  if (known.at === until) return [];
  if (known.phase === 'expired' && claimed.holder !== undefined)
    throw new SlipwayError('not-possible', `The time of ${name} is over: request ${claimed.holder} gives it back`, {
      name,
      holder: claimed.holder,
    });
  const least = Math.max(known.at, now);
  if (until <= least) throw badInput([{ field: 'until', reason: `must be later than ${new Date(least).toISOString()}` }]);
  return [{ type: 'UntilExtended', data: { name, from: known.at, until, actor, ...(reason !== undefined && { reason }) } }];
}

/** What is to be told of an instance's time. */
export function expire(
  { untils }: EnvironmentState,
  { name, now, notice, warned }: Extract<EnvironmentCommand, { type: 'Expire' }>,
): EnvironmentEvent[] {
  const known = untils.get(name);
  if (!known || known.phase === 'expired') return [];
  const { at, setBy, phase } = known;
  if (phase === 'wanted') return at - notice <= now ? [{ type: 'InstanceExpiring', data: { name, until: at } }] : [];
  return at <= now && warned ? [{ type: 'InstanceExpired', data: { name, until: at, requestId: setBy } }] : [];
}

/** When something is to be told, or done, of an instance's time (ms since the epoch). */
export const dueAt = ({ at, phase }: Until, notice: number): number =>
  phase === 'wanted' ? at - notice : phase === 'expiring' ? at : -Infinity;

export function evolveUntils(untils: PersistentMap<Until>, event: UntilEvent): PersistentMap<Until> {
  const { name, until } = event.data;
  const known = untils.get(name);
  switch (event.type) {
    case 'UntilSet':
      return untils.with(name, { at: until, setBy: event.data.requestId, phase: 'wanted' });
    case 'UntilExtended':
      return known ? untils.with(name, { ...known, at: until, phase: 'wanted' }) : untils;
    case 'InstanceExpiring':
      return known ? untils.with(name, { ...known, phase: 'expiring' }) : untils;
    case 'InstanceExpired':
      return known ? untils.with(name, { ...known, phase: 'expired' }) : untils;
  }
}

/** Namespace of the ids below (RFC 9562 §5.5). Written into logs that exist: it never changes. */
const NAMESPACE = '5d6f0a2c-8f0e-5b1d-9c55-0b7b7de0c0a4';

/**
 * The idempotency key of the request that gives an instance back when its time is over: the same for whoever asks, however
 * often; another one for another time, and for another instance of that name.
 */
export const expiryKey = (environment: string, name: string, { at, setBy }: Pick<Until, 'at' | 'setBy'>): string =>
  `until/${environment}/${name}/${setBy}/${at}`;

/** The id of the event `InstanceExpired`, which can be told again at any time: it is what causes that request. */
export const expiryId = (environment: string, name: string, until: Pick<Until, 'at' | 'setBy'>): string =>
  uuidv5(expiryKey(environment, name, until), NAMESPACE);
