import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  SlipwayError,
  VERBS,
  callSubject,
  causeOf,
  type CallInterfaceCommand,
  type NumberedCallLines,
  type Json,
} from '@slipway/contracts';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { seedOf, seededRandom } from '@slipway/event-store/testing';
import type { Allocator } from '../allocator.js';
import type { InterfaceDefinition } from '../blueprint/blueprint.js';
import { OPERATOR, Running, blueprint } from '../testing/running.js';

interface Tool {
  use(): Promise<Json>;
}
const method = { arguments: { type: 'object', additionalProperties: false, properties: {} }, description: 'Uses it' };
/** `use` of what its blueprint builds; `hang` takes no notice of being ended. */
const tool: InterfaceDefinition<Tool> = {
  name: 'tool',
  methods: {
    use: { ...method, call: (on) => on.use() },
    hang: { ...method, call: () => new Promise<never>(() => {}) },
    tell: {
      ...method,
      async call(on, _given, { line }) {
        line(`the password is ${JSON.stringify(await on.use())}`, 'stdout');
        return null;
      },
    },
    much: { ...method, call: async () => 'x'.repeat(300_000) },
    store: {
      ...method,
      async call(on, _given, { blobs }) {
        return { ...(await blobs.put(Readable.from([Buffer.alloc(600), Buffer.alloc(Number(await on.use()))]))) };
      },
    },
    fail: {
      ...method,
      async call(on) {
        const said = `it was given ${JSON.stringify(await on.use())}`;
        throw new SlipwayError('driver-failed', said, { said });
      },
    },
  },
};
const interfaces = new Map([['tool', tool as unknown as InterfaceDefinition<never>]]);

