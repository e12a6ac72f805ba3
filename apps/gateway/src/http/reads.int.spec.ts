import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, type EventView } from '@slipway/contracts';
import type { EnvironmentView, Info, Page, Problem, RequestView, ResourceView } from '@slipway/contracts/http';
import { GatewayPlace, acceptance } from '../testing/gateway-place.js';

const JOB = { ownerId: 'ada', instanceId: 'shop' };
const EMPTY = {
  outcome: 'install',
  environment: 'default',
  alreadySatisfied: [],
  wires: [],
  leases: [],
  reads: [],
  writes: [],
  unsatisfied: [],
};
const planStep = (kind: 'storage' | 'database', name: string) => ({
  ...{
    id: `${kind}/${name}`,
    action: 'ensure',
    kind,
    name,
    generation: 1,
    location: 'local',
    driver: 'test',
    spec: {},
    after: [],
  },
  definition: { name: 'thing', version: '1.0.0', hash: 'x' },
  inverse: 'destroy',
});

describe('reads', () => {
  let place: GatewayPlace;
  let last: string;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    for (const name of ['a', 'b', 'c', 'd', 'e']) last = await place.resource('instance', name);
    last = await place.resource('storage', 'a-data', 'other');
  });
  afterAll(() => place.close());
  const atLeast = () => ({ headers: { 'Slipway-At-Least': last } });

  it('list in pages by cursor, all of the moment of the first', async () => {
    const names: string[] = [];
    let path = '/instances?sort=name&limit=2';
    for (let pages = 0; pages < 3; pages++) {
      const page = await place.json<Page<ResourceView>>('GET', path, atLeast());
      names.push(...page.items.map(({ name }) => name));
      if (pages === 0) last = await place.resource('instance', 'bb');
      if (!page.next) break;
      path = `/instances?sort=name&limit=2&cursor=${encodeURIComponent(page.next)}`;
    }
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('filter, sort, and carry their position in a header', async () => {
    const response = await place.call('GET', '/instances?sort=-name&limit=1&environment=default', atLeast());
    const page = (await response.json()) as Page<ResourceView>;
    expect(page.items.map(({ name }) => name)).toEqual(['e']);
    expect(response.headers.get('Slipway-Position')).toBe(page.position);
    expect(response.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect((await place.json<Page<ResourceView>>('GET', '/storages?environment=default', atLeast())).items).toEqual([]);
    expect(
      (await place.json<Page<ResourceView>>('GET', '/storages?environment=other&environment=more', atLeast())).items,
    ).toHaveLength(1);
  });

  it.each([
    ['/instances?colour=red', 'colour', 'can be filtered by name, '],
    ['/instances?toString=x', 'toString', 'can be filtered by'],
    ['/instances?sort=constructor', 'sort', 'can be sorted by name, '],
    ['/instances?sort=colour', 'sort', 'not by "colour"'],
    ['/instances?limit=0', 'limit', 'from 1 to 500'],
    ['/instances?limit=1&limit=2', 'limit', 'only once'],
    ['/instances?cursor=rubbish', 'cursor', 'not one that a page gave'],
    ['/instances?asOf=yesterday', 'asOf', '"yesterday"'],
    ['/instances?atLeast=rubbish', 'atLeast', 'must be a position'],
    ['/instances?health=ill', 'health', 'is never "ill"; there are starting, healthy, '],
    ['/instances?status=present&status=gone', 'status', 'is never "gone"; there are making, present, '],
    ['/requests?status=sucess', 'status', 'is never "sucess"; there are queued, running, '],
    ['/requests?job=destroy', 'job', 'is never "destroy"; there are provision, deprovision'],
    ['/environments?paused=yes', 'paused', 'is never "yes"; there are true, false'],
    ['/environments/default?asOf=2020-13-45', 'asOf', '"2020-13-45"'],
    ['/instances/a?asOf=x', 'asOf', '"x"'],
    ['/instances/a?colour=red', 'colour', 'is not known'],
  ])('name what is wrong with GET %s', async (path, field, reason) => {
    const response = await place.call('GET', path);
    expect(response.status).toBe(400);
    expect((await response.json()) as Problem).toMatchObject({
      code: 'bad-input',
      fields: [{ field, reason: expect.stringContaining(reason) }],
    });
  });

  it('name a header that is wrong', async () => {
    for (const path of ['/instances', '/instances/a', '/requests', `/requests/${randomUUID()}`, '/environments/default']) {
      const problem = await place.json<Problem>('GET', path, { headers: { 'Slipway-At-Least': 'rubbish' } });
      expect([path, problem.status, problem.fields?.[0]?.field]).toEqual([path, 400, 'Slipway-At-Least']);
    }
  });

  it('show one by its id, or by its bare name in an environment', async () => {
    expect(await place.json('GET', '/instances/default.a', atLeast())).toMatchObject({
      id: 'default.a',
      outputs: { url: 'http://a' },
    });
    expect(await place.json('GET', '/instances/a')).toMatchObject({ id: 'default.a' });
    expect(await place.json('GET', '/storages/a-data?environment=other')).toMatchObject({ id: 'other.a-data' });
    const none = await place.call('GET', '/databases/nobody');
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ code: 'not-found', detail: expect.stringContaining('default.nobody') });
  });

  it('take asOf, a position or a time', async () => {
    const before = await place.store.head();
    last = await place.resource('instance', 'late');
    await place.call('GET', '/instances', atLeast());
    expect((await place.call('GET', `/instances/late?asOf=${before}`)).status).toBe(404);
    expect((await place.call('GET', `/instances/late?asOf=${last}`)).status).toBe(200);
    expect((await place.call('GET', '/instances/late?asOf=2020-01-01T00:00:00Z')).status).toBe(404);
    const of = async (query: string) =>
      (await place.json<Page<ResourceView>>('GET', `/instances?${query}`)).items.map(({ name }) => name);
    expect(await of(`asOf=${before}`)).not.toContain('late');
    expect(await of('asOf=2999-01-01T00:00:00Z')).toContain('late');
  });

  it('show environments', async () => {
    const claim = {
      kind: 'instance',
      name: 'shop',
      requestId: randomUUID(),
      owner: { id: 'ada', type: 'user' },
      job: 'provision',
    };
    last = await place.record('environment-default', 'NameClaimed', claim, { environment: 'default' });
    expect(await place.json<EnvironmentView>('GET', '/environments/default', atLeast())).toMatchObject({
      name: 'default',
      names: [{ name: 'shop', ownerId: 'ada' }],
    });
    expect((await place.json<Page<EnvironmentView>>('GET', '/environments')).items.map(({ name }) => name)).toContain('default');
    expect((await place.call('GET', '/environments/nowhere')).status).toBe(404);
  });

  it('wait for what their caller wrote, say 503 behind with Retry-After when the views do not come there', async () => {
    const slow = await GatewayPlace.open();
    const { views } = slow;
    await views.close();
    views.close = () => Promise.resolve();
    const position = await slow.resource('instance', 'a');
    const response = await slow.call('GET', `/instances?atLeast=${position}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
    expect(((await response.json()) as Problem).code).toBe('behind');
    await slow.close();
  });

  it('say 503 behind of a view that has stopped before what their caller wrote; the others answer', async () => {
    const stopping = await GatewayPlace.open();
    const id = randomUUID();
    const poison = await stopping.record(`request-${id}`, 'RequestAccepted', { body: {} });
    await stopping.record('environment-default', 'NameClaimed', { name: 'x', job: 'provision' });
    const written = await stopping.resource('instance', 'a');
    const headers = { 'Slipway-At-Least': written };
    expect(await stopping.views.reached(written, 10_000)).toBe(true);
    expect(stopping.views.stopped().map(({ view }) => view)).toEqual(['requests', 'instances', 'storages', 'databases', 'names']);
    expect(await stopping.json('GET', '/requests', { headers })).toMatchObject({
      ...{ status: 503, code: 'behind' },
      detail: expect.stringContaining(poison),
    });
    for (const path of ['/instances', '/instances/a', '/environments', '/environments/default'])
      expect([path, (await stopping.call('GET', path, { headers })).status]).toEqual([path, 503]);
    const before = { 'Slipway-At-Least': poison };
    expect((await stopping.call('GET', '/instances', { headers: before })).status).toBe(200);
    await stopping.close();
  }, 60_000);

  it('say 410 of a position that the log never comes to', async () => {
    for (const position of [last.replace(/\d{6}$/, '999999'), 'other.0000000001.00000000000000000001']) {
      const response = await place.call('GET', '/instances', { headers: { 'Slipway-At-Least': position } });
      expect(response.status).toBe(410);
      expect(((await response.json()) as Problem).code).toBe('gone');
    }
  }, 15_000);

  it('say what this mesh is', async () => {
    expect(await place.json<Info>('GET', '/info')).toMatchObject({
      ...{ name: 'slipway', mesh: 'test', profile: 'dev', environment: 'default', dataFolder: place.folder },
      ...{ version: expect.stringMatching(/^\d+\.\d+\.\d+/), eventLog: { kind: 'memory', position: await place.store.head() } },
    });
  });
});

describe('requests', () => {
  let place: GatewayPlace;
  const id = randomUUID();
  let last: string;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    const steps = [planStep('storage', 'shop-data'), planStep('database', 'shop-db'), planStep('database', 'shop-other')];
    await place.request(id, acceptance({ job: 'provision', body: JOB }));
    await place.request(id, { type: 'PlanMade', data: { plan: { ...EMPTY, steps, hash: 'x' } as never, planHash: 'x' } });
    const log = await place.blobs.put('made a folder\nset its owner\n');
    const requested = { try: 1, action: 'ensure', undo: false, inputs: {}, deadline: 0 } as const;
    for (const { id: stepId } of steps) last = await place.request(id, { type: 'StepRequested', data: { stepId, ...requested } });
    last = await place.request(id, { type: 'StepSucceeded', data: { stepId: 'storage/shop-data', try: 1, outputs: {}, log } });
    const gone = { sha256: 'a'.repeat(64), bytes: 3 };
    const cause = { code: 'driver-failed', message: 'no', hint: '' } as const;
    last = await place.request(id, { type: 'StepFailed', data: { stepId: 'database/shop-other', try: 1, cause, log: gone } });
  });
  afterAll(() => place.close());

  it('are listed and shown with status, plan and steps', async () => {
    const headers = { 'Slipway-At-Least': last };
    const page = await place.json<Page<RequestView>>('GET', '/requests?status=running&ownerId=ada', { headers });
    expect(page.items.map((request) => request.id)).toEqual([id]);
    expect(await place.json<RequestView>('GET', `/requests/${id}`)).toMatchObject({
      status: 'running',
      plan: { outcome: 'install' },
      steps: { length: 3 },
    });
  });

  it('that were just accepted are never 404: without views they are folded from the log', async () => {
    const fresh = randomUUID();
    const { get } = place.views;
    place.views.get = () => Promise.resolve(null);
    const position = await place.request(fresh, acceptance({ job: 'provision', body: JOB }));
    const response = await place.call('GET', `/requests/${fresh}`);
    place.views.get = get;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: fresh, status: 'queued', position });
  });

  it('that the views have not come to yet are read from the log at once, as far as they were asked for', async () => {
    const { reached } = place.views;
    place.views.reached = () => Promise.resolve(false);
    const position = await place.request(id, { type: 'RequestWaiting', data: { code: 'no-server', reason: 'nobody there' } });
    const headers = { 'Slipway-At-Least': position };
    expect(await place.json('GET', `/requests/${id}`, { headers })).toMatchObject({ position, waiting: { code: 'no-server' } });
    place.views.reached = reached;
  });

  it('have their plan and result whole, also where these were too large for the log', async () => {
    const large = randomUUID();
    const plan = { ...EMPTY, steps: [planStep('storage', 'big')], hash: 'y' };
    const installed = [
      { kind: 'storage', name: 'big', generation: 1, definition: { name: 'thing', version: '1.0.0', hash: 'x' } },
    ] as const;
    const result = { alreadySatisfied: [], installed: [...installed], removed: [], wires: [] };
    await place.request(large, acceptance({ job: 'provision', body: JOB }));
    await place.request(large, {
      type: 'PlanMade',
      data: { planBlob: await place.blobs.put(JSON.stringify(plan)), planHash: 'y' },
    });
    const planned = await place.request(large, { type: 'RequestAdmitted', data: { planHash: 'y' } });
    const empty = { alreadySatisfied: [], installed: [], removed: [], wires: [] };
    const resultBlob = await place.blobs.put(JSON.stringify(result));
    const ended = await place.request(large, { type: 'RequestSucceeded', data: { ...empty, resultBlob } });
    expect(await place.views.reached(ended, 10_000)).toBe(true);
    expect(await place.json('GET', `/requests/${large}`)).toMatchObject({ status: 'succeeded', plan, result });
    expect(await place.json('GET', `/requests/${large}?asOf=${planned}`)).toMatchObject({
      status: 'running',
      plan,
      steps: { length: 1 },
    });
  });

  it.each([randomUUID(), 'rubbish', '..%2f..%2fetc', 'x'.repeat(199), '%00'])('that never were are 404 (%s)', async (unknown) => {
    for (const path of ['', '/events', '/logs']) {
      const response = await place.call('GET', `/requests/${unknown}${path}`);
      expect(response.status).toBe(404);
      expect(((await response.json()) as Problem).code).toBe('not-found');
    }
  });

  it('have their events, in pages, as they were at a moment', async () => {
    const all = await place.json<Page<EventView>>('GET', `/requests/${id}/events`);
    expect(all.items.map(({ type }) => type).slice(0, 3)).toEqual(['RequestAccepted', 'PlanMade', 'StepRequested']);
    expect(all.next).toBeUndefined();
    const first = await place.json<Page<EventView>>('GET', `/requests/${id}/events?limit=2`);
    const second = await place.json<Page<EventView>>('GET', `/requests/${id}/events?limit=100&cursor=${first.next}`);
    expect([...first.items, ...second.items]).toEqual(all.items);
    const asOf = await place.json<Page<EventView>>('GET', `/requests/${id}/events?asOf=${first.position}`);
    expect(asOf.items).toEqual(first.items);
  });

  it.each([
    ['events?cursor=rubbish', 400, 'cursor'],
    ['events?cursor=', 400, 'cursor'],
    ['events?asOf=rubbish', 400, 'asOf'],
    ['events?limit=5001', 400, 'limit'],
    ['events?colour=red', 400, 'colour'],
    ['logs?asOf=rubbish', 400, 'asOf'],
    ['logs?step=none', 400, 'step'],
    ['events?cursor=other.0000000001.00000000000000000001', 410, undefined],
    ['logs?asOf=other.0000000001.00000000000000000001', 410, undefined],
  ])('say what is wrong with %s', async (path, status, field) => {
    const response = await place.call('GET', `/requests/${id}/${path}`);
    expect(response.status).toBe(status);
    expect(((await response.json()) as Problem).fields?.[0]?.field).toBe(field);
  });

  it('have no events beyond the end of the log', async () => {
    const beyond = last.replace(/\d{6}$/, '999999');
    expect((await place.call('GET', `/requests/${id}/events?cursor=${beyond}`)).status).toBe(410);
  });

  it('have logs: of ended steps from blobs, of running ones from who runs them; what is missing is named', async () => {
    const asked: unknown[] = [];
    const stop = place.bus.serve('database', VERBS.log, (query) => (asked.push(query), { text: 'opening' }), 'local');
    const response = await place.call('GET', `/requests/${id}/logs`);
    expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/);
    const missing = (await place.blobs.read('a'.repeat(64)).catch((error: Error) => error.message)) as string;
    expect((await response.text()).trimEnd().split('\n')).toEqual([
      '==> storage/shop-data (succeeded, try 1) <==',
      'made a folder',
      'set its owner',
      '==> database/shop-db (running, try 1) <==',
      'opening',
      '==> database/shop-other (failed, try 1) <==',
      `(blob-missing: ${missing})`,
    ]);
    const resource = { environment: 'default', kind: 'database', name: 'shop-db' };
    expect(asked).toEqual([{ requestId: id, stepId: 'database/shop-db', resource }]);
    stop();
  });

  it('have logs as JSON lines, of one step if wanted', async () => {
    const headers = { Accept: 'application/x-ndjson' };
    const response = await place.call('GET', `/requests/${id}/logs?step=storage%2Fshop-data`, { headers });
    const lines = (await response.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { step: 'storage/shop-data', line: 'made a folder' },
      { step: 'storage/shop-data', line: 'set its owner' },
    ]);
    expect((await place.call('GET', `/requests/${id}/logs?step=none`)).status).toBe(400);
  });

  it.each(['cancel', 'retry', 'pause', 'resume', 'abandon'] as const)('can be told to %s', async (verb) => {
    const told: unknown[] = [];
    const stop = place.bus.serve(
      'orchestrator',
      VERBS[verb],
      (command) => (told.push(command), { requestId: id, position: last }),
    );
    const response = await place.call('POST', `/requests/${id}/${verb}`, { body: { reason: 'because' } });
    stop();
    expect(response.status).toBe(202);
    expect(response.headers.get('Location')).toBe(`/api/v1/requests/${id}`);
    expect(response.headers.get('Slipway-Position')).toBe(last);
    expect(told).toEqual([{ requestId: id, reason: 'because' }]);
  });

  it('can all be paused in an environment', async () => {
    const told: unknown[] = [];
    const stops = [VERBS.pauseDispatch, VERBS.resumeDispatch].map((verb) =>
      place.bus.serve('orchestrator', verb, (command) => (told.push({ verb, command }), { position: last })),
    );
    expect((await place.call('POST', '/environments/default/pause', { body: { reason: 'works' } })).status).toBe(202);
    expect((await place.call('POST', '/environments/default/resume')).status).toBe(202);
    expect((await place.call('POST', '/environments/Not.A.Name/pause')).status).toBe(400);
    for (const stop of stops) stop();
    expect(told).toEqual([
      { verb: 'pause-dispatch', command: { environment: 'default', reason: 'works' } },
      { verb: 'resume-dispatch', command: { environment: 'default' } },
    ]);
  });
});

describe('events', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    for (const name of ['a', 'b']) await place.resource('instance', name);
    await place.resource('storage', 'c', 'other');
  });
  afterAll(() => place.close());
  const events = (query: string) => place.json<Page<EventView>>('GET', `/events?${query}`);

  it('are paged through to the end', async () => {
    const seen: EventView[] = [];
    for (let query = 'limit=4'; ;) {
      const page = await events(query);
      seen.push(...page.items);
      if (!page.next) break;
      query = `limit=4&after=${page.next}`;
    }
    expect(seen.map(({ position }) => position)).toEqual((await place.store.readAll()).events.map(({ position }) => position));
    expect(seen[0]).toMatchObject({
      category: 'instance',
      type: 'InstanceStarted',
      environment: 'default',
      ownerId: 'ada',
      revision: 0,
    });
  });

  it.each([
    ['category=storage', 2],
    ['category=storage&category=instance', 6],
    ['type=InstanceProvisioned', 2],
    ['environment=other', 2],
    ['owner=nobody', 0],
    ['environment=default&type=StorageStarted', 0],
  ])('are filtered by %s', async (query, count) => expect((await events(query)).items).toHaveLength(count));

  it('of one request', async () => {
    const [{ requestId }] = (await events('limit=1')).items as [EventView];
    expect((await events(`request=${requestId}`)).items).toHaveLength(2);
  });

  it('up to a moment', async () => {
    const first = await events('limit=3');
    expect((await events(`asOf=${first.position}`)).items).toEqual(first.items);
    expect((await events('asOf=2020-01-01')).items).toEqual([]);
  });

  it.each([
    ['colour=red', 'colour'],
    ['category=weather', 'category'],
    ['request=1', 'request'],
    ['limit=5001', 'limit'],
    ['after=a&cursor=b', 'after'],
    ['after=rubbish', 'after'],
    ['cursor=rubbish', 'cursor'],
    ['asOf=rubbish', 'asOf'],
    ['environment=a&environment=b', 'environment'],
    ['type=%3Cx%3E', 'type'],
  ])('name what is wrong with %s', async (query, field) =>
    expect(await events(query)).toMatchObject({ code: 'bad-input', fields: [{ field, reason: expect.any(String) }] }),
  );

  it('of another log’s position are gone', async () => {
    const response = await place.call('GET', '/events?after=other.0000000001.00000000000000000001');
    expect(response.status).toBe(410);
    expect(((await response.json()) as Problem).code).toBe('gone');
  });

  it('of a damaged log are not served', async () => {
    const { readAll } = place.runtime.store;
    place.runtime.store.readAll = () => Promise.reject(new SlipwayError('log-damaged', 'event 3 is not what was recorded'));
    const response = await place.call('GET', '/events');
    place.runtime.store.readAll = readAll;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'log-damaged', detail: 'event 3 is not what was recorded' });
  });
});
