import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { VERBS, type AcceptCommand, type RequestContext, type ServerFrame } from '@slipway/contracts';
import type { Accepted, Problem } from '@slipway/contracts/http';
import { seedOf, seededRandom } from '@slipway/event-store/testing';
import { currentContext } from '@slipway/mesh';
import { GatewayPlace, acceptance } from '../testing/gateway-place.js';
import { LiveClient, type AnswerFrame } from '../testing/live-client.js';
import { isJson, isText } from './as-call.js';
import { operationsOf, type Operation } from './operations.js';

const JOB = { ownerId: 'ada', instanceId: 'shop' };
const REQUEST = '0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10';
/** Good bodies of operations that need one; the others are tried with none. */
const BODIES: Record<string, object> = {
  provision: JOB,
  deprovision: { instanceId: 'shop' },
  plan: JOB,
  'abandon-request': { reason: 'it is gone' },
  'list-requests': { status: ['queued', 'running'], limit: 1, sort: '-acceptedAt' },
  'list-events': { category: ['request', 'instance'], limit: 2 },
};

const fits = ({ takes, gives }: Operation) => takes.every(isJson) && gives.every((type) => isJson(type) || isText(type));

describe('an action', () => {
  let place: GatewayPlace;
  let client: LiveClient;
  let accepted: AcceptCommand[];
  /** In what context a plan was asked for last. */
  let planned: RequestContext | undefined;
  let operations: ReadonlyMap<string, Operation>;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    ({ accepted } = place.serveMesh());
    const position = await place.request(REQUEST, acceptance({ job: 'provision', body: JOB }));
    for (const kind of ['storage', 'database', 'instance'] as const) await place.resource(kind, 'shop');
    for (const verb of ['cancel', 'retry', 'abandon', 'pause', 'resume', 'pauseDispatch', 'resumeDispatch'] as const)
      place.bus.serve('orchestrator', VERBS[verb], () => ({ requestId: REQUEST, position }));
    place.bus.serve('orchestrator', VERBS.plan, () => {
      planned = currentContext();
      return { outcome: 'satisfied' };
    });
    operations = operationsOf(await place.json<OpenAPIObject>('GET', '/api/docs/json'));
    client = await LiveClient.open(place);
    await place.views.reached(await place.store.head(), 5_000);
  });
  afterAll(async () => {
    await client.end();
    await place.close();
  });

  /** The same over REST, as somebody would write it by hand. */
  function overRest({ method, path, takes, pathParameters }: Operation, input: Record<string, unknown>): Promise<Response> {
    const rest = Object.entries(input).filter(([name]) => !pathParameters.includes(name));
    const query = new URLSearchParams(
      rest.flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, String(one)])),
    );
    const url = path.replace(/\{(\w+)\}/g, (_whole, name: string) => String(input[name]));
    if (takes.length > 0) return place.call(method, url, { body: Object.fromEntries(rest) });
    return place.call(method, `${url}?${query.toString()}`);
  }

  /** What must be the same whichever way it came: all of a query's answer, the kind of a command's. */
  function essence(status: number, body: unknown, { method }: Operation): unknown {
    const { code, detail, fields, ...rest } = (body ?? {}) as Partial<Problem>;
    if (status >= 400) return { status, code, detail, fields };
    return { status, body: method === 'GET' ? body : Object.keys(rest).toSorted() };
  }

  async function compare(action: string, input: Record<string, unknown>): Promise<number> {
    const operation = operations.get(action)!;
    const rest = await overRest(operation, input);
    const live = await client.call(action, input);
    const json = isJson(rest.headers.get('Content-Type') ?? '');
    const text = await rest.text();
    expect([action, essence(live.status, live.body, operation)]).toEqual([
      action,
      essence(rest.status, json ? JSON.parse(text) : undefined, operation),
    ]);
    // Figures change between two calls; their names do not.
    const names = (one: string) => one.split('\n').filter((line) => line.startsWith('# HELP'));
    expect(names(live.text)).toEqual(names(json ? '' : text));
    expect(live.text === '').toBe(json || text === '');
    return live.status;
  }

  /** Of what its path names there is one, or none. */
  const named = ({ path, pathParameters }: Operation, there: boolean): Record<string, string> => {
    const good = { requests: REQUEST, environments: 'default', views: 'instances' }[path.split('/')[3]!] ?? 'shop';
    const bad = path.includes('/requests/') ? randomUUID() : 'nothing-here';
    return Object.fromEntries(pathParameters.map((name) => [name, there ? good : bad]));
  };

  it('is every operation that fits into frames, with the same status, answer and problem as over REST, good and bad', async () => {
    const tried = [...operations].filter(([, operation]) => fits(operation));
    expect(tried.length).toBeGreaterThan(28);
    let [good, bad] = [0, 0];
    for (const [action, operation] of tried) {
      const body = BODIES[action] ?? {};
      if ((await compare(action, { ...named(operation, true), ...body })) < 300) good++;
      await compare(action, { ...named(operation, false), ...body });
      if ((await compare(action, { ...named(operation, true), ...body, nonsense: 'x' })) >= 400) bad++;
    }
    // The inputs above are what they are called, but where somebody must be there to answer, or where there is no input.
    expect(good).toBeGreaterThan(26);
    expect(bad).toBeGreaterThan(22);
  }, 60_000);

  it('whose content fits into no frame is refused by name, with where to go, and reaches nobody', async () => {
    const others = [...operations].filter(([, operation]) => !fits(operation));
    expect(others.map(([action]) => action)).toEqual(expect.arrayContaining(['backup', 'restore']));
    for (const [action, operation] of others) {
      const { status, body } = await client.call(action, named(operation, true));
      expect([action, status, body]).toEqual([
        action,
        415,
        expect.objectContaining({
          code: 'wrong-content-type',
          detail: expect.stringContaining(`${operation.method} ${operation.path}`),
        }),
      ]);
    }
  });

  it('has a readable name of its own, made of words', () => {
    for (const [action] of operations) expect(action).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('has parameters that no field of its body is called like', async () => {
    const { paths, components } = await place.json<OpenAPIObject>('GET', '/api/docs/json');
    for (const operation of Object.values(paths).flatMap((path) => Object.values(path as object) as never[])) {
      const { parameters = [], requestBody } = operation as {
        parameters?: { name: string; in: string }[];
        requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
      };
      const schema = requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1);
      const fields = Object.keys((components!.schemas![schema ?? ''] as { properties?: object } | undefined)?.properties ?? {});
      const names = parameters.filter((one) => one.in !== 'header').map(({ name }) => name);
      expect(names.filter((name) => fields.includes(name))).toEqual([]);
    }
  });

  it('has the idempotency of REST: the same key is the same job, whichever way it came; with another body it is refused', async () => {
    const headers = { 'Idempotency-Key': 'either way' };
    const first = await client.call('provision', JOB, headers);
    expect(first.status).toBe(202);
    const { requestId, position } = first.body as unknown as Accepted;
    expect(first.headers).toEqual({
      Location: `/api/v1/requests/${requestId}`,
      'Slipway-Position': position,
      'X-Request-Id': expect.any(String),
    });
    const taken = accepted.length;
    expect(await place.json('POST', '/ops/provision', { body: JOB, headers })).toEqual({ requestId, position, repeated: true });
    expect((await client.call('provision', JOB, headers)).body).toEqual({ requestId, position, repeated: true });
    expect(accepted).toHaveLength(taken);
    const wrong = await client.call('provision', JOB, { 'Idempotency-Key': 'x'.repeat(129) });
    expect(wrong.body).toMatchObject({ code: 'bad-input', fields: [{ field: 'Idempotency-Key' }] });
  });

  it('reads what was written: Slipway-At-Least is waited for, and one of another log is gone', async () => {
    const position = await place.resource('instance', 'late');
    const read = await client.call('get-instance', { id: 'late' }, { 'Slipway-At-Least': position });
    expect([read.status, read.headers['Slipway-Position']]).toEqual([200, position]);
    const gone = await client.call('list-instances', { atLeast: 'other.0000000001.00000000000000000007' });
    expect([gone.status, gone.body]).toEqual([410, expect.objectContaining({ code: 'gone' })]);
  });

  it('carries its id, token and trace on, is the key’s holder, and has one line in the log', async () => {
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { 'X-Request-Id': 'deploy-2027', 'X-Log-Token': 'order 67', traceparent: trace };
    const { headers: answered } = await client.call('plan', JOB, headers);
    expect(answered['X-Request-Id']).toBe('deploy-2027');
    expect(planned).toMatchObject({
      correlationId: 'deploy-2027',
      logToken: 'order 67',
      actor: { id: 'operator', type: 'user' },
    });
    expect(planned!.trace).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    const lines = place.lines.filter(({ correlationId }) => correlationId === 'deploy-2027');
    expect(lines).toEqual([
      expect.objectContaining({ method: 'POST', path: '/api/v1/plans', status: 200, logToken: 'order 67' }),
    ]);
  });

  it('is refused with a problem of its id when it makes no sense, and the connection stays', async () => {
    const refusals: [Record<string, unknown>, string, string][] = [
      [{ id: 'r1', action: 'shutdown' }, 'not-found', 'no action "shutdown"'],
      [{ id: 'r2', action: 7 }, 'bad-input', 'action'],
      [{ id: 'r3', action: 'info', more: 1 }, 'bad-input', 'more'],
      [{ id: 'r4', action: 'info', body: [] }, 'bad-input', 'body'],
      [{ id: 'r5', action: 'info', headers: 'x' }, 'bad-input', 'headers'],
      [{ id: 'r6', action: 'info', headers: { Authorization: 'Bearer other' } }, 'bad-input', 'Authorization'],
      [{ id: 'r7', action: 'info', headers: { Prefer: 'a\nb' } }, 'bad-input', 'Prefer'],
      [{ id: 'r8', action: 'get-request' }, 'bad-input', 'id'],
      [{ id: 'r9', action: 'get-request', body: { id: '' } }, 'bad-input', 'id'],
      [{ id: 'r10', action: 'list-events-of-request', body: { id: '..' } }, 'bad-input', 'id'],
      [{ id: 'r10a', action: 'get-request', body: { id: 'half \ud83d' } }, 'bad-input', 'id'],
      [{ id: 'r11', action: 'get-request', body: { id: ['a'] } }, 'bad-input', 'id'],
      [{ id: 'r12', action: 'list-requests', body: { limit: { most: 1 } } }, 'bad-input', 'limit'],
      [{ id: 'r13', action: 'provision', body: { ...JOB, reason: 'x'.repeat(600 * 1024) } }, 'too-large', ''],
    ];
    for (const [frame, code, word] of refusals) {
      client.send(frame);
      const { status, body } = await client.until<AnswerFrame>((one) => one.type === 'answer' && one.id === frame['id']);
      expect([frame['id'], status >= 400, body]).toEqual([
        frame['id'],
        true,
        expect.objectContaining({ code, status, detail: expect.stringContaining(word), requestId: expect.any(String) }),
      ]);
    }
    client.send('{"id":"r14","action":"provision","body":{"ownerId":"ada","instanceId":"shop","__proto__":{"x":1}}}');
    const { body } = await client.until<AnswerFrame>((one) => one.type === 'answer' && one.id === 'r14');
    expect(body).toMatchObject({ code: 'bad-input', fields: [{ field: '__proto__' }] });
    client.send({ action: 'info' });
    expect(await client.until(({ type }) => type === 'error')).toMatchObject({ error: { code: 'bad-input' } });
    expect((await client.call('info')).status).toBe(200);
  });

  it('stays below its own path, whatever its parameters hold', async () => {
    for (const id of ['../info', 'a/b', 'a?limit=1', '%2e%2e', 'x#y', 'ü', 'a b', '\u0000']) {
      const { status, body } = await client.call('get-environment', { id });
      expect([id, status, body]).toEqual([
        id,
        404,
        expect.objectContaining({ detail: expect.stringContaining('no environment') }),
      ]);
    }
  });

  it('goes beside subscriptions and others, each answered by its id, in whatever order', async () => {
    client.send({ type: 'subscribe', id: 'beside', filter: { category: ['request'] } });
    await client.until((frame) => frame.type === 'subscribed' && frame.id === 'beside');
    const held = client.call('provision', JOB, { 'Idempotency-Key': 'held', Prefer: 'wait=100' });
    const { items } = await place.json<{ items: { requestId: string }[] }>('GET', '/events?type=RequestAccepted&limit=500');
    const seen = items.length;
    const many = await Promise.all(Array.from({ length: 40 }, () => client.call('info')));
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200]));
    const event = await client.until<Extract<ServerFrame, { type: 'event' }>>(
      (frame) => frame.type === 'event' && frame.id === 'beside' && frame.event.type === 'RequestAccepted',
    );
    expect(seen).toBeGreaterThan(0);
    await place.request(event.event.requestId!, {
      type: 'RequestSucceeded',
      data: { alreadySatisfied: [], installed: [], removed: [], wires: [] },
    });
    const ended = await held;
    expect([ended.status, ended.headers['Preference-Applied']]).toEqual([200, 'wait=100']);
    expect(ended.body).toMatchObject({ id: event.event.requestId, status: 'succeeded' });
  });

  it('may be dropped while it is under way; its id is then free, and what it asked for is done', async () => {
    client.send({ id: 'wait', action: 'provision', body: JOB, headers: { 'Idempotency-Key': 'dropped', Prefer: 'wait=100' } });
    client.send({ id: 'wait', action: 'info' });
    const taken = await client.until<Extract<ServerFrame, { type: 'error' }>>(
      (frame) => frame.type === 'error' && frame.error.message.includes('under way'),
    );
    expect(taken.id).toBeUndefined();
    client.send({ type: 'drop', id: 'wait' });
    await client.until((frame) => frame.type === 'dropped' && frame.id === 'wait');
    client.send({ id: 'wait', action: 'info' });
    const answer = await client.until<AnswerFrame>((frame) => frame.type === 'answer' && frame.id === 'wait');
    expect(answer.body).toMatchObject({ name: 'slipway' });
    client.send({ type: 'drop', id: 'wait' });
    await client.until((frame) => frame.type === 'error' && frame.error.code === 'not-found');
    const again = await client.call('provision', JOB, { 'Idempotency-Key': 'dropped' });
    expect(again.body).toMatchObject({ repeated: true });
  });
});

