import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiError, NotReachable, SlipwayClient } from './index.js';
import { KEY, SmallGateway, position } from './testing/small-gateway.js';

const JOB = { ownerId: 'ada', instanceId: 'shop' };

let gateway: SmallGateway;
let client: SlipwayClient;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY });
});
afterEach(() => gateway.stop());

const problemOf = async (call: Promise<unknown>) => ((await call.catch((error: unknown) => error)) as ApiError).problem;

describe('a call', () => {
  it('carries the key, the caller’s token and JSON, to the address with or without a slash at its end', async () => {
    gateway.answer = (_call, response) => gateway.json(response, { requestId: '1', position: position(1) }, {}, 202);
    await new SlipwayClient({ url: `${gateway.url}/`, key: KEY, logToken: 'order 66' }).provision(JOB, { idempotencyKey: 'k' });
    expect(gateway.calls).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/api/v1/ops/provision',
        body: JSON.stringify(JOB),
        headers: expect.objectContaining({
          authorization: `Bearer ${KEY}`,
          'x-log-token': 'order 66',
          'idempotency-key': 'k',
          'content-type': 'application/json',
        }),
      }),
    ]);
  });

  it('that asks for a job has a key of its own each time when none is given', async () => {
    gateway.answer = (_call, response) => gateway.json(response, { requestId: '1', position: position(1) }, {}, 202);
    await client.provision(JOB);
    await client.deprovision({ instanceId: 'shop' });
    const keys = gateway.calls.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['{}', '[]', '{"hello":"world"}', 'null', '7', '<html>'])(
    'that another program at the address answers with %s says so, whatever was asked for',
    async (text) => {
      gateway.answer = (_call, response) => void response.writeHead(200).end(text);
      const archive = () => new Blob(['x']).stream();
      const calls = [
        ...[client.instances.list(), client.provisioners.list(), client.handlers.list(), client.events(), client.info()],
        ...[client.ready(), client.plan(JOB), client.provision(JOB), client.snapshots.upload(archive())],
      ];
      for (const { detail, hint } of await Promise.all(calls.map(problemOf)))
        expect([detail, hint]).toEqual([`The answer is not of Slipway's gateway: HTTP 200 ${text}`, 'Check the address.']);
    },
  );

  it('is for exactly the row that is named, whatever its name holds', async () => {
    gateway.answer = (_call, response) => gateway.json(response, {});
    await client.instances.get('../requests?x=1', { asOf: '2026-01-05T09:30:00Z' });
    expect([gateway.calls[0]!.path, [...gateway.calls[0]!.query]]).toEqual([
      '/api/v1/instances/..%2Frequests%3Fx%3D1',
      [['asOf', '2026-01-05T09:30:00Z']],
    ]);
  });

  it('to control a request sends the reason, where there is one', async () => {
    gateway.answer = (_call, response) => gateway.json(response, {}, {}, 202);
    await client.requests.cancel('1');
    await client.requests.abandon('1', 'the disk is gone');
    await client.environments.pause('default', 'maintenance');
    expect(gateway.calls.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/api/v1/requests/1/cancel', {}],
      ['/api/v1/requests/1/abandon', { reason: 'the disk is gone' }],
      ['/api/v1/environments/default/pause', { reason: 'maintenance' }],
    ]);
  });

  it('for logs gives the text as it is', async () => {
    gateway.answer = (_call, response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('made a folder\n');
    expect(await client.requests.logs('1', 'storage/shop-data')).toBe('made a folder\n');
    expect(gateway.calls[0]!.query.get('step')).toBe('storage/shop-data');
  });
});

