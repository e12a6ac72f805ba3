import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type AcceptCommand, type RequestContext, type RequestEvent } from '@slipway/contracts';
import type { Accepted, Problem, RequestView } from '@slipway/contracts/http';
import { currentContext } from '@slipway/mesh';
import { GatewayPlace, acceptance, idOfKey } from '../testing/gateway-place.js';

const JOB = { ownerId: 'ada', instanceId: 'shop' };
const SUCCESS: RequestEvent = { type: 'RequestSucceeded', data: { alreadySatisfied: [], installed: [], removed: [], wires: [] } };

describe('jobs', () => {
  let place: GatewayPlace;
  let accepted: AcceptCommand[];
  beforeAll(async () => {
    place = await GatewayPlace.open();
    ({ accepted } = place.serveMesh());
  });
  afterAll(() => place.close());

  it.each(['provision', 'deprovision'] as const)('%s is answered 202 with id, position and Location', async (job) => {
    const body = job === 'provision' ? JOB : { instanceId: 'shop' };
    const response = await place.call('POST', `/ops/${job}`, { body, headers: { 'Idempotency-Key': `first ${job}` } });
    expect(response.status).toBe(202);
    const answer = (await response.json()) as Accepted;
    expect(answer.requestId).toBe(idOfKey(`first ${job}`));
    expect(response.headers.get('Location')).toBe(`/api/v1/requests/${answer.requestId}`);
    expect(response.headers.get('Slipway-Position')).toBe(answer.position);
    expect(accepted.at(-1)).toEqual({ job, body, key: `first ${job}` });
  });

  it('with the same Idempotency-Key get the same answer; without one each gets its own', async () => {
    const call = (headers: Record<string, string>) => place.json<Accepted>('POST', '/ops/provision', { body: JOB, headers });
    const [once, again] = [await call({ 'Idempotency-Key': 'same' }), await call({ 'Idempotency-Key': 'same' })];
    expect(again).toEqual({ ...once, repeated: true });
    expect((await call({})).requestId).not.toBe((await call({})).requestId);
  });

  it('carry the call’s id, the caller’s token, the actor and the trace to the orchestrator', async () => {
    let context: RequestContext | undefined;
    const end = place.bus.serve('orchestrator', VERBS.plan, () => {
      context = currentContext();
      return { outcome: 'satisfied' };
    });
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { 'X-Request-Id': 'deploy-2026', 'X-Log-Token': 'order 66', traceparent: trace };
    const response = await place.call('POST', '/plans', { body: JOB, headers });
    end();
    expect(response.status).toBe(200);
    expect(response.headers.get('X-Request-Id')).toBe('deploy-2026');
    expect(context).toMatchObject({
      correlationId: 'deploy-2026',
      logToken: 'order 66',
      actor: { id: 'operator', type: 'user' },
    });
    expect(context!.trace).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(place.lines).toContainEqual(
      expect.objectContaining({
        correlationId: 'deploy-2026',
        logToken: 'order 66',
        method: 'POST',
        path: '/api/v1/plans',
        status: 200,
        ms: expect.any(Number),
      }),
    );
  });

  it.each([
    [undefined, 'application/json', '{"environment":"default",'],
    ['application/json', 'application/json', '{"environment":"default",'],
    ['text/plain', 'text/plain', '  + storage/data (volume@1.0.0, directory at local)\n      asked for\n1 to make, 0 to remove.'],
    ['text/vnd.mermaid', 'text/vnd.mermaid', 'flowchart LR\n  n0["+ storage/data (volume@1.0.0)"]\n'],
    ['text/vnd.graphviz, */*;q=0.1', 'text/vnd.graphviz', 'digraph plan {\n'],
  ])('are planned, and the plan is shown as it is asked for: %s', async (accept, type, text) => {
    const definition = { name: 'volume', version: '1.0.0', hash: 'h' };
    const step = {
      id: 'storage/data',
      action: 'ensure',
      kind: 'storage',
      name: 'data',
      generation: 1,
      definition,
      location: 'local',
    };
    const steps = [{ ...step, driver: 'directory', spec: {}, after: [], inverse: 'destroy' }];
    const lists = { alreadySatisfied: [], wires: [], leases: [], reads: [], writes: [], unsatisfied: [] };
    const end = place.bus.serve('orchestrator', VERBS.plan, () => ({
      environment: 'default',
      outcome: 'install',
      steps,
      ...lists,
    }));
    const response = await place.call('POST', '/plans', { body: JOB, headers: accept === undefined ? {} : { Accept: accept } });
    end();
    expect([response.status, response.headers.get('Content-Type')?.split(';')[0]]).toEqual([200, type]);
    expect((await response.text()).slice(0, text.length)).toBe(text);
  });

  it('are planned without recording anything', async () => {
    const end = place.bus.serve('orchestrator', VERBS.plan, (body) => body);
    const before = await place.store.head();
    expect(await place.json('POST', '/plans', { body: { instanceId: 'shop', job: 'deprovision' } })).toEqual({
      body: { instanceId: 'shop', job: 'deprovision' },
    });
    expect(await place.store.head()).toBe(before);
    end();
  });

  it.each([
    ['name-taken', 409],
    ['key-reused', 422],
    ['too-busy', 429],
    ['log-unavailable', 503],
  ] as const)('that are refused with %s get %i as problem+json', async (code, status) => {
    const stop = place.bus.serve('orchestrator', VERBS.retry, () => {
      throw new SlipwayError(code, 'because', { holder: 'ada' });
    });
    const response = await place.call('POST', `/requests/${idOfKey('x')}/retry`, {
      headers: { 'X-Request-Id': 'a-call-of-mine' },
    });
    stop();
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({
      code,
      detail: 'because',
      details: { holder: 'ada' },
      requestId: 'a-call-of-mine',
    });
  });

  it('that an orchestrator answers without a position are no success', async () => {
    const stop = place.bus.serve('orchestrator', VERBS.cancel, () => null);
    expect((await place.call('POST', `/requests/${idOfKey('x')}/cancel`)).status).toBe(500);
    stop();
  });
});

