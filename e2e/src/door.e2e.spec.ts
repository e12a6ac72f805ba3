import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';

inBothModes('The door', ({ processes }) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${mesh.url}/api/v1${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${mesh.key}`, 'Content-Type': 'application/json', ...init.headers },
    });
  const post = (body: string, headers: Record<string, string> = {}) => call('/ops/provision', { method: 'POST', body, headers });

  it('is shut without the key', async () => {
    for (const path of ['/instances', '/requests', '/events', '/environments', '/info']) {
      const response = await fetch(`${mesh.url}/api/v1${path}`);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect((await call('/instances', { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('is shut to foreign hosts and origins', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const url = new URL(mesh.url);
      const request = httpRequest(
        {
          host: url.hostname,
          port: url.port,
          path: '/api/v1/info',
          headers: { Host: 'evil.example', Authorization: `Bearer ${mesh.key}` },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      );
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(403);
    expect((await call('/info', { headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  });

  it.each<[string, string, number, string]>([
    ['no JSON', '{', 400, 'JSON'],
    ['nothing', '{}', 400, 'instanceId'],
    ['an unknown field', '{"ownerId":"ada","instanceId":"x","colour":"red"}', 400, 'colour'],
    ['a bad name', '{"ownerId":"ada","instanceId":"No Good"}', 400, 'instanceId'],
    ['a path as name', '{"ownerId":"ada","instanceId":"../../etc"}', 400, 'instanceId'],
    ['a wrong type', '{"ownerId":{"$gt":""},"instanceId":"x"}', 400, 'ownerId'],
    ['prototype keys', '{"ownerId":"ada","instanceId":"x","__proto__":{"priority":1}}', 400, '__proto__'],
    ...['priority', 'ownerType', 'environment', 'definition', 'clusterId', 'guestLocation', 'notBefore', 'keepOnFailure'].map(
      (field): [string, string, number, string] => [
        `null as ${field}`,
        `{"ownerId":"ada","instanceId":"x","${field}":null}`,
        400,
        field,
      ],
    ),
    ['a week as time', '{"ownerId":"ada","instanceId":"x","notBefore":"2099-W01"}', 400, 'notBefore'],
    ['an unknown place', '{"ownerId":"ada","instanceId":"x","guestLocation":"moon"}', 400, 'guestLocation'],
    ['a list', '[]', 400, ''],
    ['too much', `{"ownerId":"${'a'.repeat(600_000)}"}`, 413, ''],
  ])('answers %s with a problem that names it, and records nothing', async (_name, body, status, word) => {
    const before = (await mesh.client().info()).eventLog.position;
    const response = await post(body);
    const problem = (await response.json()) as { status: number; detail: string; hint: string };
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(problem)).toContain(word);
    expect(problem.hint).toBeTruthy();
    expect((await mesh.client().info()).eventLog.position).toBe(before);
  });

  it('gives every call an id, takes over a sane one, and carries it into every event', async () => {
    const own = await call('/info', { headers: { 'X-Request-Id': 'caller-said-so-1' } });
    expect(own.headers.get('x-request-id')).toBe('caller-said-so-1');
    const bad = await call('/info', { headers: { 'X-Request-Id': 'not\tsane <script>' } });
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const job = await post('{"ownerId":"ada","instanceId":"traced","definition":"guestbook"}', {
      'X-Request-Id': 'trace-me-please',
      'X-Log-Token': 'ticket 4711',
    });
    const { requestId } = (await job.json()) as { requestId: string };
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    const { items } = await mesh.client().events({ request: requestId }, { limit: 500 });
    expect(items.length).toBeGreaterThan(10);
    for (const event of items)
      expect([event.type, event.correlationId, event.logToken]).toEqual([event.type, 'trace-me-please', 'ticket 4711']);
    expect(mesh.logs()).toContain('trace-me-please');
  });

  it('holds the answer with Prefer: wait until the job has ended', async () => {
    const response = await post('{"ownerId":"ada","instanceId":"waited","definition":"guestbook"}', { Prefer: 'wait=60' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'succeeded', instanceId: 'waited' });
    const short = await post('{"ownerId":"ada","instanceId":"waited-2","definition":"guestbook"}', { Prefer: 'wait=0' });
    expect(short.status).toBe(202);
    const { requestId } = (await short.json()) as { requestId: string };
    expect(short.headers.get('location')).toBe(`/api/v1/requests/${requestId}`);
    await mesh.client().wait(requestId);
  });

  it('describes itself as OpenAPI', async () => {
    const page = await fetch(`${mesh.url}/api/docs`);
    expect(page.status).toBe(200);
  });
});
