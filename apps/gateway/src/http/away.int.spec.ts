import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlipwayError, VERBS, metricsSubject } from '@slipway/contracts';
import type { Problem, Readiness } from '@slipway/contracts/http';
import { gauge } from '@slipway/mesh';
import { Registry } from 'prom-client';
import { GatewayPlace } from '../testing/gateway-place.js';

const JOB = { ownerId: 'ada', instanceId: 'shop' };
/** The promise is a second; the machine that tests may be busy. */
const A_SECOND = 3_000;

describe('when something is away', () => {
  let place: GatewayPlace;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    place.serveMesh();
  });
  afterAll(() => place.close());

  async function refused(call: Promise<Response>, code: string): Promise<void> {
    const start = performance.now();
    const response = await call;
    expect(performance.now() - start).toBeLessThan(A_SECOND);
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ code, detail: expect.stringMatching(/\w+/) });
  }
  const provision = () => place.call('POST', '/ops/provision', { body: JOB });
  const ready = async (): Promise<Record<string, string | undefined>> => {
    const response = await place.call('GET', '/health/ready');
    const body = (await response.json()) as Problem;
    expect(response.status).toBe(503);
    expect(body.code).toBe('not-ready');
    const { checks } = body.details as unknown as Readiness;
    return Object.fromEntries(checks.filter((check) => !check.ready).map((check) => [check.name, check.reason]));
  };

  it('is ready when nothing is', async () => {
    const response = await place.call('GET', '/health/ready');
    expect(response.status).toBe(200);
    expect(((await response.json()) as Readiness).checks.map(({ name }) => name)).toEqual([
      ...[
        'log',
        'nats',
        'views',
        'orchestrator',
        'resolver',
        'allocator',
        'storage at local',
        'database at local',
        'instance at local',
      ],
      'provisioner slipway',
    ]);
  });

  it('is not ready while a view is built for the first time, and says which and how far it is; built anew is ready', async () => {
    const { building } = place.views;
    const position = await place.store.head();
    place.views.building = () => [{ view: 'plans', live: false, position }];
    expect(await ready()).toEqual({
      views: expect.stringMatching(`plans is being built for the first time: it stands at ${position}`),
    });
    place.views.building = () => [{ view: 'plans', live: true, position }];
    const response = await place.call('GET', '/health/ready');
    expect(response.status).toBe(200);
    expect(((await response.json()) as Readiness).checks.find(({ name }) => name === 'views')).toEqual({
      ...{ name: 'views', ready: true, reason: expect.stringContaining('plans is being built anew') },
    });
    place.views.building = building;
  });

  it('shows what a service that is ready has to say', async () => {
    const reason = 'The content package trouble is refused: package.yaml is not YAML';
    const end = place.bus.serve('resolver', VERBS.health, () => ({
      ...{ service: 'resolver', replica: 'two', ready: true, reasons: [reason] },
    }));
    const seen: unknown[] = [];
    for (let replica = 0; replica < 2; replica++) {
      const response = await place.call('GET', '/health/ready'); // Replicas take turns.
      expect(response.status).toBe(200);
      seen.push(((await response.json()) as Readiness).checks.find(({ name }) => name === 'resolver'));
    }
    expect(seen).toContainEqual({ name: 'resolver', ready: true, reason });
    end();
  });

  it('NATS: 503 unreachable at once, reads go on, and it recovers by itself', async () => {
    place.bus.disconnect();
    await refused(provision(), 'unreachable');
    await refused(place.call('POST', '/plans', { body: JOB }), 'unreachable');
    expect((await place.call('GET', '/instances')).status).toBe(200);
    expect((await place.call('GET', '/health/live')).status).toBe(200);
    expect(await ready()).toMatchObject({ nats: 'There is no connection to NATS', orchestrator: expect.any(String) });
    place.bus.reconnect();
    expect((await provision()).status).toBe(202);
    expect((await place.call('GET', '/health/ready')).status).toBe(200);
  });

  it('NATS that swallows messages: 503 within a second, never a false 2xx', async () => {
    place.bus.faults = () => [];
    await refused(provision(), 'timed-out');
    place.bus.faults = () => [0];
  });

  it('the log: 503 with its reason, for all that needs it', async () => {
    const { store } = place.runtime;
    const { read, readAll, head } = store;
    const away = () => Promise.reject(new SlipwayError('log-unavailable', 'disk full'));
    store.read = store.readAll = store.head = away;
    await refused(place.call('GET', '/events'), 'log-unavailable');
    await refused(place.call('GET', '/requests/0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10'), 'log-unavailable');
    expect(await ready()).toMatchObject({ log: 'disk full' });
    expect((await place.call('GET', '/metrics')).status).toBe(200);
    Object.assign(store, { read, readAll, head });
  });

  it('a log that hangs: 503 within a second', async () => {
    const { store } = place.runtime;
    const { readAll, head } = store;
    store.readAll = () => new Promise(() => {});
    store.head = () => new Promise(() => {});
    await refused(place.call('GET', '/events'), 'log-unavailable');
    expect(await ready()).toMatchObject({ log: expect.any(String) });
    Object.assign(store, { readAll, head });
  });

  it('a sub-provisioner, or one that says it is not well: readiness names it', async () => {
    const sick = await GatewayPlace.open();
    sick.bus.serve('orchestrator', 'health', () => ({
      service: 'orchestrator',
      replica: 'one',
      ready: false,
      reasons: ['log is read-only'],
    }));
    const body = await sick.json<Problem>('GET', '/health/ready');
    const { checks } = body.details as unknown as Readiness;
    expect(checks).toContainEqual({ name: 'orchestrator', ready: false, reason: 'log is read-only' });
    expect(checks).toContainEqual({ name: 'storage at local', ready: false, reason: expect.stringMatching(/\w/) });
    await sick.close();
  });

  it('a view that has stopped: readiness and metrics name it', async () => {
    const { stopped } = place.views;
    place.views.stopped = () => [{ view: 'instances', reason: 'event 17 makes no sense' }];
    expect(await ready()).toEqual({ views: 'instances has stopped: event 17 makes no sense' });
    expect(await place.json('GET', '/views')).toMatchObject({ stopped: [{ view: 'instances' }], building: [] });
    const metrics = await (await place.call('GET', '/metrics')).text();
    expect(metrics).toMatch(/^slipway_views_stopped 1$/m);
    place.views.stopped = stopped;
  });

  it('an event that a view has stopped at: it is skipped only by hand', async () => {
    const { skip } = place.views;
    const told: unknown[] = [];
    place.views.skip = async (view, eventId) => void told.push([view, eventId]);
    const eventId = '0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10';
    expect((await place.call('POST', '/views/instances/skip', { body: { eventId: 'all' } })).status).toBe(400);
    expect((await place.call('POST', '/views/instances/skip', { body: { eventId } })).status).toBe(200);
    expect(told).toEqual([['instances', eventId]]);
    place.views.skip = skip;
    expect((await place.call('POST', '/views/instances/skip', { body: { eventId } })).status).toBe(409);
  });
});

