import { canonicalJson, type LeaseAsk } from '@slipway/contracts';
import { PersistentMap, PersistentOrder } from '@slipway/event-store';
import type { Lease } from '../lease/lease.js';

/** What a resource must be, and have room for. */
export type Wanted = Pick<
  LeaseAsk,
  'type' | 'attributes' | 'filter' | 'blueprint' | 'resourceId' | 'amount' | 'slots' | 'owner' | 'endless'
>;

/** Of a line: the window of its first, how many of the type its owner has, the number of its first. Less is sooner. */
export type Rank = readonly [window: number, granted: number, number: number];

/** Leases of one owner and priority that want the same: where the first cannot have it, none of them can. */
export interface Line {
  owner: LeaseAsk['owner'];
  priority: number;
  /** By the number of the lease, when it was asked for. */
  waiting: PersistentOrder<number>;
  rank: Rank;
  /** Of lines that want the same and may use the same blueprints: where the first of these cannot have it, none of them can. */
  group: string;
}

/** All that wait for one type. */
export interface Queue {
  /** By owner, priority and want. */
  lines: PersistentMap<Line>;
  /** Keys of lines, by their group, in the order in which they are served. */
  groups: PersistentMap<PersistentOrder<string, Rank>>;
  /** Keys of the lines of an owner ({@link ownerKey}). */
  owners: PersistentMap<PersistentMap<true>>;
}

export const EMPTY_QUEUE: Queue = { lines: PersistentMap.of(), groups: PersistentMap.of(), owners: PersistentMap.of() };

/** How an owner stands that waits: how many of the type he has, and which blueprints he may use. */
export interface OwnerStanding {
  granted: number;
  approved: string;
}

/** What has waited this long longer counts as one priority more, so that what is urgent never starves what is not. */
export const PATIENCE_MS = 10 * 60_000;

/**
 * The window in which a lease stands, less is sooner: of ten minutes in which it was asked for, one earlier for each priority. It does not
 * depend on what time it is, so the order of those that wait changes only with what they are given.
 */
export const windowOf = (at: number, priority: number): number => Math.floor(at / PATIENCE_MS) - priority;

export const ownerKey = ({ type, id }: LeaseAsk['owner']): string => `${type}/${id}`;

const wantOf = ({ attributes, filter, blueprint, resourceId, amount, slots, endless }: Wanted): string =>
  canonicalJson([attributes, filter ?? null, blueprint ?? null, resourceId ?? null, amount, slots, endless ?? false]);

/** With a lease in its place: one that waits again stands where it stood. */
export const queued = (queue: Queue, lease: Lease, standing: OwnerStanding): Queue =>
  changed(queue, lease, standing, (waiting) => waiting.with(lease.number, lease.at));

/** Without a lease. */
export const dequeued = (queue: Queue, lease: Lease, standing: OwnerStanding): Queue =>
  changed(queue, lease, standing, (waiting) => waiting.without(lease.number));

/** With the lines of an owner where they belong, since he stands otherwise. */
export function reranked(queue: Queue, owner: LeaseAsk['owner'], standing: OwnerStanding): Queue {
  let after = queue;
  for (const [key] of queue.owners.get(ownerKey(owner))?.entries() ?? []) {
    const line = queue.lines.get(key)!;
    after = placed(after, key, line, stood(line, line.group.slice(0, line.group.indexOf('\n')), standing));
  }
  return after;
}

function changed(queue: Queue, lease: Lease, standing: OwnerStanding, how: (waiting: Line['waiting']) => Line['waiting']): Queue {
  const { owner, priority } = lease;
  const want = wantOf(lease);
  const key = `${priority} ${ownerKey(owner)} ${want}`;
  const before = queue.lines.get(key);
  const waiting = how(before?.waiting ?? PersistentOrder.of<number>());
  return placed(queue, key, before, waiting.size > 0 ? stood({ owner, priority, waiting }, want, standing) : undefined);
}

function stood(line: Pick<Line, 'owner' | 'priority' | 'waiting'>, want: string, { granted, approved }: OwnerStanding): Line {
  const { owner, priority, waiting } = line;
  const [number, at] = waiting.first()!;
  return { owner, priority, waiting, rank: [windowOf(at, priority), granted, number], group: `${want}\n${approved}` };
}

function placed({ lines, groups, owners }: Queue, key: string, before: Line | undefined, after: Line | undefined): Queue {
  const owner = ownerKey((after ?? before)!.owner);
  let order = groups;
  if (before) {
    const others = order.get(before.group)!.without(before.rank);
    order = others.size > 0 ? order.with(before.group, others) : order.without(before.group);
  }
  if (after)
    order = order.with(after.group, (order.get(after.group) ?? PersistentOrder.of<string, Rank>()).with(after.rank, key));
  const known = owners.get(owner) ?? PersistentMap.of<true>();
  const keys = after ? known.with(key, true) : known.without(key);
  return {
    lines: after ? lines.with(key, after) : lines.without(key),
    groups: order,
    owners: keys.size > 0 ? owners.with(owner, keys) : owners.without(owner),
  };
}