describe('Prefer: wait', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    place.serveMesh();
  });
  afterAll(() => place.close());
  const provision = (key: string, wait: string) =>
    place.call('POST', '/ops/provision', { body: JOB, headers: { 'Idempotency-Key': key, Prefer: wait } });

  it('holds the answer until the job has ended', async () => {
    const answer = provision('waits', 'wait=60');
    const id = idOfKey('waits');
    await until(async () => (await place.store.read(`request-${id}`)).length > 0);
    await place.request(id, { type: 'RequestAdmitted', data: { planHash: 'x' } });
    const position = await place.request(id, SUCCESS);
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('Preference-Applied')).toBe('wait=60');
    expect(response.headers.get('Slipway-Position')).toBe(position);
    expect((await response.json()) as RequestView).toMatchObject({ id, status: 'succeeded', position });
  });

  it('answers at once when it had ended before', async () => {
    const id = idOfKey('before');
    await place.request(id, acceptance({ job: 'provision', body: JOB }));
    await place.request(id, SUCCESS);
    expect((await provision('before', 'wait=60')).status).toBe(200);
  });

  it('answers 202 when the time is over', async () => {
    const response = await provision('never ends', 'wait=0');
    expect(response.status).toBe(202);
    expect(response.headers.get('Preference-Applied')).toBe('wait=0');
    expect(((await response.json()) as Accepted).requestId).toBe(idOfKey('never ends'));
  });

  it('answers 202 to everybody who waits when the gateway stops', async () => {
    const other = await GatewayPlace.open();
    other.serveMesh();
    const answer = other.call('POST', '/ops/provision', {
      body: JOB,
      headers: { 'Idempotency-Key': 'stopped', Prefer: 'wait=300' },
    });
    await until(async () => (await other.store.read(`request-${idOfKey('stopped')}`)).length > 0);
    await other.close();
    expect((await answer).status).toBe(202);
  });
});

