import { beforeEach, describe, expect, test } from '@jest/globals';
import { aliveSubject, type Clock } from '@slipway/contracts';
import { LocalBus } from '../testing/local-bus.js';
import { startBeats } from './beats.js';
import { Presence } from './presence.js';

/** Turned by hand. */
class HandClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; task: () => void }[] = [];
  now = () => this.#now;
  after = (ms: number, task: () => void) => {
    const timer = { at: this.#now + ms, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };
  async turn(ms: number) {
    const end = this.#now + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
    this.#now = end;
  }
}

let clock: HandClock;
let bus: LocalBus;
let presence: Presence;
const beats = (replica: string, health = async () => ({ service: 'storage', replica, ready: true, reasons: [] as string[] })) =>
  startBeats({ mesh: 'test', service: 'storage', replica, bus, clock, health });

beforeEach(() => {
  clock = new HandClock();
  bus = new LocalBus({ mesh: 'test', clock });
  presence = new Presence({ mesh: 'test', bus, clock });
});

describe('presence', () => {
  test('a replica that beats is heard every two seconds, with what it says of itself', async () => {
    beats('here-storage');
    await clock.turn(60_000);
    expect(presence.silentFor('here-storage')).toBeLessThanOrEqual(2_000);
    expect(presence.replicas('storage', 5_000).map(({ report }) => report)).toEqual([
      { service: 'storage', replica: 'here-storage', ready: true, reasons: [] },
    ]);
    expect(presence.replicas('database', 5_000)).toEqual([]);
  });

  test('one that ends becomes silent, and is no longer listed', async () => {
    const end = beats('here-storage');
    await clock.turn(4_000);
    end();
    await clock.turn(9_000);
    expect(presence.silentFor('here-storage')).toBeGreaterThanOrEqual(9_000);
    expect(presence.replicas('storage', 5_000)).toEqual([]);
  });

  test('one that was never heard of is silent since we listen', async () => {
    await clock.turn(7_000);
    expect(presence.silentFor('nobody')).toBe(7_000);
  });

  test('P1: while NATS is away nobody becomes silent, and when it is back everybody has the whole time again', async () => {
    beats('here-storage');
    await clock.turn(4_000);
    bus.disconnect();
    expect(presence.silentFor('here-storage')).toBe(0);
    await clock.turn(60_000);
    expect(presence.silentFor('here-storage')).toBe(0);
    bus.reconnect();
    expect(presence.silentFor('here-storage')).toBe(0);
    await clock.turn(4_000);
    expect(presence.silentFor('here-storage')).toBeLessThanOrEqual(4_000);
  });

  test('a report that fails is a sign of life that says why', async () => {
    beats('here-storage', async () => {
      throw new Error('disk full');
    });
    await clock.turn(1_000);
    expect(presence.replicas('storage', 5_000)[0]!.report).toMatchObject({ ready: false, reasons: ['disk full'] });
  });

  test('what is no report is not a sign of life', async () => {
    bus.publish(aliveSubject('test', 'storage', 'odd'), 'hello');
    await clock.turn(1_000);
    expect(presence.replicas('storage', 5_000)).toEqual([]);
  });
});

describe('what is announced', () => {
  const tells = (replica: string, ...drivers: unknown[]) =>
    bus.publish(aliveSubject('test', 'storage', replica), {
      ...{ service: 'storage', replica, ready: true, reasons: [] },
      locations: [{ location: 'here', kind: 'storage', drivers }],
    });

  test('is what all replicas of a place together can, for ten seconds', async () => {
    tells('one', { name: 'directory', verbs: ['provision'] });
    tells('two', { name: 'directory', verbs: ['portable', 'provision'] }, { name: 's3', verbs: ['provision'] });
    await clock.turn(0);
    expect(presence.drivers('storage', 'here')).toEqual([
      { name: 'directory', verbs: ['portable', 'provision'] },
      { name: 's3', verbs: ['provision'] },
    ]);
    expect(presence.drivers('storage', 'there')).toBeUndefined();
    expect(presence.drivers('database', 'here')).toBeUndefined();
    await clock.turn(10_001);
    expect(presence.drivers('storage', 'here')).toBeUndefined();
  });

  test('refuses of a spec only what every replica of the place refuses', async () => {
    const lacks = (...fields: string[]) => fields.map((field) => ({ field, reason: 'it has none' }));
    const driver = { name: 's3', verbs: ['provision'], finds: { path: 'volume' } };
    tells('one', { ...driver, outputs: ['path'], bounds: { needs: lacks('owner'), lacks: lacks('mode', 'sizeLimit') } });
    tells('two', { ...driver, outputs: ['url', 'path'], bounds: { needs: [], lacks: lacks('sizeLimit', 'owner') } });
    await clock.turn(0);
    const bounds = { needs: [], lacks: lacks('sizeLimit') };
    expect(presence.drivers('storage', 'here')).toEqual([{ ...driver, outputs: ['path', 'url'], bounds }]);
    // An older one, say.
    tells('three', driver);
    await clock.turn(0);
    expect(presence.drivers('storage', 'here')).toEqual([driver]);
  });

  test('is heard in an answer too, and never in what is no report', async () => {
    tells('old', 'directory');
    bus.publish(aliveSubject('test', 'storage', 'odd'), { replica: 'odd', ready: true, locations: [null] });
    bus.publish(aliveSubject('test', 'storage', 'none'), null);
    await clock.turn(0);
    expect(presence.drivers('storage', 'here')).toBeUndefined();
    const drivers = [{ name: 'directory', verbs: ['provision' as const] }];
    presence.hear({
      service: 'storage',
      replica: 'one',
      ready: true,
      reasons: [],
      locations: [{ location: 'here', kind: 'storage', drivers }],
    });
    expect(presence.drivers('storage', 'here')).toEqual(drivers);
  });
});
