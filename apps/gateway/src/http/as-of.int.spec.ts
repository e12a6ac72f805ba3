import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VERBS, type RequestEvent } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { GatewayPlace, acceptance } from '../testing/gateway-place.js';

const old = randomUUID();
const late = randomUUID();
const stepId = 'storage/data';
const planStep = {
  id: stepId,
  kind: 'storage',
  name: 'data',
  action: 'ensure',
  generation: 1,
  location: 'local',
  driver: 'x',
  after: [],
};
const requested = (attempt: number): RequestEvent => ({
  type: 'StepRequested',
  data: { stepId, try: attempt, action: 'ensure', undo: false, inputs: {}, deadline: 0 },
});
const job = (instanceId: string) => acceptance({ job: 'provision', body: { ownerId: 'ada', instanceId } });

describe('any read as it was, at a position or a time', () => {
  let place: GatewayPlace;
  /** Between what was there and what came later; and behind it all. */
  let between: { position: string; time: string };
  let after: { position: string; time: string };

  /** A moment with a position and a time that nothing else was recorded at. */
  async function moment(): Promise<{ position: string; time: string }> {
    await sleep(5);
    const now = { position: await place.store.head(), time: new Date().toISOString() };
    await sleep(5);
    return now;
  }

  /** Something for every list and every single view to show. */
  async function happen(word: 'old' | 'late', requestId: string): Promise<void> {
    await place.request(requestId, job(word));
    for (const kind of ['instance', 'storage', 'database'] as const) await place.resource(kind, word);
    await place.record(`environment-${word}`, 'DispatchPaused', { actor: { id: 'ada', type: 'user' } }, { environment: word });
  }

  beforeAll(async () => {
    place = await GatewayPlace.open();
    await happen('old', old);
    const cause = { code: 'driver-failed', message: 'no space', hint: '' } as const;
    const log = await place.blobs.put('no space\n');
    await place.request(old, { type: 'PlanMade', data: { plan: { steps: [planStep] } as never, planHash: 'x' } });
    await place.request(old, requested(1));
    await place.request(old, { type: 'StepFailed', data: { stepId, try: 1, cause, log } });
    between = await moment();
    await happen('late', late);
    const made = await place.blobs.put('made\n');
    await place.request(old, requested(2));
    await place.request(old, { type: 'StepSucceeded', data: { stepId, try: 2, outputs: {}, log: made } });
    await place.request(old, { type: 'RequestFailed', data: { cause: { code: 'driver-failed', message: 'later', hint: '' } } });
    after = await moment();
    expect(await place.views.reached(after.position, 20_000)).toBe(true);
  }, 60_000);
  afterAll(() => place.close());

  const read = async (path: string, asOf: string) => {
    const response = await place.call('GET', `${path}?asOf=${encodeURIComponent(asOf)}`);
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ['/requests', `"id":"${old}"`, `"id":"${late}"`],
    ['/instances', '"default.old"', '"default.late"'],
    ['/storages', '"default.old"', '"default.late"'],
    ['/databases', '"default.old"', '"default.late"'],
    ['/environments', '"name":"old"', '"name":"late"'],
    ['/events', '"stream":"instance-default.old"', '"stream":"instance-default.late"'],
    [`/requests/${old}`, '"status":"running"', '"status":"succeeded"'],
    [`/requests/${old}/events`, '"type":"RequestAccepted"', '"type":"RequestFailed"'],
    [
      `/requests/${old}/logs`,
      '==> storage/data (failed, try 1) <==\nno space\n',
      '==> storage/data (succeeded, try 2) <==\nmade\n',
    ],
  ])('GET %s', async (path, ofThen, ofLater) => {
    for (const asOf of [between.position, between.time]) {
      const { status, text } = await read(path, asOf);
      expect(status).toBe(200);
      expect(text).toContain(ofThen);
      expect(text).not.toContain(ofLater);
    }
    for (const asOf of [after.position, after.time]) expect((await read(path, asOf)).text).toContain(ofLater);
  });

  it('logs are of the tries that had ended: what runs is asked only for how it is now', async () => {
    let asked = 0;
    const stop = place.bus.serve('storage', VERBS.log, () => ((asked += 1), { text: 'going on' }), 'local');
    const running = await place.request(old, requested(3));
    expect((await read(`/requests/${old}/logs`, running)).text).not.toContain('running');
    expect(asked).toBe(0);
    expect(await (await place.call('GET', `/requests/${old}/logs`)).text()).toContain('going on');
    stop();
  });

  it.each([
    `/requests/${late}`,
    `/requests/${late}/logs`,
    '/instances/late',
    '/storages/late',
    '/databases/late',
    '/environments/late',
  ])('GET %s: 404 at a moment before it was there', async (path) => {
    for (const asOf of [between.position, between.time, '2020-01-01T00:00:00Z']) {
      const { status, text } = await read(path, asOf);
      expect({ asOf, status, code: JSON.parse(text).code }).toEqual({ asOf, status: 404, code: 'not-found' });
    }
    for (const asOf of [after.position, after.time]) expect((await read(path, asOf)).status).toBe(200);
  });

  it.each([
    ...['/requests', '/instances', '/storages', '/databases', '/environments', '/events'],
    ...[`/requests/${old}`, `/requests/${old}/events`, `/requests/${old}/logs`, '/instances/old', '/environments/old'],
  ])('GET %s: a moment that is none is 400, another log’s is 410', async (path) => {
    const none = await read(path, '2020-13-45');
    expect([none.status, (JSON.parse(none.text) as Problem).fields?.[0]?.field]).toEqual([400, 'asOf']);
    expect((await read(path, 'other.0000000001.00000000000000000001')).status).toBe(410);
  });
});
