import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeaseView } from '@slipway/contracts/http';
import { ApiError, LeaseNotActive, LeaseWaitTimedOut, NotReachable, SlipwayClient } from './index.js';
import { KEY, SmallGateway, position, type Call } from './testing/small-gateway.js';

const ID = 'default.lease-1';

let gateway: SmallGateway;
let client: SlipwayClient;
/** What the lease is, look by look: the last one stays. */
let looks: Partial<LeaseView>[];
/** What a call of an interface is answered with: lines of JSON. */
let lines: (call: Call) => object[];
/** The files of the resource. */
let files: Map<string, string>;
beforeEach(async () => {
  gateway = await SmallGateway.open();
  client = new SlipwayClient({ url: gateway.url, key: KEY });
  looks = [{ status: 'active', token: 7 }];
  lines = () => [{ result: null }];
  files = new Map();
  gateway.answer = answer;
});
afterEach(() => gateway.stop());

function answer(call: Call, response: ServerResponse): void {
  const { method, path, query, body } = call;
  if (method === 'POST' && path.endsWith('/leases'))
    return gateway.json(response, { leaseId: ID, position: position(1) }, {}, 202);
  if (path.includes('/interfaces/')) {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    return void response.end(
      lines(call)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
  }
  if (path.endsWith('/files')) {
    if (method === 'PUT') files.set(query.get('path')!, body);
    const content = files.get(query.get('path')!);
    return content === undefined
      ? gateway.problem(response, 404, 'not-found')
      : void response.end(method === 'PUT' ? '{}' : content);
  }
  if (method === 'POST') return gateway.json(response, { leaseId: ID, position: position(2) }, {}, 202);
  const look = looks.length > 1 ? looks.shift()! : looks[0]!;
  return gateway.json(response, { id: ID, position: position(1), ...look });
}

const told = (part: string) => gateway.calls.filter(({ method, path }) => `${method} ${path}`.includes(part));
const waiting = (place: number): Partial<LeaseView> => ({
  status: 'pending',
  standing: { status: 'pending', place, reasons: ['host-2 has 0 of 1 free'], estimate: '2030-01-01T00:00:00.000Z' },
});

describe('a lease', () => {
  it('is asked for, waited for, used with its token, and released', async () => {
    looks = [waiting(2), waiting(1), { status: 'acquired' }, { status: 'active', token: 7 }];
    lines = () => [
      ...[
        { from: 'alive', lines: [] },
        { from: 'stdout', lines: ['Linux'] },
        { from: 'stderr', lines: ['hm'] },
      ],
      { result: { exitCode: 0, stdout: 'Linux\n', stderr: 'hm\n' } },
    ];
    const places: unknown[] = [];
    const until = new Date('2030-01-01T00:00:00Z');
    const lease = await client
      .lease({ type: 'host', attributes: { memory: 4 }, until, idempotencyKey: 'one' })
      .waitUntilActive({ onUpdate: ({ status, standing }) => places.push(standing?.place ?? status) });
    expect(places).toEqual([2, 1, 'acquired', 'active']);
    const heard: string[] = [];
    const command = lease.interface('command');
    const ran = await command.exec(['uname'], {
      ...{ env: { LANG: 'C' }, input: 'x', timeoutMs: 5_000 },
      onLine: (line, from) => heard.push(`${from} ${line}`),
    });
    expect([ran, heard]).toEqual([{ exitCode: 0, stdout: 'Linux\n', stderr: 'hm\n' }, ['stdout Linux', 'stderr hm']]);
    await lease.renew('2030-01-02T00:00:00Z');
    await lease.release('done');
    const [asked] = told('POST /api/v1/leases');
    expect(asked!.headers['idempotency-key']).toBe('one');
    expect(JSON.parse(asked!.body)).toEqual({ type: 'host', attributes: { memory: 4 }, until: '2030-01-01T00:00:00.000Z' });
    const [called] = told('/interfaces/command/exec');
    expect(called!.headers['slipway-lease-token']).toBe('7');
    expect(JSON.parse(called!.body)).toEqual({ command: ['uname'], env: { LANG: 'C' }, input: 'x', timeoutMs: 5_000 });
    expect(told('/renew').map(({ body }) => body)).toEqual(['{"until":"2030-01-02T00:00:00Z"}']);
    expect(told('/release').map(({ body }) => body)).toEqual(['{"reason":"done"}']);
    expect(() => lease.interface('command')).toThrow(LeaseNotActive);
  });

  it('that is not active has no interfaces: that is said with its status and an estimate', async () => {
    looks = [waiting(3)];
    const lease = client.lease({ type: 'host' });
    expect(() => lease.interface('command')).toThrow(
      expect.objectContaining({ code: 'lease-not-active', details: { status: 'pending' } }),
    );
    await lease.look();
    expect(() => lease.interface('command')).toThrow(
      expect.objectContaining({
        code: 'lease-not-active',
        details: { status: 'pending', estimate: '2030-01-01T00:00:00.000Z' },
        message: `${ID} is pending: host-2 has 0 of 1 free; it may be active at 2030-01-01T00:00:00.000Z`,
      }),
    );
  });

  it('is given back when its scope is left, also by an error', async () => {
    const inScope = async () => {
      await using lease = await client.lease({ type: 'host' }).waitUntilActive();
      await lease.interface('command').execOrThrow(['true']);
      throw new Error('and then it broke');
    };
    await expect(inScope()).rejects.toThrow('and then it broke');
    expect(told('/release')).toHaveLength(1);
  });

  it('that was refused says why when it is waited for, and needs no giving back', async () => {
    gateway.answer = (_call, response) => gateway.problem(response, 422, 'lease-impossible');
    const inScope = async () => {
      await using lease = client.lease({ type: 'moon' });
      await lease.waitUntilActive();
    };
    await expect(inScope()).rejects.toMatchObject({ code: 'lease-impossible' });
    expect(told('/release')).toHaveLength(0);
  });

  it.each(['released', 'destroyed', 'broken'] as const)('that is %s instead ends the waiting with the reason', async (status) => {
    looks = [waiting(1), { status, end: { because: 'waited', at: '2030-01-01T00:00:00.000Z' } }];
    const ended = client.lease({ type: 'host' }).waitUntilActive();
    await expect(ended).rejects.toThrow(LeaseNotActive);
    await expect(ended).rejects.toThrow(`${ID} is over: it had waited as long as it was to`);
  });

  it('is waited for over a gateway that is away, for as long as is said, and until nobody wants it any more', async () => {
    looks = [waiting(1)];
    const lease = client.lease(ID);
    const tooLong = lease.waitUntilActive({ timeoutMs: 50 });
    await expect(tooLong).rejects.toThrow(LeaseWaitTimedOut);
    await expect(tooLong).rejects.toMatchObject({ code: 'timed-out', details: { reasons: expect.any(Array) } });
    const enough = new AbortController();
    const given = lease.waitUntilActive({ signal: enough.signal, onUpdate: () => enough.abort(new Error('enough')) });
    await expect(given).rejects.toThrow('enough');
    await gateway.stop();
    const whileAway = lease.waitUntilActive();
    looks = [{ status: 'active', token: 8 }];
    await gateway.start();
    expect((await whileAway).holding()).toEqual({ id: ID, token: 8 });
  });
});

describe('an interface', () => {
  const active = () => client.lease(ID).waitUntilActive();

  it('fails as the gateway says, before its first line and after it, or with nothing said where it breaks off', async () => {
    const command = (await active()).interface('command');
    lines = () => [{ from: 'stdout', lines: ['half'] }, { error: gateway.problemOf(409, 'lease-not-active') }];
    await expect(command.exec(['true'])).rejects.toMatchObject({ code: 'lease-not-active' });
    lines = () => [{ from: 'stdout', lines: ['half'] }];
    await expect(command.exec(['true'])).rejects.toThrow(NotReachable);
    gateway.answer = (_call, response) => gateway.problem(response, 409, 'lease-not-active');
    await expect(command.exec(['true'])).rejects.toThrow(ApiError);
  });

  it('is ended by its signal', async () => {
    const command = (await active()).interface('command');
    const left = new Promise<void>((resolve) => {
      gateway.answer = (_call, response) => {
        response.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).write('{"from":"stdout","lines":["on"]}\n');
        response.once('close', resolve);
      };
    });
    const enough = new AbortController();
    const running = command.exec(['sleep', '60'], { signal: enough.signal, onLine: () => enough.abort(new Error('enough')) });
    await expect(running).rejects.toThrow('enough');
    await left;
  });

  it('of files takes small ones along, and sends large ones by themselves', async () => {
    const filesystem = (await active()).interface('filesystem');
    lines = ({ path }) => [{ result: path.endsWith('readFile') ? { content: btoa('Grüße'.slice(0, 2)) } : null }];
    await filesystem.writeFile('greeting', 'Grüße', { mode: 0o600 });
    const [small] = told('/filesystem/writeFile');
    expect(JSON.parse(small!.body)).toEqual({ path: 'greeting', content: Buffer.from('Grüße').toString('base64'), mode: 0o600 });
    expect(new TextDecoder().decode((await filesystem.readFile('greeting'))!)).toBe('Gr');
    await filesystem.writeFile('/big', 'x'.repeat(200_000), { mode: 0o755 });
    expect([files.get('/big')?.length, told('PUT').map(({ query }) => query.get('mode'))]).toEqual([200_000, ['755']]);
    lines = () => [{ error: gateway.problemOf(413, 'too-large') }];
    expect((await filesystem.readFile('/big'))?.byteLength).toBe(200_000);
    expect(await new Response((await filesystem.openRead('/big')).body as never).text()).toHaveLength(200_000);
    lines = ({ path }) => [{ result: path.endsWith('list') ? ['a'] : null }];
    expect([await filesystem.list('/'), await filesystem.stat('/none'), await filesystem.readFile('/none')]).toEqual([
      ['a'],
      null,
      null,
    ]);
    await filesystem.mkdir('/a');
    await filesystem.remove('/a');
    expect([told('/mkdir'), told('/remove')].map((calls) => calls.length)).toEqual([1, 1]);
  });

  it('of a web server, a database or a machine’s power has its methods', async () => {
    const lease = await active();
    const httpd = lease.interface('httpd');
    await httpd.configure({ port: 8080, routes: { '/': { folder: 'site' } } });
    await httpd.restart();
    await httpd.getUri('/path');
    await httpd.logs('error', 5);
    const database = lease.interface('database');
    await database.query('SELECT $1', [1], { timeoutMs: 5_000 });
    await database.connection();
    const power = lease.interface('power');
    await power.status();
    await power.on();
    await power.off();
    await power.cycle();
    await power.bootFromNetwork();
    expect(told('/interfaces/').map(({ path, body }) => [path.split('/interfaces/')[1], JSON.parse(body) as unknown])).toEqual([
      ['httpd/configure', { site: { port: 8080, routes: { '/': { folder: 'site' } } } }],
      ['httpd/restart', {}],
      ['httpd/getUri', { path: '/path' }],
      ['httpd/logs', { which: 'error', lines: 5 }],
      ['database/query', { sql: 'SELECT $1', parameters: [1], timeoutMs: 5_000 }],
      ['database/connection', {}],
      ['power/status', {}],
      ['power/on', {}],
      ['power/off', {}],
      ['power/cycle', {}],
      ['power/bootFromNetwork', {}],
    ]);
  });

  it('of any other kind is called by the names of its methods', async () => {
    lines = () => [{ result: { version: 3 } }];
    const other = (await active()).interface('clock');
    expect(await other.call('set', { to: 'noon' })).toEqual({ version: 3 });
    expect(told('/interfaces/clock/set').map(({ body }) => body)).toEqual(['{"to":"noon"}']);
  });
});