describe('actions of a connection', () => {
  it('are bounded: one too many is refused as too-busy, and reaches nobody', async () => {
    const place = await GatewayPlace.open({ liveLimits: { calls: 2 } });
    const { accepted } = place.serveMesh();
    const client = await LiveClient.open(place);
    const wait = { Prefer: 'wait=100' };
    for (const id of ['one', 'two', 'three'])
      client.send({ id, action: 'provision', body: JOB, headers: { ...wait, 'Idempotency-Key': id } });
    const refused = await client.until<AnswerFrame>(({ type }) => type === 'answer');
    expect(refused).toMatchObject({ id: 'three', status: 429, headers: { 'Retry-After': '1' }, body: { code: 'too-busy' } });
    client.send({ type: 'drop', id: 'one' });
    expect((await client.call('info')).status).toBe(200);
    expect(accepted.map(({ key }) => key)).toEqual(['one', 'two']);
    await client.end();
    await place.close();
  });

  it('need its key, and are done with the one that came in its first frame', async () => {
    const place = await GatewayPlace.open();
    const stranger = await LiveClient.open(place, {});
    stranger.send({ id: '1', action: 'info' });
    expect((await stranger.closed).code).toBe(4401);
    expect(stranger.frames).toMatchObject([{ type: 'error', error: { code: 'unauthenticated' } }]);
    const page = await LiveClient.open(place, { Origin: 'http://localhost:3000' });
    page.send({ type: 'authenticate', key: place.key });
    expect(await page.call('info')).toMatchObject({ status: 200, body: { mesh: 'test' } });
    await page.end();
    await place.close();
  });

  it('whose answer is too large for a frame are told so; text comes in parts, whatever its length', async () => {
    const place = await GatewayPlace.open();
    for (let n = 0; n < 180; n++) await place.record(`environment-e${n}`, 'DispatchPaused', { reason: 'x'.repeat(60_000) });
    const client = await LiveClient.open(place);
    const large = await client.call('list-events', { limit: 5000 });
    expect([large.status, large.body]).toEqual([413, expect.objectContaining({ code: 'too-large' })]);
    expect((await client.call('list-events', { limit: 50 })).status).toBe(200);
    const id = randomUUID();
    await place.request(id, acceptance({ job: 'provision', body: JOB }));
    const log = await place.blobs.put(Buffer.from('ä'.repeat(5 * 1024 * 1024)));
    const step = { stepId: 'storage/shop', try: 1 };
    await place.request(id, { type: 'StepSucceeded', data: { ...step, outputs: {}, log } } as never);
    const logs = await client.call('read-logs', { id });
    const rest = await (await place.call('GET', `/requests/${id}/logs`)).text();
    expect([logs.status, logs.text === rest]).toEqual([200, true]);
    await client.end();
    await place.close();
  }, 60_000);

  it('may have large answers that are still to be read while others are answered; who only sends is let go', async () => {
    const place = await GatewayPlace.open();
    for (let n = 0; n < 120; n++) await place.record(`environment-e${n}`, 'DispatchPaused', { reason: 'x'.repeat(60_000) });
    const client = await LiveClient.open(place);
    client.socket.pause();
    for (const id of ['1', '2', '3', '4']) client.send({ id, action: 'list-events', body: { limit: 5000 } });
    for (let answered = 0; answered < 4; await sleep(20))
      answered = place.lines.filter(({ path }) => path === '/api/v1/events').length - 1;
    for (let n = 0; n < 20; n++) client.send({ type: 'ping' });
    client.socket.resume();
    for (const id of ['1', '2', '3', '4']) {
      const { status } = await client.until<AnswerFrame>((frame) => frame.type === 'answer' && frame.id === id);
      expect(status).toBe(200);
    }
    expect((await client.call('info')).status).toBe(200);
    client.socket.pause();
    for (let n = 0; n < 60_000; n++) {
      client.send({ id: `x${n}`, action: 'nothing' });
      if (n % 500 === 0) await sleep(1);
    }
    client.socket.resume();
    expect((await client.closed).code).toBe(4408);
    await place.close();
  }, 60_000);

  it('whose answer goes on, such as a log that is followed, come as it is written, until they are dropped or the connection ends', async () => {
    const place = await GatewayPlace.open();
    await place.views.reached(await place.resource('instance', 'shop'), 10_000);
    let asked = 0;
    const more = async () => {
      await sleep(20);
      return { data: Buffer.from(`line ${++asked}\n`).toString('base64'), after: `1.${asked}`, more: false };
    };
    place.bus.serve('instance', VERBS.instanceLog, more, 'local');
    const [one, other] = [await LiveClient.open(place), await LiveClient.open(place)];
    for (const client of [one, other]) {
      client.send({ id: 'log', action: 'read-instance-logs', body: { id: 'shop', follow: true } });
      for (let n = 1; n <= 3; n++) await client.until(() => client.frames.filter(({ type }) => type === 'part').length >= n);
    }
    expect((await one.call('info')).status).toBe(200);
    one.send({ type: 'drop', id: 'log' });
    await one.until(({ type }) => type === 'dropped');
    await other.end();
    // What was asked for already may still come.
    for (let before = -1; before !== asked; await sleep(300)) before = asked;
    const parts = one.frames.filter(({ type }) => type === 'part').length;
    await sleep(200);
    expect(one.frames.filter(({ type }) => type === 'part')).toHaveLength(parts);
    expect(one.frames.filter(({ type }) => type === 'answer')).toHaveLength(1);
    await one.end();
    await place.close();
  });

  it('are each answered once, never as an error of ours, whatever they hold', async () => {
    const seed = seedOf(Date.now() % 2 ** 31);
    process.stdout.write(`SLIPWAY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    const place = await GatewayPlace.open({ liveLimits: { refusals: 10_000, calls: 10_000 } });
    place.serveMesh();
    await place.resource('instance', 'shop');
    const operations = operationsOf(await place.json<OpenAPIObject>('GET', '/api/docs/json'));
    const names = [...operations.values()].flatMap((one) => [...one.pathParameters, ...one.queryParameters]);
    const scalar = () =>
      pick(['shop', '', '..', '-1', 7, 1e300, true, null, 'x'.repeat(300), '\u0000\uD800', 'ü', REQUEST, 'a=b&c#d?e/f%']);
    const value = (): unknown =>
      pick([scalar, scalar, scalar, () => [scalar(), scalar()], () => ({ [String(scalar())]: scalar() })])();
    const object = (keys: readonly string[]) =>
      Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [pick(keys), value()]));
    const fields = [...names, ...names, 'ownerId', 'instanceId', 'reason', 'nonsense', '__proto__', 'constructor', 'toString'];
    const headers = [
      'Idempotency-Key',
      'Slipway-At-Least',
      'X-Request-Id',
      'X-Log-Token',
      'traceparent',
      'Accept',
      'Host',
      'a b',
    ];
    const client = await LiveClient.open(place);
    const ids = Array.from({ length: 400 }, (_one, n) => `f${n}`);
    for (const id of ids) {
      const action = random() < 0.9 ? pick([...operations.keys()]) : scalar();
      const frame = {
        id,
        action,
        body: random() < 0.9 ? object(fields) : value(),
        headers: random() < 0.9 ? object(headers) : value(),
      };
      client.send(JSON.stringify(frame));
      if (random() < 0.1) client.send(JSON.stringify(frame).slice(0, Math.floor(random() * 40)));
    }
    for (const id of ids) await client.until((frame) => frame.type === 'answer' && frame.id === id);
    const answers = client.frames.filter((frame): frame is AnswerFrame => frame.type === 'answer');
    expect(answers.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(place.lines.flatMap(({ err }) => (err === undefined ? [] : [err]))).toEqual([]);
    expect(answers.filter(({ status }) => status === 500)).toEqual([]);
    expect(new Set(answers.map(({ status }) => status)).size).toBeGreaterThan(3);
    expect((await client.call('info')).status).toBe(200);
    await client.end();
    await place.close();
  }, 60_000);
});
