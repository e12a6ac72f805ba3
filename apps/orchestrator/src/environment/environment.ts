import { SlipwayError, type EnvironmentEvent, type Owner, type PlanRead } from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';
import { evolve } from './evolve.js';
import { admission, settlements } from './parts.js';
import {
  initialState,
  ownerKey,
  type Admit,
  type Claim,
  type EnvironmentCommand,
  type EnvironmentState,
  type Obstacle,
  type Settle,
} from './state.js';
import { expire, extend } from './until.js';

/**
 * The place where names are claimed and plans admitted (decision 2 of the design).
 *
 * N1. A name has one owner, and at most one request works on it. Who takes other instances along works on their names as well, from when its
 *     plan is admitted: a request that works on one of them is not disturbed.
 * N2. Plans that are being carried out do not touch each other: none reads or writes what another one writes. What each of them alone
 *     could take, and all of them together not, they take turns at, as if each wrote that.
 * N3. What an admitted plan rests on stands as it was read; generations only grow. What is shared and left to others has somebody who
 *     is not leaving too: whoever goes last plans anew, and takes it along.
 * N4. No more plans than the limits allow, of all and of one owner.
 * N5. A request that has ended holds no name and no admission. A name under which nothing is left is free.
 * N6. An instance's time is over once for each time that was set; it is told before.
 */
export const environment: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initialState,
  decide,
  evolve,
};

function decide(state: EnvironmentState, command: EnvironmentCommand): EnvironmentEvent[] {
  switch (command.type) {
    case 'Claim': {
      const claimed = claim(state, command);
      const waiting = state.held.size - state.admitted.size;
      if (claimed.length > 0 && waiting >= command.queue)
        throw new SlipwayError('too-busy', `${waiting} requests are waiting already`, { waiting });
      return claimed;
    }
    case 'Admit':
      return admit(state, command);
    case 'Settle':
      return settle(state, command);
    case 'Extend':
      return extend(state, command);
    case 'Expire':
      return expire(state, command);
    case 'PauseDispatch': {
      const { actor, reason } = command;
      return state.paused ? [] : [{ type: 'DispatchPaused', data: { actor, ...(reason !== undefined && { reason }) } }];
    }
    case 'ResumeDispatch':
      return state.paused ? [{ type: 'DispatchResumed', data: { actor: command.actor } }] : [];
  }
}

function claim(state: EnvironmentState, { requestId, name, owner, job, until }: Omit<Claim, 'type'>): EnvironmentEvent[] {
  const known = state.names.get(name);
  if (known?.holder === requestId) return [];
  if (until !== undefined && state.untils.get(name)?.at !== until)
    throw new SlipwayError('not-possible', `${name} is wanted for longer`, { name });
  if (known?.holder !== undefined)
    throw new SlipwayError('name-taken', `Another request works on ${name}: ${known.holder}`, { name, holder: known.holder });
  if (job === 'deprovision' || job === 'export' || job === 'update' || job === 'repair') {
    if (!known) throw new SlipwayError('not-found', `There is no instance ${name} here`, { name });
    return [{ type: 'NameClaimed', data: { kind: 'instance', name, requestId, owner: known.owner, job } }];
  }
  if (job === 'import') assertFree(state, name);
  assertOwn(state, name, owner);
  return [{ type: 'NameClaimed', data: { kind: 'instance', name, requestId, owner, job } }];
}

/** N1. Throws `name-taken` when a name is another owner's; who works on it just now is not asked. */
export function assertOwn({ names }: EnvironmentState, name: string, owner: Owner): void {
  const known = names.get(name);
  if (known && ownerKey(known.owner) !== ownerKey(owner))
    throw new SlipwayError('name-taken', `${name} belongs to another owner`, { name });
}

/** An import never adds to what is there. Throws `name-taken`. */
export function assertFree({ names }: EnvironmentState, name: string): void {
  if (names.has(name))
    throw new SlipwayError('name-taken', `There is an instance ${name}, and an import never changes what is there`, { name });
}

function admit(state: EnvironmentState, command: Admit): EnvironmentEvent[] {
  const { claim: asked, planHash, reads, writes, limits } = command;
  const { requestId, owner } = asked;
  const before = state.admitted.get(requestId);
  if (before?.planHash === planHash) return [];
  if (before) throw new SlipwayError('plan-stale', 'Another plan of this request is being carried out', { holder: requestId });
  const claimed = [...claim(state, asked), ...claimAlong(state, command)];
  if (state.paused) throw obstacle('paused', 'Dispatching is paused in this environment');
  if (state.admitted.size >= limits.concurrent)
    throw obstacle('concurrent', `${state.admitted.size} requests are being carried out, as many as are allowed at once`);
  const ofOwner = state.perOwner.get(ownerKey(owner)) ?? 0;
  if (ofOwner >= limits.perOwner)
    throw obstacle(
      'per-owner',
      `${ofOwner} requests of ${owner.id} are being carried out, as many as one owner may have at once`,
    );
  assertApart(state, command);
  for (const read of reads) assertUnchanged(state, read);
  for (const read of reads) assertLeftToOthers(state, read);
  for (const write of writes) assertNew(state, write);
  const written = writes.map(({ key, generation }) => ({ key, generation }));
  return [...claimed, ...admission({ requestId, owner, planHash, reads, writes: written })];
}