describe('bad input', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    place.serveMesh();
  });
  afterAll(() => place.close());

  it.each([
    [{ ownerId: 'ada' }, 'instanceId'],
    [{ ...JOB, instanceId: 'Not A Name' }, 'instanceId'],
    [{ ...JOB, ownerId: 7 }, 'ownerId'],
    [{ ...JOB, priority: 1e9 }, 'priority'],
    ...['tomorrow', '2099-W01', '20991231', '2099-365', '2099-12-31', null].map((notBefore): [object, string] => [
      { ...JOB, notBefore },
      'notBefore',
    ]),
    ...['priority', 'ownerType', 'environment', 'definition', 'clusterId', 'guestLocation', 'keepOnFailure'].map(
      (field): [object, string] => [{ ...JOB, [field]: null }, field],
    ),
    [{ ...JOB, definition: '$(reboot)' }, 'definition'],
    ...['pg', ['Not A Name'], [7], null].map((allowUpgrade): [object, string] => [{ ...JOB, allowUpgrade }, 'allowUpgrade']),
    [{ ...JOB, keepAsIs: ['*'] }, 'keepAsIs'],
    [{ ...JOB, prefer: ['$(reboot)'] }, 'prefer'],
    [{ ...JOB, cascade: true }, 'cascade'],
    [{ ...JOB, surprise: true }, 'surprise'],
    [{ ...JOB, constructor: 'x' }, 'constructor'],
    [{ ...JOB, toString: 'x' }, 'toString'],
    [{ ...JOB, hasOwnProperty: 'x' }, 'hasOwnProperty'],
    [{ ...JOB, environment: { $ne: '' } }, 'environment'],
    [[JOB], ''],
    ['"text"', ''],
    ['null', ''],
  ])('%j names %s', async (body, field) => {
    const before = await place.store.head();
    const response = await place.call('POST', '/ops/provision', { body });
    expect(response.status).toBe(400);
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ code: 'bad-input', status: 400 });
    expect(problem.fields?.map((fault) => fault.field)).toContain(field);
    expect(await place.store.head()).toBe(before);
  });

  it.each(['cancel', 'retry', 'pause', 'resume', 'abandon'])('to %s with null as the reason names it', async (verb) => {
    const path = `/requests/${idOfKey('x')}/${verb}`;
    const problem = await place.json<Problem>('POST', path, { body: { reason: null } });
    expect([problem.status, problem.fields?.[0]?.field]).toEqual([400, 'reason']);
  });

  it.each([
    ['{"instanceId": "shop", ', 400, 'bad-input'],
    ['{"__proto__": {"admin": true}, "ownerId": "ada", "instanceId": "shop"}', 400, 'bad-input'],
    ['{"constructor": {"prototype": {"admin": true}}, "ownerId": "ada", "instanceId": "shop"}', 400, 'bad-input'],
    ['', 400, 'bad-input'],
    [`{"ownerId": "${'x'.repeat(600_000)}"}`, 413, 'too-large'],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 400, 'bad-input'],
  ])('%.40s is %i', async (body, status, code) => {
    const response = await place.call('POST', '/ops/provision', { body });
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toMatch(/^application\/problem\+json/);
    expect(((await response.json()) as Problem).code).toBe(code);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/x-tar',
    'multipart/form-data; boundary=x',
  ])('of type %s is 415', async (type) => {
    const response = await place.call('POST', '/ops/provision', { body: 'x=1', headers: { 'Content-Type': type } });
    expect(response.status).toBe(415);
    expect(((await response.json()) as Problem).code).toBe('wrong-content-type');
  });

  it('in headers names the header', async () => {
    const call = async (headers: Record<string, string>) =>
      (await place.json<Problem>('POST', '/ops/provision', { body: JOB, headers })).fields?.[0]?.field;
    expect(await call({ 'Idempotency-Key': 'x'.repeat(129) })).toBe('Idempotency-Key');
    expect(await call({ 'X-Log-Token': 'x'.repeat(129) })).toBe('X-Log-Token');
  });

  it('never reaches the orchestrator, and an abandon without a reason is none', async () => {
    const response = await place.call('POST', `/requests/${idOfKey('x')}/abandon`, { body: { reason: ' ' } });
    expect(response.status).toBe(400);
    expect((await place.json<Problem>('POST', `/requests/${idOfKey('x')}/abandon`, {})).fields?.[0]?.field).toBe('reason');
    expect((await place.store.readAll()).events).toEqual([]);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
