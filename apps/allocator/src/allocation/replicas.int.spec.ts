/** Two replicas decide on one log at once, each as if it were alone: what one has granted the other does not grant again. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { systemClock, type AllocationEvent } from '@slipway/contracts';
import type { EventLog } from '@slipway/event-store';
import { openSqliteEventLog } from '@slipway/event-store/sqlite';
import { PATIENCE_MS } from '@slipway/event-store/testing';
import { ada, asking, declared, operator } from '../testing/world.js';
import { Allocations } from './allocations.js';
import type { AllocationCommand } from './commands.js';
import { allocationStream } from './state.js';

const ENVIRONMENT = 'default';
const POOL = 3;
const HOLDERS = 12;
const ROUNDS = 4;

let folder: string;
let logs: EventLog[];
let replicas: Allocations[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-replicas-'));
  logs = [];
  replicas = [];
  for (const _ of ['one', 'other']) {
    const log = await openSqliteEventLog({ folder, timeLimitMs: PATIENCE_MS });
    logs.push(log);
    const replica = new Allocations({
      store: log.as('allocator'),
      catalogue: new Map([['RackHost', declared({ can: [] })]]),
      ids: randomUUID,
      clock: systemClock,
      warn: (about, message) => {
        throw new Error(message, { cause: about });
      },
      recorded: () => {},
    });
    await replica.start();
    replicas.push(replica);
  }
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all(logs.map((log) => log.close()));
  rmSync(folder, { recursive: true });
});

type Timeless = AllocationCommand extends infer Each ? (Each extends unknown ? Omit<Each, 'now'> : never) : never;

/** By one of the replicas; again where the other was quicker each time. */
async function decide(by: number, command: Timeless): Promise<AllocationEvent[]> {
  const given = { ...command, now: Date.now() } as AllocationCommand;
  for (;;) {
    try {
      return [...(await replicas[by % replicas.length]!.decide(ENVIRONMENT, given, { actor: operator })).events];
    } catch (error) {
      if ((error as { code?: string }).code !== 'wrong-revision') throw error;
    }
  }
}

async function ask(by: number): Promise<string> {
  const asked = (await decide(by, { type: 'Ask', ask: asking(), wait: true })).find(({ type }) => type === 'LeaseRequested');
  return (asked as Extract<AllocationEvent, { type: 'LeaseRequested' }>).data.leaseId;
}

/** Given back by one, taken back by the other. */
async function back(by: number, leaseId: string): Promise<void> {
  await decide(by, { type: 'Release', leaseId, actor: ada });
  await decide(by + 1, { type: 'TookBack', leaseId });
}

/** As the log has it: which are granted now, how many were after each event, and the tokens in their order. */
async function recorded(): Promise<{ granted: Set<string>; loads: number[]; tokens: number[] }> {
  const granted = new Set<string>();
  const [loads, tokens]: [number[], number[]] = [[], []];
  const events = (await logs[0]!.as('allocator').read(allocationStream(ENVIRONMENT))) as unknown as AllocationEvent[];
  for (const { type, data } of events) {
    if (type === 'LeaseAcquired') tokens.push(data.token);
    if (type === 'LeaseAcquired') granted.add(data.leaseId);
    if (type === 'LeaseDestroyed') granted.delete(data.leaseId);
    loads.push(granted.size);
  }
  return { granted, loads, tokens };
}

it('a pool of n grants exactly n, whichever of two replicas is asked, and however many ask and give back at once', async () => {
  await decide(0, { type: 'Approve', blueprint: 'RackHost', owner: ada, actor: operator });
  const pool = { name: 'pool', blueprint: 'RackHost', attributes: { memory: 2 }, capacity: POOL };
  await decide(1, { type: 'Enter', resource: pool, actor: operator });
  const holders = Array.from({ length: HOLDERS }, (_, n) => n);

  const leases = await Promise.all(holders.map(ask));
  expect((await recorded()).granted.size).toBe(POOL);
  await Promise.all(
    holders.map(async (n) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await back(n + round, leases[n]!);
        leases[n] = await ask(n + round);
      }
    }),
  );
  expect((await recorded()).granted.size).toBe(POOL);
  await Promise.all(leases.slice(POOL - 1).map((lease, n) => back(n, lease)));

  const { granted, loads, tokens } = await recorded();
  expect([...granted].toSorted()).toEqual(leases.slice(0, POOL - 1).toSorted());
  expect(Math.max(...loads)).toBe(POOL);
  expect(tokens.every((token, n) => n === 0 || token > tokens[n - 1]!)).toBe(true);
  expect(new Set(leases).size).toBe(HOLDERS);
}, 60_000);