describe('metrics', () => {
  it('are Prometheus text with calls and the views’ lag', async () => {
    const place = await GatewayPlace.open();
    await place.call('GET', '/instances');
    const response = await place.call('GET', '/metrics');
    expect(response.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(/^slipway_http_calls_total\{method="GET",route="\/api\/v1\/instances",status="200"\} 1$/m);
    expect(text).toMatch(/^slipway_views_behind_events 0$/m);
    await place.close();
  });

  it('show those of the other processes too, and only the gateway’s own while NATS is away', async () => {
    const place = await GatewayPlace.open();
    const theirs = new Registry();
    theirs.setDefaultLabels({ process: 'laptop-storage' });
    gauge(theirs, { name: 'slipway_views_stopped', help: 'As in any process' }).set(7);
    place.bus.subscribe(metricsSubject('test'), (body) => {
      const { id } = body as { id: string };
      void theirs.metrics().then((text) => place.bus.publish(metricsSubject('test', id), { text }));
    });
    const figures = async () =>
      (await (await place.call('GET', '/metrics')).text()).split('\n').filter((line) => line.includes('slipway_views_stopped'));
    const [help, type, ...samples] = await figures();
    expect([help, type]).toEqual([expect.stringMatching(/^# HELP/), '# TYPE slipway_views_stopped gauge']);
    expect(samples).toEqual(['slipway_views_stopped 0', 'slipway_views_stopped{process="laptop-storage"} 7']);
    place.bus.disconnect();
    expect(await figures()).toHaveLength(3);
    await place.close();
  });
});