describe('what is beside leases', () => {
  it('is called as the reference says', async () => {
    gateway.answer = (_call, response) => gateway.json(response, { items: [], resourceId: 'default.host-9', leaseIds: [] });
    await client.leases.reclaimAll({ ownerId: 'ada', reason: 'over' });
    await client.leases.reclaim(ID, 'moved').catch(() => {});
    await client.leases.force(ID, 'sold').catch(() => {});
    await client.resources.enter({ name: 'rack-a', blueprint: 'RemoteHost' });
    await client.resources.change('default.host-9', { capacity: 2 });
    await client.resources.remove('default.host-9', 'sold');
    await client.resources.force('default.host-9', 'burnt');
    await client.blueprints.list('blue');
    await client.blueprints.get('LocalHost');
    await client.blueprints.limit('LocalHost', { resources: 3 }, 'blue');
    await client.blueprints.approve('LocalHost', { ownerId: 'ada' });
    await client.blueprints.revoke('LocalHost', { ownerId: 'ada' });
    await client.quotas.list({ filter: { ownerId: 'ada' } });
    await client.quotas.set({ ownerId: 'ada', most: null });
    expect(
      gateway.calls.map(({ method, path, query, body }) => `${method} ${path.slice(8)}?${query.toString()} ${body}`.trim()),
    ).toEqual([
      'POST leases/reclaim? {"ownerId":"ada","reason":"over"}',
      'POST leases/default.lease-1/reclaim? {"reason":"moved"}',
      'POST leases/default.lease-1/force? {"reason":"sold"}',
      'POST resources? {"name":"rack-a","blueprint":"RemoteHost"}',
      'PATCH resources/default.host-9? {"capacity":2}',
      'DELETE resources/default.host-9?reason=sold',
      'DELETE resources/default.host-9?reason=burnt&force=true',
      'GET blueprints?environment=blue',
      'GET blueprints/LocalHost?',
      'PATCH blueprints/LocalHost? {"limits":{"resources":3},"environment":"blue"}',
      'POST blueprints/LocalHost/approve? {"ownerId":"ada"}',
      'POST blueprints/LocalHost/revoke? {"ownerId":"ada"}',
      'GET quotas?ownerId=ada',
      'PUT quotas? {"ownerId":"ada","most":null}',
    ]);
  });
});
