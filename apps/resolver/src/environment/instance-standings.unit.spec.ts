import { beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { EventStore, ReadAllOptions, Snapshot } from '@slipway/event-store';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { InstanceStandings } from './instance-standings.js';

describe('how instances stand', () => {
  let disk: MemoryDisk;
  let log: MemoryEventLog;
  let standings: InstanceStandings;
  let asked: (string | undefined)[];
  beforeEach(() => {
    disk = new MemoryDisk();
    log = new MemoryEventLog({ disk });
    asked = [];
    standings = open();
  });

  const open = (cache?: ConstructorParameters<typeof InstanceStandings>[1]) => {
    const store = log.as('resolver');
    const counted: Pick<EventStore, 'readAll'> = {
      readAll: (options?: ReadAllOptions) => {
        asked.push(options?.after);
        return store.readAll(options);
      },
    };
    return new InstanceStandings(counted, cache);
  };

  async function tell(name: string, type: string, data: JsonObject = {}, generation = 1) {
    const stream = `instance-${name}`;
    const { length } = await log.as(null).read(stream);
    const event = {
      id: crypto.randomUUID(),
      type,
      data: { generation, ...data },
      metadata: { actor: { id: 'a', type: 'user' as const } },
    };
    await log.as('instance').append(stream, length - 1, [event]);
  }
  const health = async (name = 'shop', environment = 'default') => (await standings.of(environment))(name)?.health;

  test('follows what is told of them, by their environments', async () => {
    expect(await health()).toBeUndefined();
    await tell('default.shop', 'InstanceProvisioned');
    expect([await health(), await health('shop', 'other')]).toEqual(['healthy', undefined]);
    await tell('default.shop', 'InstanceHealthChanged', { to: 'unknown', reason: 'the place does not answer' });
    expect((await standings.of('default'))('shop')).toMatchObject({ health: 'unknown', reason: 'the place does not answer' });
    await tell('default.shop', 'InstanceStopped');
    await tell('default.shop', 'InstanceUpdated');
    expect(await health()).toBe('stopped');
    await tell('default.shop', 'InstanceProvisioned', {}, 2);
    await tell('default.shop', 'InstanceHealthChanged', { to: 'unhealthy', reason: 'late' }, 1);
    expect(await health()).toBe('healthy');
    await tell('default.shop', 'InstanceDestroyed', {}, 2);
    expect(await health()).toBeUndefined();
  });

  test('since when is when it became so, not when that was told again', async () => {
    await tell('default.shop', 'InstanceProvisioned');
    const since = (await standings.of('default'))('shop')!.since;
    await tell('default.shop', 'InstanceUpdated');
    expect((await standings.of('default'))('shop')!.since).toBe(since);
  });

  test('each time only what came since is read', async () => {
    await tell('default.shop', 'InstanceProvisioned');
    await health();
    const head = await log.as(null).head();
    await Promise.all([health(), health()]);
    expect(asked).toEqual([undefined, head, head]);
  });

  test('a new process goes on where the one before has ended; of another life of the log nothing is believed', async () => {
    const kept = new Map<string, Snapshot>();
    const cache = {
      get: (key: string) => kept.get(key) ?? null,
      put: (key: string, _version: number, one: Snapshot) => void kept.set(key, one),
    };
    await tell('default.shop', 'InstanceProvisioned');
    standings = open(cache);
    expect(await health()).toBe('healthy');
    standings.keep();
    const head = await log.as(null).head();
    standings = open(cache);
    expect([await health(), asked.at(-1)]).toEqual(['healthy', head]);
    disk.restore(0, Date.UTC(2027, 0, 1));
    log = new MemoryEventLog({ disk });
    standings = open(cache);
    expect(await health()).toBeUndefined();
  });
});
