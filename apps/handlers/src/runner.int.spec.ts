import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '@slipway/contracts';
import { NO_STREAM, SnapshotCache, handle, type EventStore, type SubscribeOptions } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { HandlerConfig } from '@slipway/mesh';
import { LocalBus, settle } from '@slipway/mesh/testing';
import { pino } from 'pino';
import { handler, type HandlerCommand } from './handler/handler.js';
import { Hearing } from './hearing.js';
import { Runner } from './runner.js';
import { eventually } from './testing/place.js';

jest.setTimeout(120_000);

const STREAM = 'handler-one';
const metadata = { actor: { id: 'ada', type: 'user' as const }, correlationId: 'call-1' };

/** Each thread that stands has one to this thread. */
const ports = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;

/** A runner with a real thread on a log in memory, whose look where its stream stands can be held up. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-runner-'));
  readonly log = new MemoryEventLog();
  readonly tries: string[] = [];
  /** How often it has begun to follow the log. */
  followed = 0;
  readonly runner: Runner;
  readonly #store = this.log.as('handlers');
  readonly #cache = new SnapshotCache(join(this.folder, 'cache.sqlite'));
  #hold: (() => Promise<void>) | undefined;

  constructor(module: string) {
    const file = join(this.folder, 'one.mjs');
    const done = `import { appendFileSync } from 'node:fs';\nconst done = (line) => appendFileSync(${JSON.stringify(this.#done)}, line + '\\n');\n`;
    writeFileSync(file, done + module);
    const store: EventStore = Object.assign(Object.create(this.#store) as EventStore, {
      read: async (stream: string, options: { from?: number; limit?: number } = {}) => {
        if (options.limit === 1) await this.#hold?.();
        return this.#store.read(stream, options);
      },
      subscribe: (options: SubscribeOptions) => {
        this.followed += 1;
        return this.#store.subscribe(options);
      },
    });
    this.runner = new Runner({
      name: 'one',
      config: Object.assign(new HandlerConfig(), { file, tries: 1 }),
      packages: undefined,
      store,
      kept: { cache: this.#cache, foldVersion: 1 },
      bus: new LocalBus({ mesh: 'test', clock: systemClock }),
      clock: systemClock,
      hearing: new Hearing('test', store),
      logger: pino({ level: 'silent' }),
      tried: (outcome) => this.tries.push(outcome),
    });
  }

  get #done(): string {
    return join(this.folder, 'done');
  }

  done = (): string[] => readFileSync(this.#done, { encoding: 'utf8', flag: 'a+' }).split('\n').slice(0, -1);
  types = (): string[] => this.log.events.filter(({ stream }) => stream === STREAM).map(({ type }) => type);

  /** From now on it waits where it looks for its place in the log: `reached` resolves when it does, `go` lets it go on. */
  hold(): { reached: Promise<void>; go(): void } {
    let go = () => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    const reached = new Promise<void>((resolve) => {
      this.#hold = () => {
        resolve();
        return held;
      };
    });
    return { reached, go };
  }

  /** An event for it. */
  async record(): Promise<string> {
    const id = randomUUID();
    await this.log.as('orchestrator').append(`request-${id}`, NO_STREAM, [{ id, type: 'RequestAccepted', data: {}, metadata }]);
    return id;
  }

  decide = (command: HandlerCommand) => handle(this.#store, handler, STREAM, command, { metadata });

  async remove(): Promise<void> {
    await this.runner.stop();
    await this.log.close();
    this.#cache.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('a handler at work', () => {
  let place: Place;
  beforeEach(() => {
    place = new Place(`export const names = ['events.request.accepted'];
export function handle(event) { done(event.id); throw new Error('no mail server'); }`);
  });
  afterEach(() => place.remove());

  test('stopped while it looks for its place in the log, it stops', async () => {
    const before = ports();
    const { reached, go } = place.hold();
    place.runner.turn(true);
    await reached;
    const stopped = place.runner.stop();
    await eventually('its thread has exited', () => ports() <= before);
    go();
    await stopped;
    expect(place.followed).toBe(0);
  });

  test('left to another replica while it looks for its place in the log, it does not follow it', async () => {
    const { reached, go } = place.hold();
    place.runner.turn(true);
    await reached;
    place.runner.turn(false);
    go();
    await settle();
    expect(place.followed).toBe(0);
    place.runner.turn(true);
    await eventually('it follows', () => place.followed === 1);
  });

  test('stopped while it is loaded for the first time, it is not told to be wrong', async () => {
    const checked = place.runner.check();
    await place.runner.stop();
    await checked;
    expect(place.runner.problem).toBeUndefined();
  });

  test('stopped, it takes no turn any more', async () => {
    place.runner.turn(true);
    await eventually('it is registered', () => place.types().length === 1);
    const stopped = place.runner.stop();
    place.runner.turn(true);
    await stopped;
  });

  test('what is wanted of a parked event while it looks for its place in the log is heard', async () => {
    place.runner.turn(true);
    await eventually('it is registered', () => place.types().length === 1);
    const eventId = await place.record();
    await eventually('it is parked', () => place.tries.join() === 'parked');
    const { reached, go } = place.hold();
    place.runner.poke();
    await reached;
    await place.decide({ type: 'Retry', eventId, actor: metadata.actor });
    place.runner.poke();
    go();
    await eventually('it is tried again', () => place.tries.join() === 'parked,parked');
    expect(place.done()).toEqual([eventId, eventId]);
  });
});