/** N1. */
function claimAlong(state: EnvironmentState, { claim: { requestId, job }, along = [] }: Admit): EnvironmentEvent[] {
  return along.map((name) => {
    const known = state.names.get(name);
    if (!known) throw new SlipwayError('plan-stale', `There is no instance ${name} any more`, { name });
    const { owner, holder } = known;
    if (holder !== undefined)
      throw new SlipwayError('name-taken', `${name} would be taken along, and another request works on it: ${holder}`, {
        name,
        holder,
      });
    return { type: 'NameClaimed', data: { kind: 'instance', name, requestId, owner, job, along: true } };
  });
}

const obstacle = (why: Obstacle, message: string) => new SlipwayError('limit-reached', message, { why });

/** N2. The holder is told: when it has ended the plan is made anew. */
function assertApart(state: EnvironmentState, { reads, writes }: Admit): void {
  for (const { key } of [...reads, ...writes]) {
    const holder = state.writers.get(key);
    if (holder !== undefined)
      throw new SlipwayError('plan-stale', `${key} is being changed by request ${holder}`, { key, holder });
  }
  for (const { key } of writes) {
    const holder = state.readers.get(key)?.[0];
    if (holder !== undefined) throw new SlipwayError('plan-stale', `Request ${holder} rests on ${key}`, { key, holder });
  }
}

/** N3. */
function assertUnchanged(state: EnvironmentState, { key, generation, updates = 0, users }: PlanRead): void {
  const standing = state.installed.get(key);
  const now = standing?.generation ?? null;
  if (now !== generation)
    throw new SlipwayError('plan-stale', `${key} was ${generation ?? 'not there'} and is ${now ?? 'not there'} now`, { key });
  if (standing && standing.updates !== updates)
    throw new SlipwayError('plan-stale', `${key} has been updated meanwhile`, { key });
  if (users && users.join() !== (state.users.get(key) ?? []).join())
    throw new SlipwayError('plan-stale', `Who uses ${key} has changed`, { key });
}

/** N3. Of other users that are all being changed just now one may stay after all: then it is known when its request has ended. */
function assertLeftToOthers(state: EnvironmentState, { key, leaving }: PlanRead): void {
  if (!leaving) return;
  const users = state.users.get(key) ?? [];
  const isOther = (user: string) => !leaving.includes(user);
  if (users.some((user) => isOther(user) && !state.writers.has(user))) return;
  const other = users.find(isOther);
  if (other === undefined) throw new SlipwayError('plan-stale', `Nobody else uses ${key} any more`, { key });
  const holder = state.writers.get(other)!;
  throw new SlipwayError('plan-stale', `Whether ${other} goes on to use ${key} is known when request ${holder} has ended`, {
    key,
    holder,
  });
}

function assertNew(state: EnvironmentState, { key, generation, make }: Admit['writes'][number]): void {
  const newest = state.generations.get(key) ?? 0;
  if (make && generation <= newest)
    throw new SlipwayError('plan-stale', `Generation ${newest} of ${key} was planned meanwhile`, { key, newest });
}

function settle(
  state: EnvironmentState,
  { requestId, name, outcome, installed, removed, wires, uncertain, until }: Settle,
): EnvironmentEvent[] {
  const holds = state.names.get(name)?.holder === requestId;
  const isAdmitted = state.admitted.has(requestId);
  if (!holds && !isAdmitted) return [];
  const along = state.along.get(requestId);
  const besides = { ...(uncertain && { uncertain }), ...(along && { along }) };
  const settled = settlements({ requestId, name, outcome, installed, removed, wires, ...besides });
  const gone = (along ?? []).filter((one) => !isLeft(state, one, installed, removed));
  const events: EnvironmentEvent[] = [...settled, ...gone.map((one) => nameReleased(one, requestId))];
  if (!holds || isLeft(state, name, installed, removed))
    return outcome === 'done' && until !== undefined
      ? [...events, { type: 'UntilSet', data: { name, requestId, until } }]
      : events;
  const changed = isAdmitted || installed.length > 0 || removed.length > 0;
  return [...(changed ? events : []), nameReleased(name, requestId)];
}

const nameReleased = (name: string, requestId: string): EnvironmentEvent => ({ type: 'NameReleased', data: { name, requestId } });

/** Whether anything stands under a name once these were installed and those taken away. */
function isLeft(state: EnvironmentState, name: string, installed: Settle['installed'], removed: Settle['removed']): boolean {
  if (installed.some(({ instanceId }) => instanceId === name)) return true;
  const gone = new Set(removed.filter((key) => state.installed.get(key)?.instanceId === name));
  return (state.standing.get(name) ?? 0) > gone.size;
}