describe('calls of interfaces', () => {
  let world: Running;
  beforeEach(() => {
    world = new Running();
  });
  afterEach(() => world.stop());

  const boxes = (use: (lease: string) => Promise<Json> = async () => 'used') =>
    blueprint({ capacity: 1_000, interfaces: ['tool', 'unknown'], interface: async (_name, { id }) => ({ use: () => use(id) }) });
  const call = (allocator: Allocator, leaseId: string, token: number, name = 'use', more: Partial<CallInterfaceCommand> = {}) =>
    allocator.calls.call(
      { leaseId, token, interface: 'tool', method: name, arguments: {}, callId: randomUUID(), ...more },
      OPERATOR,
    );
  const tokenOf = async (allocator: Allocator, leaseId: string) => (await allocator.leases.standing({ leaseId })).token!;

  const seed = seedOf(Date.now() % 1_000_000);
  test(`1,000 holders that were stopped past their end: none of their calls is carried out (SLIPWAY_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const over = new Map<string, number>();
    let [used, stale] = [0, 0];
    const allocator = await world.start(
      [
        boxes(async (leaseId) => {
          used += 1;
          if (over.get(leaseId)! <= world.clock.now()) stale += 1;
          return null;
        }),
      ],
      { interfaces },
    );
    const holders: { leaseId: string; token: number }[] = [];
    for (let count = 1_000; count > 0; count -= 1) {
      const until = world.clock.now() + 60_000 + Math.floor(random() * 2_000);
      const leaseId = await world.ask(allocator, { until: new Date(until).toISOString() });
      over.set(leaseId, until);
      holders.push({ leaseId, token: 0 });
    }
    await world.clock.pass(5_000);
    for (const holder of holders) holder.token = await tokenOf(allocator, holder.leaseId);
    await Promise.all(holders.map(({ leaseId, token }) => call(allocator, leaseId, token)));
    expect([used, stale]).toEqual([1_000, 0]);
    // They wake up around their end: before it is recorded that it has come, while it is, and after.
    await world.clock.until(() => world.clock.now() >= Math.min(...over.values()) - 100, 120_000);
    const refused = { before: 0, after: 0 };
    while (refused.after < 3_000) {
      const asked = holders.map(async ({ leaseId, token }) => {
        const isOver = over.get(leaseId)! <= world.clock.now();
        const code = await call(allocator, leaseId, token).then(
          () => 'ok',
          (error: unknown) => causeOf(error).code,
        );
        if (isOver) expect(code).toBe('lease-not-active');
        refused[isOver ? 'after' : 'before'] += Number(code !== 'ok');
      });
      await Promise.all(asked);
      await world.clock.pass(300);
    }
    expect([stale, refused.before]).toEqual([0, 0]);
  }, 120_000);

  test('what hangs and takes no notice is answered when its lease is over', async () => {
    const allocator = await world.start([boxes()], { interfaces });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const going = call(allocator, leaseId, await tokenOf(allocator, leaseId), 'hang');
    const ended = expect(going).rejects.toMatchObject({ code: 'lease-not-active', message: /not active any more/ });
    await world.clock.pass(1_000);
    await allocator.leases.release({ leaseId }, OPERATOR);
    await ended;
  });

  /** What it says when it is used is a secret. */
  const telling = async () => {
    const ref = await world.secrets.put('password', 'correct-horse-battery');
    return blueprint({
      interfaces: ['tool'],
      interface: async (_name, _lease, _resource, { secrets }) => ({ use: () => secrets.read(ref) }),
    });
  };

  test('neither its answer nor what went wrong with it holds a secret that it has read', async () => {
    const allocator = await world.start([await telling()], { interfaces });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const token = await tokenOf(allocator, leaseId);
    expect(await call(allocator, leaseId, token)).toMatchObject({ result: '[secret]' });
    const said = 'it was given "[secret]"';
    await expect(call(allocator, leaseId, token, 'fail')).rejects.toMatchObject({
      code: 'driver-failed',
      message: said,
      details: { said },
    });
  });

  test('what a call says is told with a sign of life every five seconds, and without the secrets that it has read', async () => {
    const allocator = await world.start([await telling()], { interfaces });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const token = await tokenOf(allocator, leaseId);
    const told: NumberedCallLines[] = [];
    const [told1, told2] = [randomUUID(), randomUUID()];
    for (const callId of [told1, told2])
      world.bus.subscribe(callSubject('test', callId), (line) => void told.push(line as NumberedCallLines));
    expect(await call(allocator, leaseId, token, 'tell', { callId: told1 })).toMatchObject({ lines: 1 });
    const going = call(allocator, leaseId, token, 'hang', { callId: told2 });
    const ended = expect(going).rejects.toMatchObject({ code: 'lease-not-active', message: /who called/ });
    await world.clock.pass(11_000);
    allocator.calls.cancel({ callId: told2 });
    await ended;
    const alive = { from: 'alive', lines: [], number: 1 };
    expect(told).toEqual([{ from: 'stdout', lines: ['the password is "[secret]"'], number: 1 }, alive, alive]);
  });

  test('what is too large for a message is refused both ways, and an interface that nobody defines is not there', async () => {
    const allocator = await world.start([boxes()], { interfaces });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const token = await tokenOf(allocator, leaseId);
    await expect(call(allocator, leaseId, token, 'much')).rejects.toMatchObject({ code: 'too-large', message: /256 KiB/ });
    const large = { arguments: { text: 'x'.repeat(300_000) } };
    await expect(call(allocator, leaseId, token, 'use', large)).rejects.toMatchObject({ code: 'too-large' });
    await expect(call(allocator, leaseId, token, 'use', { arguments: { text: 'x' } })).rejects.toMatchObject({
      code: 'bad-input',
      details: { fields: [{ field: 'arguments', reason: /additional properties: text/ }] },
    });
    await expect(call(allocator, leaseId, token, 'use', { interface: 'unknown' })).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no interface unknown; there are tool',
    });
  });

  test('a file that is handed over has at most so many bytes, and nothing is kept of a larger one', async () => {
    let more = 400;
    const blobs = new MemoryBlobs();
    const allocator = await world.start([boxes(async () => more)], { interfaces, blobs, mostFileBytes: 1_000 });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    const token = await tokenOf(allocator, leaseId);
    const [one, other] = [randomUUID(), randomUUID()];
    expect(await call(allocator, leaseId, token, 'store', { callId: one })).toMatchObject({ result: { bytes: 1_000 } });
    more = 401;
    await expect(call(allocator, leaseId, token, 'store', { callId: other })).rejects.toMatchObject({
      code: 'too-large',
      message: /at most 1000 bytes/,
    });
    expect((await blobs.holders()).map(({ holder }) => holder)).toEqual([one]);
  });

  test('who asks a replica elsewhere is answered by one that reaches the place', async () => {
    const here = await world.start([boxes()], { interfaces, replica: 'here' });
    const far = await world.start([boxes()], { interfaces, replica: 'far', locations: ['far'] });
    world.bus.serve('allocator', VERBS.callInterface, (body) => here.calls.call(body as CallInterfaceCommand, OPERATOR), 'local');
    const leaseId = await world.ask(far);
    await world.until(here, leaseId, 'active');
    const answer = call(far, leaseId, await tokenOf(here, leaseId));
    await world.clock.pass(100);
    expect(await answer).toMatchObject({ result: 'used' });
  });

  test('a call is written down with who, on what and how it ended, and without what was given to it', async () => {
    const lines: object[] = [];
    const reports = { info: (about: object, message: string) => void lines.push({ ...about, message }), warn: () => {} };
    const allocator = await world.start([boxes()], { interfaces, reports });
    const leaseId = await world.ask(allocator);
    await world.until(allocator, leaseId, 'active');
    await call(allocator, leaseId, await tokenOf(allocator, leaseId));
    const called = lines.filter((line) => 'interface' in line);
    expect(called).toEqual([
      expect.objectContaining({ lease: leaseId, interface: 'tool', method: 'use', actor: OPERATOR.actor, outcome: 'ok' }),
    ]);
    expect(Object.keys(called[0]!)).not.toContain('arguments');
  });
});
