import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { ada, declared, operator } from '../testing/world.js';
import { Allocations } from './allocations.js';
import { keptEnvironments } from './known-environments.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-allocations-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Notes from where all streams are read. */
function watched(store: EventStore, reads: (string | undefined)[]): EventStore {
  const readAll: EventStore['readAll'] = (options) => {
    reads.push(options?.after);
    return store.readAll(options);
  };
  return new Proxy(store, {
    get(target, name: keyof EventStore) {
      const own = target[name];
      return name === 'readAll' ? readAll : typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

describe('the environments that have leases', () => {
  const file = join(folder, 'known.json');
  const log = new MemoryEventLog();
  const start = async (reads: (string | undefined)[]) => {
    const allocations = new Allocations({
      store: watched(log.as('allocator'), reads),
      catalogue: new Map([['RackHost', declared()]]),
      ids: randomUUID,
      clock: systemClock,
      known: keptEnvironments(file),
      warn: (about, message) => {
        throw new Error(message, { cause: about });
      },
      recorded: () => {},
    });
    await allocations.start();
    return allocations;
  };

  it('that have something recorded of them, and no others, are known after a start that reads only what came since, and after one that has lost what it knew', async () => {
    const first = await start([]);
    const approve = { type: 'Approve', blueprint: 'RackHost', owner: ada, actor: operator, now: 1 } as const;
    for (const environment of ['default', 'test']) await first.decide(environment, approve, { actor: operator });
    await first.of('asked-about').refresh();
    const refused = { type: 'Approve', blueprint: 'None', owner: ada, actor: operator, now: 1 } as const;
    await expect(first.decide('misspelt', refused, { actor: operator })).rejects.toMatchObject({ code: 'no-blueprint' });
    expect(first.environments().toSorted()).toEqual(['default', 'test']);
    await first.stop();
    const { position } = keptEnvironments(file).read()!;

    const reads: (string | undefined)[] = [];
    const second = await start(reads);
    expect(reads).toEqual([position]);
    expect(second.environments().toSorted()).toEqual(['default', 'test']);
    expect(second.of('test').state.blueprints.get('RackHost')!.approved.size).toBe(1);
    await second.stop();

    for (const lost of ['', '{"position":"elsewhere.1.00000000000000000007","names":["gone"]}']) {
      writeFileSync(file, lost);
      const third = await start([]);
      expect(third.environments().toSorted()).toEqual(['default', 'test']);
      await third.stop();
    }
  });
});