describe('an error', () => {
  it('is the problem that the gateway tells', async () => {
    gateway.answer = (_call, response) => gateway.problem(response, 409, 'name-taken');
    const error = await client.provision(JOB).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'name-taken', message: 'it is name-taken', problem: { status: 409, hint: 'Look.' } });
    expect(gateway.calls).toHaveLength(1);
  });

  it.each([
    ['a page', '<html>Bad Gateway</html>'],
    ['JSON that is no problem', '{"error":"nope"}'],
    ['null', 'null'],
    ['nothing', ''],
  ])('that is %s is named as not ours', async (_what, body) => {
    gateway.answer = (_call, response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end(body);
    const problem = await problemOf(client.info());
    expect(problem).toMatchObject({ status: 502, code: 'internal', hint: 'Check the address.' });
    expect(problem.detail).toContain(`HTTP 502 ${body}`);
  });

  it('is also what goes well but is no JSON', async () => {
    gateway.answer = (_call, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Welcome</html>');
    expect((await problemOf(client.info())).detail).toContain('HTTP 200 <html>Welcome</html>');
  });

  it('says where nobody answers', async () => {
    const url = gateway.url;
    await gateway.stop();
    const error = await client.info().catch((thrown: unknown) => thrown);
    await gateway.start();
    expect(error).toBeInstanceOf(NotReachable);
    expect((error as Error).message).toContain(url);
  });

  it.each([
    ['before it begins', ''],
    ['in the middle', '{"items":['],
  ])('of an answer that breaks off %s is that nobody answers', async (_when, begun) => {
    gateway.answer = (_call, response) => {
      if (begun) response.writeHead(200, { 'Content-Length': '1000' }).write(begun, () => response.destroy());
      else response.destroy();
    };
    await expect(client.instances.list()).rejects.toBeInstanceOf(NotReachable);
    if (begun) await expect(client.requests.logs('1')).rejects.toBeInstanceOf(NotReachable);
  });

  it('is none when the question is whether it is ready', async () => {
    const checks = [{ name: 'nats', ready: false, reason: 'NATS is away' }];
    gateway.answer = (_call, response) =>
      gateway.json(response, { code: 'not-ready', detail: 'no', details: { checks } }, {}, 503);
    expect(await client.ready()).toEqual({ ready: false, checks });
    gateway.answer = (_call, response) => gateway.json(response, { ready: true, checks: [] });
    expect(await client.ready()).toEqual({ ready: true, checks: [] });
    gateway.answer = (_call, response) => gateway.problem(response, 403, 'forbidden');
    await expect(client.ready()).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a read', () => {
  const atLeasts = () => gateway.calls.filter(({ method }) => method === 'GET').map(({ headers }) => headers['slipway-at-least']);
  /** Writes are answered with these positions, in this order; reads with an empty page. */
  const writesAt = (...positions: string[]) => {
    gateway.answer = ({ method }, response) =>
      gateway.json(
        response,
        { items: [], requestId: '1', position: '' },
        method === 'POST' ? { 'Slipway-Position': positions.shift()! } : {},
      );
  };

  it('asks for what its own newest write has recorded, and for nothing before there is one', async () => {
    writesAt(position(7), position(9));
    await client.instances.list();
    await client.provision(JOB);
    await client.instances.list();
    await client.requests.cancel('1');
    await client.instances.list();
    expect(atLeasts()).toEqual([undefined, position(7), position(9)]);
  });

  it('is not taken back by an older write whose answer came later, but follows another log', async () => {
    writesAt(position(9), position(7), position(2, 'other'));
    await client.provision(JOB);
    await client.provision(JOB);
    await client.instances.list();
    await client.provision(JOB);
    await client.instances.list();
    expect(atLeasts()).toEqual([position(9), position(2, 'other')]);
  });

  it('shows no less than one before it: what was seen is asked for like what was written', async () => {
    gateway.answer = (_call, response) =>
      gateway.json(response, { items: [], position: '' }, { 'Slipway-Position': position(4) });
    await client.requests.get('1');
    await client.instances.list();
    expect(atLeasts()).toEqual([undefined, position(4)]);
  });

  it('forgets what it wrote when a restore has taken it back', async () => {
    writesAt(position(7));
    await client.provision(JOB);
    gateway.answer = ({ headers }, response) =>
      headers['slipway-at-least'] === undefined
        ? gateway.json(response, { items: [], position: '' })
        : gateway.problem(response, 410, 'gone');
    expect((await client.instances.list()).items).toEqual([]);
    await client.instances.list();
    expect(atLeasts()).toEqual([position(7), undefined, undefined]);
    gateway.answer = (_call, response) => gateway.problem(response, 410, 'gone');
    await expect(client.instances.list({ asOf: position(7) })).rejects.toMatchObject({ code: 'gone' });
  });

  it('that is behind is repeated after the time that is told', async () => {
    let refusals = 2;
    gateway.answer = (_call, response) =>
      refusals-- > 0
        ? gateway.problem(response, 503, 'behind', { 'Retry-After': '0.05' })
        : gateway.json(response, { items: [1], position: '' });
    expect((await client.instances.list()).items).toEqual([1]);
    expect(gateway.calls).toHaveLength(3);
  });

  it('that stays behind fails as behind', async () => {
    gateway.answer = (_call, response) => gateway.problem(response, 503, 'behind', { 'Retry-After': '0.01' });
    await expect(client.instances.list()).rejects.toMatchObject({ code: 'behind' });
    expect(gateway.calls).toHaveLength(5);
  });

  it('lists by filter, sort, page and moment', async () => {
    gateway.answer = (_call, response) => gateway.json(response, { items: [], position: '' });
    await client.requests.list({
      filter: { status: ['queued', 'running'], owner: undefined },
      sort: '-acceptedAt',
      limit: 5,
      asOf: 'p',
    });
    expect([...gateway.calls[0]!.query]).toEqual([
      ['status', 'queued'],
      ['status', 'running'],
      ['sort', '-acceptedAt'],
      ['limit', '5'],
      ['asOf', 'p'],
    ]);
  });

  it('goes through all pages, one after the other, as they are taken', async () => {
    const pages: Record<string, { items: number[]; next?: string }> = {
      '': { items: [1, 2], next: 'b' },
      b: { items: [], next: 'c' },
      c: { items: [3] },
    };
    gateway.answer = ({ query }, response) => gateway.json(response, pages[query.get('cursor') ?? '']);
    const rows: unknown[] = [];
    for await (const row of client.instances.all({ filter: { owner: 'ada' }, limit: 2 })) {
      if (rows.length === 0) expect(gateway.calls).toHaveLength(1);
      rows.push(row);
    }
    expect(rows).toEqual([1, 2, 3]);
    expect(gateway.calls.map(({ query }) => query.get('owner'))).toEqual(['ada', 'ada', 'ada']);
  });
});

describe('a backup', () => {
  it('is streamed out, and in as a tar', async () => {
    gateway.answer = ({ path }, response) =>
      path.endsWith('/backup') ? response.writeHead(200).end('a tar') : gateway.json(response, { staged: true }, {}, 202);
    const archive = await client.backup();
    expect(await client.restore(archive.body!, { replace: true })).toEqual({ staged: true });
    const { headers, query, body } = gateway.calls[1]!;
    expect([headers['content-type'], query.get('replace'), body]).toEqual(['application/x-tar', 'true', 'a tar']);
  });
});
