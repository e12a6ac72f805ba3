import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, Inject, Injectable, Module } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { headers, type Msg } from '@nats-io/transport-node';
import { IsInt, Min } from 'class-validator';
import { pino } from 'pino';
import { HEADERS, SlipwayError, type RequestContext, type ServiceName } from '@slipway/contracts';
import { MAX_MESSAGE } from '../bus/wire.js';
import type { Bus } from '../bus/port.js';
import { currentContext, runInContext, systemContext } from '../context/context.js';
import { createLogger } from '../logging/logger.js';
import type { Runtime } from '../service/port.js';
import { startNatsServer, type NatsServer } from '../testing/nats-server.js';
import { testRuntime } from '../testing/runtime.js';
import { BUS, RUNTIME } from './ports.js';
import { startMicroservice, type MicroserviceOptions, type RunningMicroservice } from './start.js';

class Sum {
  @IsInt() a: number;
  @IsInt() @Min(0) b: number;
}

/** What the handlers of one replica did. */
@Injectable()
class Journal {
  handled = 0;
  after: RequestContext[] = [];
  constructor(@Inject(RUNTIME) readonly runtime: Runtime) {}
}

@Controller()
class Handlers {
  constructor(
    private readonly journal: Journal,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  @MessagePattern('sum') sum(@Payload() { a, b }: Sum) {
    this.journal.handled++;
    return { sum: a + b, replica: this.runtime.replica };
  }
  @MessagePattern('nothing') nothing() {
    this.journal.handled++;
  }
  @MessagePattern('slow') async slow(@Payload() ms: number) {
    await sleep(ms);
    return this.journal.handled++;
  }
  @MessagePattern('fail') fail(@Payload() how: string) {
    if (how === 'ours') throw new SlipwayError('name-taken', 'shop is taken', { holder: 'ada' });
    throw new TypeError('a bug');
  }
  @MessagePattern('large') large(@Payload() bytes: number) {
    return 'x'.repeat(bytes);
  }
  @MessagePattern('context') context() {
    return currentContext();
  }
  /** Answers with its own context and that of the next service. */
  @MessagePattern('hop') async hop(@Payload() pause: number) {
    await sleep(pause);
    const there = await this.bus.request<RequestContext>('resolver', 'context', null, { timeoutMs: 20_000 });
    await sleep(pause);
    return { here: currentContext(), there };
  }
  @MessagePattern('relay-failure') relayFailure() {
    return this.bus.request('resolver', 'fail', 'ours');
  }
  /** Goes on behind its answer, as long steps do. */
  @MessagePattern('detach') detach() {
    void sleep(50).then(() => this.journal.after.push(currentContext()));
    return currentContext();
  }
}

@Module({ controllers: [Handlers], providers: [Journal] })
class Service {}

let nats: NatsServer;
let running: { runtime: Runtime; microservice: RunningMicroservice }[] = [];

beforeAll(async () => {
  nats = await startNatsServer();
}, 60_000);
afterAll(() => nats.remove());
afterEach(async () => {
  for (const { runtime, microservice } of running.splice(0)) {
    await microservice.stop();
    await runtime.connection.close();
  }
});

async function start(service: ServiceName, options: MicroserviceOptions & { replica?: string; logger?: Runtime['logger'] } = {}) {
  const { replica, logger, ...rest } = options;
  const runtime = await testRuntime({ nats, service, ...(replica && { replica }), ...(logger && { parts: { logger } }) });
  const microservice = await startMicroservice(runtime, Service, rest);
  running.push({ runtime, microservice });
  return { runtime, microservice, bus: runtime.bus, journal: microservice.app.get(Journal) };
}

const raw = async (runtime: Runtime, verb: string, body: string, extra: Record<string, string> = {}): Promise<Msg> => {
  const sent = headers();
  for (const [name, value] of Object.entries(extra)) sent.set(name, value);
  return runtime.connection.nats.request(`slipway.test.${runtime.service}.${verb}`, body, { timeout: 10_000, headers: sent });
};

describe('a body', () => {
  test.each([
    ['{"a":1,"b":2,"constructor":"x"}', 'constructor'],
    ['{"a":1,"b":2,"toString":"x"}', 'toString'],
    ['{"a":1,"b":2,"__proto__":{"admin":true}}', '__proto__'],
    ['{"a":1,"b":{"deep":[{"hasOwnProperty":1}]}}', 'hasOwnProperty'],
    ['{"a":1,"b":2,"c":3}', 'c'],
  ])('%s is refused by name, a key that every object has as well as one that is not known', async (body, field) => {
    const { runtime, journal } = await start('resolver');
    const answer = await raw(runtime, 'sum', body);
    expect(answer.headers?.get(HEADERS.error)).toBe('bad-input');
    expect(answer.json()).toMatchObject({ code: 'bad-input', details: { fields: [{ field, reason: expect.any(String) }] } });
    expect(journal.handled).toBe(0);
  });
});

describe('locations (fact 1)', () => {
  test('a verb is reached at each location of a replica, also at none, and nowhere else', async () => {
    const { bus } = await start('storage', { locations: ['here', 'there'] });
    for (const location of ['here', 'there', undefined]) {
      const options = location === undefined ? {} : { location };
      expect(await bus.request('storage', 'sum', { a: 1, b: 2 }, options)).toMatchObject({ sum: 3 });
    }
    await expect(bus.request('storage', 'sum', { a: 1, b: 2 }, { location: 'elsewhere' })).rejects.toMatchObject({
      code: 'no-server',
      message: 'Nobody serves storage at elsewhere',
    });
  });

  test('one can be added while it runs', async () => {
    const { bus, microservice } = await start('storage', { locations: ['here'] });
    const ask = () => bus.request('storage', 'sum', { a: 1, b: -2 }, { location: 'new' });
    await expect(ask()).rejects.toMatchObject({ code: 'no-server' });
    await microservice.addLocation('new');
    expect(microservice.locations()).toEqual(['here', 'new']);
    // Pipes and filters apply there as everywhere.
    await expect(ask()).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('replicas of one location share its messages, each handled once; other locations are other queues', async () => {
    const one = await start('storage', { locations: ['here'], replica: 'one' });
    const two = await start('storage', { locations: ['here'], replica: 'two' });
    const other = await start('storage', { locations: ['there'], replica: 'other' });
    const ask = () => one.bus.request<{ replica: string }>('storage', 'sum', { a: 1, b: 2 }, { location: 'here' });
    const answers = await Promise.all(Array.from({ length: 60 }, ask));
    expect(new Set(answers.map(({ replica }) => replica))).toEqual(new Set(['one', 'two']));
    expect(one.journal.handled + two.journal.handled).toBe(60);
    expect(other.journal.handled).toBe(0);
  });
});

describe('the wire is bare JSON, for clients in any language (fact 2)', () => {
  test('a body without any header or envelope is answered with a bare body', async () => {
    const { runtime } = await start('resolver');
    const answer = await raw(runtime, 'sum', '{"a":1,"b":2}');
    expect(answer.string()).toBe('{"sum":3,"replica":"test-resolver"}');
    expect(answer.headers).toBeUndefined();
  });

  test('an `id` in a body or an answer means nothing', async () => {
    const { runtime, bus } = await start('resolver');
    expect((await raw(runtime, 'sum', '{"a":1,"b":2,"id":"7"}')).headers!.get(HEADERS.error)).toBe('bad-input');
    const subscription = runtime.connection.nats.subscribe('slipway.test.gateway.plan', {
      callback: (_, message) => void message.respond('{"id":"foreign","isDisposed":true}'),
    });
    expect(await bus.request('gateway', 'plan', {})).toEqual({ id: 'foreign', isDisposed: true });
    subscription.unsubscribe();
  });

  test('a handler that returns nothing answers null; no body is null', async () => {
    const { runtime } = await start('resolver');
    expect((await raw(runtime, 'nothing', '')).string()).toBe('null');
  });

  test('malformed input is answered with message-malformed, and not handled', async () => {
    const { runtime, journal } = await start('resolver');
    const answer = await raw(runtime, 'sum', '{"a":1,');
    expect(answer.headers!.get(HEADERS.error)).toBe('message-malformed');
    expect(answer.json()).toMatchObject({ code: 'message-malformed', hint: expect.any(String) });
    expect(journal.handled).toBe(0);
  });

  test('a message whose deadline has passed is refused, and not handled', async () => {
    const { runtime, journal } = await start('resolver');
    const answer = await raw(runtime, 'nothing', '', { [HEADERS.deadline]: String(Date.now() - 1_000) });
    expect(answer.headers!.get(HEADERS.error)).toBe('timed-out');
    expect(journal.handled).toBe(0);
  });

  test('headers that are not sane are made anew', async () => {
    const { runtime } = await start('resolver');
    const insane = { [HEADERS.correlationId]: 'no', [HEADERS.actor]: 'root:*', [HEADERS.trace]: '00-0-0-0' };
    const context = (await raw(runtime, 'context', '', insane)).json<RequestContext>();
    expect(context.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.actor).toEqual({ id: 'unknown', type: 'service' });
    expect(context.trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});

describe('errors', () => {
  test('one that is thrown arrives with code, message and details, also over two hops', async () => {
    await start('resolver');
    const { bus } = await start('orchestrator');
    const expected = { name: 'SlipwayError', code: 'name-taken', message: 'shop is taken', details: { holder: 'ada' } };
    await expect(bus.request('resolver', 'fail', 'ours')).rejects.toMatchObject(expected);
    await expect(bus.request('orchestrator', 'relay-failure', null)).rejects.toMatchObject(expected);
  });

  test('what is not ours is `internal`, and logged with the ids of the call', async () => {
    const out: string[] = [];
    const logger = pino(
      { level: 'error', mixin: () => ({ correlationId: currentContext().correlationId }) },
      { write: (line) => void out.push(line) },
    );
    const { bus } = await start('resolver', { logger });
    const context = systemContext('me');
    await expect(bus.request('resolver', 'fail', 'a bug', { context })).rejects.toMatchObject({
      code: 'internal',
      message: 'a bug',
    });
    expect(out.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ correlationId: context.correlationId, err: expect.objectContaining({ type: 'TypeError' }) }),
    ]);
  });

  test('bad input names each field and reason, unknown fields too, and nothing is handled', async () => {
    const { bus, journal } = await start('resolver');
    await expect(bus.request('resolver', 'sum', { a: 1, b: -1, c: 2 })).rejects.toMatchObject({
      code: 'bad-input',
      details: {
        fields: [
          { field: 'c', reason: 'is not known' },
          { field: 'b', reason: 'must not be less than 0' },
        ],
      },
    });
    await expect(bus.request('resolver', 'sum', [1, 2])).rejects.toMatchObject({ code: 'bad-input' });
    expect(journal.handled).toBe(0);
  });

  test('an answer or a request beyond 512 KiB is too-large', async () => {
    const { bus } = await start('resolver');
    expect(await bus.request('resolver', 'large', MAX_MESSAGE - 2)).toHaveLength(MAX_MESSAGE - 2);
    await expect(bus.request('resolver', 'large', MAX_MESSAGE)).rejects.toMatchObject({ code: 'too-large' });
    await expect(bus.request('resolver', 'nothing', 'x'.repeat(MAX_MESSAGE))).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('the context (fact 3)', () => {
  test('200 concurrent two-hop calls keep theirs apart', async () => {
    await start('resolver');
    const { bus } = await start('orchestrator');
    const callers = Array.from({ length: 200 }, (_, n): RequestContext => {
      return { ...systemContext(`caller-${n}`), requestId: `request-${n}`, logToken: `token ${n}` };
    });
    await Promise.all(
      callers.map(async (caller, n) => {
        const ask = () =>
          bus.request<Record<'here' | 'there', RequestContext>>('orchestrator', 'hop', n % 5, { timeoutMs: 20_000 });
        const { here, there } = await runInContext(caller, ask);
        const { correlationId, requestId, actor, logToken } = caller;
        for (const context of [here, there]) expect(context).toMatchObject({ correlationId, requestId, actor, logToken });
        const [trace, ...spans] = [caller, here, there].map((context) => context.trace!.split('-'));
        expect(spans.map(([, id]) => id)).toEqual([trace![1], trace![1]]);
        expect(new Set([trace, ...spans].map((parts) => parts![2])).size).toBe(3);
      }),
    );
  }, 60_000);

  test("a caller's deadline goes with the call, and caps the calls behind it", async () => {
    await start('resolver');
    const { bus } = await start('orchestrator');
    const deadline = Date.now() + 5_000;
    const context = { ...systemContext('me'), deadline };
    const answer = await bus.request<Record<'here' | 'there', RequestContext>>('orchestrator', 'hop', 0, {
      context,
      timeoutMs: 60_000,
    });
    expect([answer.here.deadline, answer.there.deadline]).toEqual([deadline, deadline]);
    await expect(bus.request('resolver', 'nothing', null, { context: { ...context, deadline: 1 } })).rejects.toMatchObject({
      code: 'timed-out',
    });
  });

  test('M2: what goes on behind the answer has the ids but no deadline', async () => {
    const { bus, journal } = await start('resolver');
    const { deadline, ...rest } = await bus.request<RequestContext>('resolver', 'detach', null);
    expect(deadline).toBeGreaterThan(0);
    await sleep(100);
    expect(journal.after).toEqual([rest]);
  });
});

describe('stopping (fact 6)', () => {
  test('what is under way is answered, what comes later is not taken', async () => {
    const caller = await start('orchestrator');
    const { runtime, microservice, journal } = await start('resolver');
    const underWay = Promise.all([1, 2, 3].map(() => caller.bus.request('resolver', 'slow', 300, { timeoutMs: 20_000 })));
    await sleep(100);
    await microservice.stop();
    expect(journal.handled).toBe(3);
    expect((await underWay).toSorted()).toEqual([0, 1, 2]);
    await expect(caller.bus.request('resolver', 'nothing', null)).rejects.toMatchObject({ code: 'no-server' });
    expect(runtime.connection.connected()).toBe(true);
  });

  test('what takes longer than the drain time is left', async () => {
    const { microservice, bus } = await start('resolver', { drainMs: 100 });
    const outcome = bus.request('resolver', 'slow', 1_000, { timeoutMs: 20_000 });
    await sleep(50);
    await microservice.stop();
    await expect(outcome).resolves.toBe(0);
  });

  test('while NATS is away it still waits for what is under way, and takes no longer than that', async () => {
    const own = await startNatsServer();
    const runtime = await testRuntime({ nats: own, service: 'resolver' });
    const microservice = await startMicroservice(runtime, Service);
    const journal = microservice.app.get(Journal);
    const outcome = runtime.bus.request('resolver', 'slow', 400, { timeoutMs: 20_000 }).catch((error: unknown) => error);
    await sleep(100);
    await own.stop('SIGKILL');
    expect(await outcome).toMatchObject({ code: 'timed-out' });
    await microservice.stop();
    expect(journal.handled).toBe(1);
    await runtime.connection.close();
    await own.remove();
  }, 60_000);

  test('rolling restarts of two replicas under load fail no request', async () => {
    const { bus } = await start('orchestrator');
    let replicas = [await start('resolver'), await start('resolver')];
    let sent = 0;
    let on = true;
    const load = Array.from({ length: 8 }, async () => {
      while (on) {
        sent++;
        await bus.request('resolver', 'sum', { a: sent, b: 1 }, { timeoutMs: 20_000 });
      }
    });
    for (let round = 0; round < 6; round++) {
      const [oldest, ...others] = replicas;
      const fresh = await start('resolver');
      await oldest!.microservice.stop();
      replicas = [...others, fresh];
    }
    on = false;
    await Promise.all(load);
    expect(sent).toBeGreaterThan(50);
  }, 60_000);
});

describe('what operators see', () => {
  test("every message that is handled leaves a line with the call's ids, in each service that it passes", async () => {
    const out: string[] = [];
    const logger = createLogger({ level: 'debug', format: 'json', destination: { write: (line) => void out.push(line) } });
    await start('resolver', { logger: logger.child({ service: 'resolver' }) });
    const { bus } = await start('orchestrator', { logger: logger.child({ service: 'orchestrator' }) });
    const context = { ...systemContext('me'), requestId: 'request-1', logToken: 'mine' };
    await bus.request('orchestrator', 'hop', 0, { context });
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'Handled a message');
    const { correlationId, requestId, logToken } = context;
    expect(lines).toEqual([
      expect.objectContaining({ service: 'resolver', verb: 'context', code: 'ok', correlationId, requestId, logToken }),
      expect.objectContaining({ service: 'orchestrator', verb: 'hop', code: 'ok', correlationId, requestId, logToken }),
    ]);
  });

  test('handled messages by verb and code, their time, and what is in flight', async () => {
    const { bus, runtime } = await start('resolver');
    await bus.request('resolver', 'nothing', null);
    await bus.request('resolver', 'fail', 'ours').catch(() => {});
    const underWay = bus.request('resolver', 'slow', 200);
    await sleep(100);
    const text = await runtime.metrics.metrics();
    expect(text).toContain('slipway_messages_handled_total{service="resolver",verb="nothing",code="ok"} 1');
    expect(text).toContain('slipway_messages_handled_total{service="resolver",verb="fail",code="name-taken"} 1');
    expect(text).toContain('slipway_message_seconds_count{service="resolver",verb="nothing"} 1');
    expect(text).toContain('slipway_messages_in_flight{service="resolver"} 1');
    await underWay;
  });

  test('the verb health answers for the replica, with or without location', async () => {
    const report = { service: 'storage', replica: 'test-storage', ready: false, reasons: ['disk full'] };
    const { bus } = await start('storage', { locations: ['here'], health: () => report });
    expect(await bus.request('storage', 'health', null)).toEqual(report);
    expect(await bus.request('storage', 'health', null, { location: 'here' })).toEqual(report);
    const plain = await start('resolver');
    expect(await plain.bus.request('resolver', 'health', null)).toEqual({
      service: 'resolver',
      replica: 'test-resolver',
      ready: true,
      reasons: [],
    });
  });
});
