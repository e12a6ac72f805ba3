import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { openBlobs } from '@slipway/blobs';
import { hashOf, subject, type AcceptCommand, type Plan } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { EventLog } from '@slipway/event-store';
import { openSqliteEventLog } from '@slipway/event-store/sqlite';
import { PATIENCE_MS } from '@slipway/event-store/testing';
import { MeshConfig, runInContext, type RunningService, type Runtime } from '@slipway/mesh';
import { startNatsServer, testRuntime, type NatsServer } from '@slipway/mesh/testing';
import { service } from './index.js';
import { ADA, job } from './testing/world.js';

jest.setTimeout(60_000);

/** Looks again and again, for at most 40 s. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_600; tries += 1) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
}

describe('the service on NATS and the embedded log', () => {
  let nats: NatsServer;
  let folder: string;
  let log: EventLog;
  let runtime: Runtime;
  let running: RunningService;

  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.stop());

  const start = async () => {
    const config = Object.assign(new MeshConfig(), { mesh: 'test' });
    runtime = await testRuntime({
      nats,
      service: 'orchestrator',
      parts: {
        config,
        store: log.as('orchestrator'),
        blobs: await openBlobs({ folder: join(folder, 'blobs') }),
        cacheFolder: join(folder, 'cache'),
      },
    });
    running = await service.start(runtime);
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-orchestrator-'));
    log = await openSqliteEventLog({ folder: join(folder, 'log'), timeLimitMs: PATIENCE_MS });
    await start();
  });
  afterEach(async () => {
    await running.stop({ instances: 'stop' });
    await runtime.connection.close();
    await log.close();
    rmSync(folder, { recursive: true });
  });

  const ask = <Answer>(verb: string, body: unknown) =>
    runInContext(ADA, () => runtime.bus.request<Answer>('orchestrator', verb, body, { timeoutMs: 10_000 }));
  const accept = (command: AcceptCommand) => ask<Accepted>('accept', command);
  const typesOf = async (id: string) => (await runtime.store.read(`request-${id}`)).map(({ type }) => type);

  test('accepts, waits for a resolver that is not there, and says why', async () => {
    const { requestId, position } = await accept(job('shop'));
    expect(position).toEqual(expect.any(String));
    await eventually(async () => (await typesOf(requestId)).length > 1);
    const events = await runtime.store.read(`request-${requestId}`);
    expect(events[0]).toMatchObject({
      type: 'RequestAccepted',
      metadata: { correlationId: ADA.correlationId, actor: ADA.actor },
    });
    expect(events[1]).toMatchObject({ type: 'RequestWaiting', data: { code: 'no-server' } });
    expect(await ask('health', {})).toMatchObject({ service: 'orchestrator', ready: true });
  });

  test('errors arrive with code, field and reason; a verb that is not listed has no server', async () => {
    await expect(accept(job('shop', { colour: 'red' }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('colour'),
    });
    const long = 'x'.repeat(501);
    const refusals: [string, unknown, string][] = [
      ['accept', [], 'must be a JSON object'],
      ['accept', { ...job('shop'), job: 'destroy-all' }, 'job: must be one of provision, deprovision'],
      ['accept', { ...job('shop'), key: '' }, 'key: must be a text of 1 to 256 characters'],
      ['accept', { ...job('shop'), colour: 'red' }, 'colour: is not known'],
      ['plan', { body: 7 }, 'body: must be a JSON object'],
      ['cancel', { requestId: 7 }, 'requestId: must be string'],
      ['retry', {}, 'requestId: is missing'],
      ['pause', { requestId: 'unknown', reason: long }, 'reason: must be a text of at most 500 characters'],
      ['pause-dispatch', { environment: '../x' }, 'environment: must be 1 to 63 lower-case letters'],
      ['resume-dispatch', { environment: 'default', reason: long }, 'reason: must be a text of at most 500 characters'],
    ];
    for (const [verb, body, told] of refusals)
      await expect(ask(verb, body)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining(told) });
    await expect(ask('cancel', { requestId: 'unknown' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(ask('obliterate', {})).rejects.toMatchObject({ code: 'no-server' });
    expect((await runtime.store.readAll({ filter: { categories: ['request', 'environment'] } })).events).toEqual([]);
  });

  test('every verb does what it says, and a restart goes on from cache and log', async () => {
    await ask('pause-dispatch', { environment: 'default', reason: 'maintenance' });
    const { requestId } = await accept(job('shop'));
    await ask('pause', { requestId });
    await ask('resume', { requestId });
    await running.stop({ instances: 'stop' });
    await runtime.connection.close();
    await start();
    await expect(ask('retry', { requestId })).rejects.toMatchObject({ code: 'not-possible' });
    await expect(ask('abandon', { requestId })).rejects.toMatchObject({ code: 'bad-input' });
    await ask('cancel', { requestId, reason: 'changed my mind' });
    await ask('resume-dispatch', { environment: 'default' });
    expect((await typesOf(requestId)).at(-1)).toBe('RequestCancelled');
    const claims = async () => (await runtime.store.read('environment-default')).map(({ type }) => type);
    await eventually(async () => (await claims()).includes('NameReleased'));
    expect((await claims()).toSorted()).toEqual(['DispatchPaused', 'DispatchResumed', 'NameClaimed', 'NameReleased']);
  });

  test('plans are passed on to the resolver, with the place and the position', async () => {
    const asked: unknown[] = [];
    const plan = { environment: 'default', outcome: 'satisfied', steps: [], wires: [], alreadySatisfied: [] } as unknown as Plan;
    const served = runtime.connection.nats.subscribe(subject('test', 'resolver', 'plan'), {
      callback: (_error, message) => {
        asked.push(message.json());
        message.respond(JSON.stringify({ ...plan, hash: hashOf(plan) }));
      },
    });
    await runtime.connection.nats.flush();
    expect(await ask<Plan>('plan', { body: { instanceId: 'shop', definition: 'guestbook@^1' } })).toMatchObject({
      outcome: 'satisfied',
    });
    expect(asked).toEqual([
      {
        job: 'provision',
        environment: 'default',
        instanceId: 'shop',
        announced: {},
        definition: 'guestbook@^1',
        place: {
          guestLocation: 'local',
          location: 'local',
          provisioner: 'slipway',
          drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process', 'artefact'] },
        },
      },
    ]);
    const { requestId } = await accept(job('shop'));
    await eventually(async () => (await typesOf(requestId)).at(-1) === 'RequestSucceeded');
    expect(await typesOf(requestId)).toEqual(expect.arrayContaining(['RequestAccepted', 'PlanMade', 'RequestSucceeded']));
    expect(asked.at(-1)).toMatchObject({ atLeast: expect.any(String) });
    served.unsubscribe();
  });
});
