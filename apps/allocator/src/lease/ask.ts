import { SlipwayError, badInput, type LeaseAsk } from '@slipway/contracts';
import { parseFilter } from '@slipway/solver';
import { heldKey, idOf, limitsOf } from '../allocation/state.js';
import type { Deciding } from '../allocation/deciding.js';
import { DEPTH, wantedBy } from '../assignment/make.js';
import { ownerKey, type Wanted } from '../assignment/queue.js';
import { blueprintsFor, isLike, suitable } from '../assignment/room.js';
import { attributesFor, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { takesLeases } from '../resource/resource.js';
import { whatItWaitsFor } from './waiting.js';

/**
 * Somebody wants a lease. With the key of another call: nothing. Throws `no-blueprint` where nothing makes such a
 * type, `forbidden` where he may not, `lease-impossible` where none could ever be like that (each of the three says why, by blueprint),
 * `quota-exceeded`, `bad-input`, and `key-reused` for the key of another body.
 */
export function ask(deciding: Deciding, wanted: LeaseAsk): void {
  const { state, now, catalogue } = deciding;
  if (wasAsked(deciding, wanted)) return;
  assertWhole(wanted);
  const declared = [...catalogue.values()].filter(
    ({ type, name }) => type === wanted.type && (wanted.blueprint === undefined || wanted.blueprint === name),
  );
  if (declared.length === 0) throw nobodyMakes(deciding, wanted);
  const allowed = blueprintsFor(state, catalogue, wanted);
  if (allowed.length === 0)
    throw wanted.endless ? notEndless(deciding, declared, wanted) : notApproved(deciding, declared, wanted);
  assertTime(deciding, allowed, wanted);
  const reasons = allowed.flatMap((one) => whyNever(deciding, one, wanted));
  if (reasons.length === allowed.length) throw refusal('lease-impossible', `No ${wanted.type} can be like that`, reasons);
  assertQuota(deciding, wanted);
  const leaseId = idOf(state.environment, 'lease', state.lastNumber + 1);
  deciding.record({ type: 'LeaseRequested', data: { ...wanted, leaseId, at: now } });
}

function wasAsked({ state }: Deciding, { key }: LeaseAsk): boolean {
  const known = key && state.keys.get(key.id);
  if (known && known.body !== key.body)
    throw new SlipwayError('key-reused', `The key was used to ask for ${known.leaseId}, which is another lease`, {
      leaseId: known.leaseId,
    });
  return known !== undefined;
}

/** Throws `lease-unavailable` where nothing could be given to the last who asked, and he would not wait. */
export function assertGranted(deciding: Deciding): void {
  const { state } = deciding;
  const asked = deciding.events.find((event) => event.type === 'LeaseRequested');
  const lease = asked && state.leases.get(asked.data.leaseId);
  if (lease?.status === 'pending')
    throw refusal('lease-unavailable', `No ${lease.type} like that is free now`, whatItWaitsFor(deciding, lease));
}

function assertWhole({ amount, slots, priority, filter }: LeaseAsk): void {
  const wrong: { field: string; reason: string }[] = [];
  if (!Number.isSafeInteger(amount) || amount < 1) wrong.push({ field: 'amount', reason: 'must be a whole number from 1 on' });
  if (!Number.isSafeInteger(priority)) wrong.push({ field: 'priority', reason: 'must be a whole number' });
  if (new Set(slots).size < slots.length) wrong.push({ field: 'slots', reason: 'must name each lock once' });
  if (wrong.length > 0) throw badInput(wrong);
  if (filter !== undefined) parseFilter(filter);
}

function assertTime({ state, now }: Deciding, allowed: readonly BlueprintDeclaration[], wanted: LeaseAsk): void {
  const { until, latest, waitUntil } = wanted;
  const past = Object.entries({ until, latest, waitUntil }).filter(([, time]) => time !== undefined && !(time > now));
  if (past.length > 0)
    throw badInput(past.map(([field]) => ({ field, reason: `must be later than ${new Date(now).toISOString()}` })));
  const seconds = allowed.map((one) => limitsOf(state, one).leaseSeconds);
  const longest = seconds.includes(0) ? Infinity : Math.max(...seconds);
  if (until !== undefined && until > now + longest * 1000)
    throw badInput([
      {
        field: 'until',
        reason: `must not be later than ${new Date(now + longest * 1000).toISOString()}: a ${wanted.type} is leased for ${longest} s at most`,
      },
    ]);
}

function assertQuota({ state }: Deciding, { owner, type }: LeaseAsk): void {
  for (const [key, what] of [
    [heldKey(owner, type), `leases of type ${type}`],
    [heldKey(owner), 'leases'],
  ] as const) {
    const most = state.quotas.get(key);
    const held = state.held.get(key) ?? 0;
    if (most !== undefined && held >= most)
      throw new SlipwayError('quota-exceeded', `${ownerKey(owner)} has ${held} ${what}, and may have ${most}`, { held, most });
  }
}

function nobodyMakes({ catalogue }: Deciding, { type, blueprint }: LeaseAsk): SlipwayError {
  const types = [...new Set([...catalogue.values()].map((one) => one.type))];
  const which = blueprint === undefined ? `No blueprint makes a ${type}` : `No blueprint ${blueprint} makes a ${type}`;
  return new SlipwayError('no-blueprint', `${which}; there are ${types.join(', ') || 'none'}`, { type, types });
}

const notApproved = ({ state }: Deciding, declared: readonly BlueprintDeclaration[], { owner }: LeaseAsk): SlipwayError => {
  const names = declared.map(({ name }) => name);
  const as = owner.type === 'user' ? '' : ` --owner-type ${owner.type}`;
  const approval = `slipway blueprints approve ${names[0]} --owner ${owner.id}${as} --environment ${state.environment}`;
  return new SlipwayError(
    'forbidden',
    `${ownerKey(owner)} may use none of ${names.join(', ')} in ${state.environment}: whoever owns one can approve it (${approval})`,
    { blueprints: names },
  );
};

/** Of what must not end before it is given back: no blueprint of those that he may use lets it. */
function notEndless(deciding: Deciding, declared: readonly BlueprintDeclaration[], wanted: LeaseAsk): SlipwayError {
  const { state, catalogue } = deciding;
  const { endless: _endless, ...some } = wanted;
  const reasons = blueprintsFor(state, catalogue, some).map((one) => {
    const { leaseSeconds } = limitsOf(state, one);
    return `${one.name} leases for ${leaseSeconds} s at most (as long as it is wanted: slipway blueprints limit ${one.name} --lease-seconds 0)`;
  });
  if (reasons.length === 0) return notApproved(deciding, declared, wanted);
  return refusal('lease-impossible', `No ${wanted.type} is leased without an end`, reasons);
}

const refusal = (code: 'lease-impossible' | 'lease-unavailable', message: string, reasons: string[]): SlipwayError =>
  new SlipwayError(code, `${message}: ${reasons.join('; ')}`, { reasons });

/** Why a blueprint could never give this, neither by what there is nor by what it could make; none when it could. */
function whyNever(deciding: Deciding, declared: BlueprintDeclaration, wanted: Wanted, depth = 0): string[] {
  const { state, catalogue } = deciding;
  const { name, can, needs } = declared;
  if (wanted.resourceId !== undefined) {
    const resource = state.resources.get(wanted.resourceId);
    if (!resource || resource.blueprint !== name) return [`${name} has no resource ${wanted.resourceId}`];
    return takesLeases(resource) && isLike(resource, wanted)
      ? []
      : [`${resource.name} is not like that, or is ${resource.status}`];
  }
  if (!suitable(state, name, wanted).next().done) return [];
  if (!can.includes('allocate')) return [`${name} makes none, and of those that there are none is like that`];
  if (limitsOf(state, declared).resources === 0) return [`${name} may make none`];
  const made = attributesFor(declared, wanted);
  if ('reason' in made) return [made.reason];
  const lacking = Object.values(needs).flatMap((need) => {
    const { type } = need;
    const needed = wantedBy(need, wanted.owner);
    const allowed = blueprintsFor(state, catalogue, needed);
    if (allowed.length === 0)
      return [`${name} needs a ${type} itself, and ${ownerKey(wanted.owner)} may use no blueprint that makes one`];
    if (depth >= DEPTH) return [`${name} needs a ${type} itself, which is deeper than one may stand on another`];
    const never = allowed.map((one) => whyNever(deciding, one, needed, depth + 1));
    if (never.some((reasons) => reasons.length === 0)) return [];
    return [`${name} needs a ${type} itself, and none can be like that: ${never.flat().join(', ')}`];
  });
  return lacking.length > 0 ? [lacking.join('; ')] : [];
}
