import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeaseView } from '@slipway/contracts/http';
import { SmallGateway } from '../../testing/small-gateway.js';
import { ran } from '../../testing/ran.js';

const ID = 'default.lease-1';
const row = {
  ...{ id: ID, environment: 'default', type: 'host', status: 'active', owner: { id: 'ada', type: 'user' }, token: 7 },
  ...{ resourceId: 'default.host-9', createdAt: '2030-01-01T00:00:00.000Z', position: 'p' },
};
const resource = {
  ...{ id: 'default.host-9', name: 'host-9', status: 'open', blueprint: 'LocalHost', manual: false, location: 'local' },
  ...{ attributes: { memory: 2, disk: 'ssd' }, load: 1, capacity: 4, position: 'p' },
};
const blueprint = {
  ...{ name: 'LocalHost', type: 'host', location: 'local', made: 1, limits: { resources: 2 }, interfaces: ['command'] },
  approved: ['user/ada'],
};
const quota = {
  ...{ owner: { id: 'ada', type: 'user' }, type: 'host', most: 3, environment: 'default', actor: { id: 'operator' } },
  setAt: '2030-01-01T00:00:00.000Z',
};

let gateway: SmallGateway;
let folder: string;
/** What a lease is, look by look: the last one stays. */
let looks: Partial<LeaseView>[];
/** What it is in a list, which does not tell how it waits. */
let listed: Partial<LeaseView>;
/** Bodies that were sent, with where. */
let sent: [string, unknown][];
/** What a call of an interface says. */
let lines: object[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-leases-'));
  looks = [{}];
  listed = {};
  sent = [];
  lines = [{ result: { exitCode: 0, stdout: '', stderr: '' } }];
  gateway = await SmallGateway.open(({ pathname, search }, method, body) => {
    const path = pathname.slice('/api/v1'.length);
    if (method !== 'GET') sent.push([`${method} ${path}${search}`, body]);
    if (path.includes('/interfaces/')) return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (path.endsWith('/files')) return method === 'GET' ? 'from there' : { bytes: 4 };
    if (method !== 'GET') {
      return { leaseId: ID, resourceId: 'default.host-9', name: 'LocalHost', leaseIds: [ID], position: 'p' };
    }
    if (path === '/leases') return { items: [{ ...row, ...listed }], position: 'p' };
    if (path.startsWith('/leases/')) return { ...row, ...(looks.length > 1 ? looks.shift() : looks[0]) };
    if (path === '/resources') return { items: [resource], position: 'p' };
    if (path === '/quotas') return { items: [quota], position: 'p' };
    if (path.startsWith('/blueprints')) return path === '/blueprints' ? { items: [blueprint] } : blueprint;
    return resource;
  });
});
afterEach(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

const run = (...args: string[]) => ran(gateway.url, ...args);
const line = (stdout: string, n = 1) => stdout.split('\n')[n];

describe('slipway lease', () => {
  it('asks for what is said, and prints its id', async () => {
    const asked = await run(
      ...['lease', '--type', 'host', '--attribute', 'memory=4', '--attribute', 'disk=ssd', '--filter', '(cpus>=2)'],
      ...['--blueprint', 'LocalHost', '--resource', 'host-9', '--slot', 'port/8080', '--slot', 'port/8081', '--amount', '2'],
      ...[
        '--priority',
        '5',
        '--until',
        '2030-01-01T00:00:00Z',
        '--wait-until',
        '2029-01-01T00:00:00Z',
        '--replace',
        '--no-queue',
      ],
      ...['--owner', 'team-a', '--owner-type', 'team', '--environment', 'blue'],
    );
    expect([asked.code, asked.stdout]).toEqual([0, `${ID}\n`]);
    expect(sent).toEqual([
      [
        'POST /leases',
        {
          ...{ type: 'host', ownerId: 'team-a', ownerType: 'team', environment: 'blue', attributes: { memory: 4, disk: 'ssd' } },
          ...{ filter: '(cpus>=2)', blueprint: 'LocalHost', resourceId: 'blue.host-9', slots: ['port/8080', 'port/8081'] },
          ...{ amount: 2, priority: 5, replace: true, wait: false },
          ...{ until: '2030-01-01T00:00:00Z', waitUntil: '2029-01-01T00:00:00Z' },
        },
      ],
    ]);
  });

  it('tells the key to ask again with where no answer came', async () => {
    const nowhere = 'http://127.0.0.1:1';
    const unsure = await ran(nowhere, 'lease', '--type', 'host', '--idempotency-key', 'mine');
    expect(unsure).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('again with --idempotency-key mine gets that lease'),
    });
    expect((await ran(nowhere, 'lease', '--type', 'host')).stderr).toMatch(/--idempotency-key [0-9a-f-]{36} gets/);
  });

  it('takes a value as JSON where it reads back the same, and as text else', async () => {
    const given = ['memory=4', 'disk=', 'label={"a": 1}', 'on=true', 'version=1.10', 'zip=007', 'number=12345678901234567890'];
    const quoted = ['branch="8675309"'];
    await run('lease', '--type', 'host', ...[...given, ...quoted].flatMap((one) => ['--attribute', one]));
    const { attributes } = sent[0]![1] as { attributes: object };
    expect(attributes).toEqual({
      ...{ memory: 4, disk: '', label: { a: 1 }, on: true },
      ...{ version: '1.10', zip: '007', number: '12345678901234567890', branch: '8675309' },
    });
  });

  it('takes how long from now, too', async () => {
    const before = Date.now();
    await run('lease', '--type', 'host', '--until', '30m');
    const { until } = sent[0]![1] as { until: string };
    expect(Date.parse(until)).toBeGreaterThanOrEqual(before + 1_800_000);
    expect(Date.parse(until)).toBeLessThanOrEqual(Date.now() + 1_800_000);
    expect(await run('lease', '--type', 'host', '--until', 'noon')).toMatchObject({
      code: 2,
      text: expect.stringContaining('--until must be how long from now, such as 30m'),
    });
  });

  it('waits where that is wanted, and tells its place, what it waits for and an estimate', async () => {
    const standing = { status: 'pending' as const, place: 2, reasons: ['LocalHost: host-2 has 0 of 1 free'] };
    looks = [
      { status: 'pending', standing: { ...standing, estimate: '2030-01-01T00:10:00.000Z' } },
      { status: 'pending', standing: { ...standing, place: 1 } },
      { status: 'active' },
    ];
    const waited = await run('lease', '--type', 'host', '--wait');
    expect([waited.code, waited.stdout]).toEqual([0, `${ID}\n`]);
    expect(waited.stderr.trim().split('\n')).toEqual([
      `lease ${ID} pending: place 2; LocalHost: host-2 has 0 of 1 free; perhaps from 2030-01-01 00:10:00 UTC`,
      `lease ${ID} pending: place 1; LocalHost: host-2 has 0 of 1 free`,
      `lease ${ID} active`,
    ]);
  });

  it('says with its exit code that it gave up waiting, or that nothing came of it', async () => {
    looks = [{ status: 'pending' }];
    expect(await run('lease', '--type', 'host', '--wait', '--timeout', '0.05')).toMatchObject({
      code: 5,
      text: expect.stringContaining(`it waits on. Follow it with: npx slipway leases wait ${ID}`),
    });
    looks = [{ status: 'destroyed', end: { because: 'waited', at: '2030-01-01T00:00:00.000Z' } }];
    expect(await run('lease', '--type', 'host', '--wait')).toMatchObject({
      code: 1,
      text: expect.stringContaining(`${ID} is over: it had waited as long as it was to (lease-not-active)`),
    });
  });
});

describe('leases', () => {
  it('are listed and shown', async () => {
    const ofAda = await run('leases', '--type', 'host', '--owner', 'ada', '--resource', 'host-9');
    expect(line(ofAda.stdout)).toBe(`${ID}  host  active  ada    default.host-9  2030-01-01 00:00:00`);
    expect(gateway.calls.at(-1)).toContain('type=host&ownerId=ada&resourceId=default.host-9');
    await run('leases', '--all');
    expect(gateway.calls.at(-1)).toContain('status=destroyed');
    looks = [{ status: 'released', irrevocable: { reason: 'no answer', tries: 2, retryAt: '2030-01-01T00:00:00.000Z' } }];
    expect((await run('leases', 'show', 'lease-1')).stdout).toContain('reason: no answer');
    expect(gateway.calls.at(-1)).toBe(`GET /api/v1/leases/${ID}`);
  });

  it('say what they wait for, with place and amount, what holds them, and why they are over', async () => {
    const why = async (...flags: string[]) =>
      line((await run('leases', ...flags)).stdout)!
        .split(/ {2,}/)
        .slice(6)
        .join();
    listed = { status: 'pending', amount: 4 };
    looks = [{ ...listed, standing: { status: 'pending', place: 3, reasons: ['host-2 has 0 of 4 free', 'no more'] } }];
    expect(await why()).toBe('place 3, wants 4; host-2 has 0 of 4 free; no more');
    listed = { status: 'active', holderId: 'default.working-copy-3' };
    expect(await why()).toBe('held by default.working-copy-3');
    listed = { status: 'destroyed', end: { because: 'release', at: '2030-01-01T00:00:00.000Z' } };
    expect(await why('--all')).toBe('it was given back');
  });

  it('are found by what is wrong with them, and by whom they belong to', async () => {
    await run('leases', '--irrevocable', '--request', 'r-7', '--holder', 'working-copy-3', '--environment', 'blue');
    expect(gateway.calls.at(-1)).toContain('irrevocable=true&requestId=r-7&holderId=blue.working-copy-3');
    await run('leases');
    expect(gateway.calls.at(-1)).not.toContain('irrevocable');
  });

  it('are followed by their ids', async () => {
    looks = [{ status: 'acquired' }, { status: 'active' }];
    const waited = await run('leases', 'wait', 'lease-1');
    expect(waited).toMatchObject({ code: 0, stdout: `${ID}\n`, stderr: `lease ${ID} acquired\nlease ${ID} active\n` });
  });

  it('are renewed, released and reclaimed', async () => {
    expect((await run('renew', 'lease-1', '--until', '2030-01-01T00:00:00Z')).stdout).toBe(
      `${ID} lasts until 2030-01-01 00:00:00 UTC.\n`,
    );
    expect((await run('release', 'lease-1', '--reason', 'done')).stdout).toBe(`${ID} is released.\n`);
    expect((await run('reclaim', 'lease-1', '--reason', 'moved')).stdout).toBe(`${ID} is reclaimed.\n`);
    expect((await run('reclaim', 'lease-1', '--reason', 'sold', '--force')).stdout).toBe(`${ID} is over.\n`);
    const all = await run('reclaim', '--owner', 'ada', '--attribute', 'project=apollo', '--reason', 'over');
    expect(all.stdout).toBe(`Reclaimed: ${ID}.\n`);
    expect(sent).toEqual([
      [`POST /leases/${ID}/renew`, { until: '2030-01-01T00:00:00Z' }],
      [`POST /leases/${ID}/release`, { reason: 'done' }],
      [`POST /leases/${ID}/reclaim`, { reason: 'moved' }],
      [`POST /leases/${ID}/force`, { reason: 'sold' }],
      ['POST /leases/reclaim', { ownerId: 'ada', attributes: { project: 'apollo' }, reason: 'over' }],
    ]);
    for (const wrong of [[], ['lease-1', '--owner', 'ada'], ['--owner', 'ada', '--force']])
      expect(await run('reclaim', ...wrong, '--reason', 'x')).toMatchObject({ code: 2 });
  });
});

describe('slipway exec', () => {
  it('shows what a program says, and ends as it does', async () => {
    lines = [
      ...[
        { from: 'stdout', lines: ['Linux'] },
        { from: 'alive', lines: [] },
        { from: 'stderr', lines: ['hm'] },
      ],
      { result: { exitCode: 3, stdout: 'Linux\n', stderr: 'hm\n' } },
    ];
    const done = await run('exec', 'lease-1', '--env', 'A=b', '--cwd', '/srv', '--timeout', '5', '--', 'uname', '-a', '--all');
    expect(done).toMatchObject({ code: 3, stdout: 'Linux\n', stderr: 'hm\n' });
    expect(sent).toEqual([
      [
        `POST /leases/${ID}/interfaces/command/exec`,
        { command: ['uname', '-a', '--all'], cwd: '/srv', env: { A: 'b' }, timeoutMs: 5_000 },
      ],
    ]);
    const whole = await run('exec', '-o', 'json', 'lease-1', '--', 'uname');
    expect([whole.code, JSON.parse(whole.stdout)]).toEqual([3, { exitCode: 3, stdout: 'Linux\n', stderr: 'hm\n' }]);
  });

  it('ends as a shell does where there is no such program, and says where the program stands', async () => {
    const problem = { code: 'not-found', detail: 'there is no program nope', hint: 'Check the name.', status: 404 };
    lines = [{ error: { ...problem, details: { lacks: 'program' } } }];
    expect(await run('exec', 'lease-1', '--', 'nope')).toMatchObject({
      code: 127,
      stderr: 'there is no program nope (not-found)\nCheck the name.\n',
    });
    lines = [{ error: { ...problem, details: { lacks: 'folder' } } }];
    expect((await run('exec', 'lease-1', '--', 'pwd')).code).toBe(1);
    expect((await run('exec', 'lease-1', 'ls', '-la')).stderr).toContain('behind a bare --: npx slipway exec lease-1 -- ls -la');
  });

  it('waits first, where that is wanted, until the lease is active', async () => {
    looks = [{ status: 'acquired' }, { status: 'active' }];
    lines = [{ from: 'stdout', lines: ['Linux'] }, { result: { exitCode: 0, stdout: 'Linux\n', stderr: '' } }];
    const done = await run('exec', '--wait', 'lease-1', '--', 'uname');
    expect(done).toMatchObject({ code: 0, stdout: 'Linux\n', stderr: `lease ${ID} acquired\nlease ${ID} active\n` });
    looks = [{ status: 'destroyed', end: { because: 'release', at: '2030-01-01T00:00:00.000Z' } }];
    expect(await run('exec', '--wait', 'lease-1', '--', 'uname')).toMatchObject({ code: 1 });
    expect(sent).toHaveLength(1);
  });

  it('on a lease that is not active says how it is', async () => {
    looks = [{ status: 'pending', standing: { status: 'pending', reasons: ['all are leased'] } }];
    const refused = await run('exec', 'lease-1', '--', 'uname');
    expect(refused).toMatchObject({
      code: 1,
      text: expect.stringContaining(`${ID} is pending: all are leased (lease-not-active)`),
    });
    expect(sent).toEqual([]);
  });
});

describe('slipway lease -- command', () => {
  const calls = () => sent.map(([call]) => call);
  const exec = `POST /leases/${ID}/interfaces/command/exec`;
  const release = `POST /leases/${ID}/release`;

  it('waits, runs the program, gives the lease back and ends as the program did', async () => {
    looks = [{ status: 'acquired' }, { status: 'active' }];
    lines = [{ from: 'stdout', lines: ['Linux'] }, { result: { exitCode: 3, stdout: 'Linux\n', stderr: '' } }];
    const done = await run('lease', '--type', 'host', '--until', '30m', '--', 'uname', '-a', '--type');
    expect(done).toMatchObject({ code: 3, stdout: 'Linux\n', stderr: `lease ${ID} acquired\nlease ${ID} active\n` });
    expect(calls()).toEqual(['POST /leases', exec, release]);
    expect(sent[1]![1]).toMatchObject({ command: ['uname', '-a', '--type'] });
  });

  it('gives it back also where the program cannot be run, or the lease never becomes active', async () => {
    lines = [{ error: { code: 'output-lost', detail: 'line 3 was lost', title: 'Lost', status: 502 } }];
    expect(await run('lease', '--type', 'host', '--', 'uname')).toMatchObject({
      code: 1,
      text: expect.stringMatching(/output-lost/),
    });
    expect(calls()).toEqual(['POST /leases', exec, release]);
    sent = [];
    looks = [{ status: 'broken', reason: 'host-9 broke' }];
    expect(await run('lease', '--type', 'host', '--', 'uname')).toMatchObject({ code: 1, text: expect.stringMatching(/broke/) });
    expect(calls()).toEqual(['POST /leases', release]);
    sent = [];
    expect(await run('lease', '--type', 'host', '--timeout', '2', '--', 'uname')).toMatchObject({ code: 2 });
    expect(sent).toEqual([]);
  });
});

describe('slipway leases call', () => {
  it('calls a method of any interface, with its arguments as JSON, and prints its result', async () => {
    lines = [{ from: 'stderr', lines: ['slow'] }, { result: { columns: ['one'], rows: [[1]], count: 1 } }];
    const asked = await run('leases', 'call', 'lease-1', 'database', 'query', '{"sql":"SELECT 1 AS one"}', '-o', 'json');
    expect([asked.code, JSON.parse(asked.stdout)]).toEqual([0, { columns: ['one'], rows: [[1]], count: 1 }]);
    expect(asked.stderr).toBe('slow\n');
    lines = [{ result: null }];
    expect(await run('leases', 'call', 'lease-1', 'httpd', 'restart')).toMatchObject({ code: 0, stdout: '' });
    expect(sent).toEqual([
      [`POST /leases/${ID}/interfaces/database/query`, { sql: 'SELECT 1 AS one' }],
      [`POST /leases/${ID}/interfaces/httpd/restart`, {}],
    ]);
  });

  it('sends nothing where the arguments are no object, or the lease is not active', async () => {
    for (const wrong of ['SELECT 1', '[1]', 'null'])
      expect(await run('leases', 'call', 'lease-1', 'database', 'query', wrong)).toMatchObject({
        code: 2,
        text: expect.stringContaining('must be one JSON object'),
      });
    looks = [{ status: 'pending', standing: { status: 'pending', reasons: ['all are leased'] } }];
    expect(await run('leases', 'call', 'lease-1', 'httpd', 'restart')).toMatchObject({
      code: 1,
      text: expect.stringContaining('lease-not-active'),
    });
    expect(sent).toEqual([]);
  });
});

describe('slipway cp', () => {
  it('copies a file to what is leased, and from it', async () => {
    const here = join(folder, 'app.tar');
    await writeFile(here, 'here', { mode: 0o640 });
    expect(await run('cp', here, 'lease-1:/srv/')).toMatchObject({ code: 0, stdout: `${ID}:/srv/app.tar: 4 bytes\n` });
    expect(sent).toEqual([[`PUT /leases/${ID}/files?path=%2Fsrv%2Fapp.tar&mode=640`, 'here']]);
    expect((await run('cp', 'lease-1:/srv/report.txt', `${folder}/`)).code).toBe(0);
    expect(await readFile(join(folder, 'report.txt'), 'utf8')).toBe('from there');
    const again = await run('cp', 'lease-1:/srv/report.txt', folder);
    expect(again).toMatchObject({ code: 2, text: expect.stringContaining('is there already') });
    expect((await run('cp', '--force', 'lease-1:/srv/report.txt', folder)).code).toBe(0);
  });

  it('needs one of both on a lease, and a file that is there', async () => {
    for (const wrong of [
      ['a', 'b'],
      ['lease-1:/a', 'lease-2:/b'],
      [join(folder, 'none'), 'lease-1:/a'],
    ])
      expect(await run('cp', ...wrong)).toMatchObject({ code: 2 });
    expect(await run('cp', folder, 'lease-1:')).toMatchObject({ code: 2, text: expect.stringContaining('is a folder: pack it') });
  });
});

describe('what is leased', () => {
  it('is listed, shown, entered, changed and taken away', async () => {
    expect(line((await run('resources', '--type', 'host')).stdout)).toBe(
      'default.host-9  host-9  open    LocalHost  local     1 of 4',
    );
    expect((await run('resources', 'show', 'host-9')).stdout).toContain('name: host-9');
    await run('resources', '--stuck');
    expect(gateway.calls.at(-1)).toContain('stuck=true');
    const entered = await run(
      'resources',
      'enter',
      'rack-a',
      '--blueprint',
      'RemoteHost',
      '--attribute',
      'memory=8',
      '--owner',
      'ada',
    );
    expect(entered.stdout).toBe('default.host-9\n');
    await run('resources', 'change', 'host-9', '--attribute', 'memory=16', '--capacity', '2');
    await run('resources', 'remove', 'host-9', '--reason', 'sold');
    expect(await run('resources', 'remove', 'host-9', '--force', '--reason', 'burnt')).toMatchObject({
      code: 0,
      stdout: 'default.host-9 is gone.\n',
    });
    expect(await run('resources', 'remove', 'host-9', '--force')).toMatchObject({ code: 2, stderr: /--reason/ });
    expect(sent).toEqual([
      ['POST /resources', { name: 'rack-a', blueprint: 'RemoteHost', ownerId: 'ada', attributes: { memory: 8 } }],
      ['PATCH /resources/default.host-9', { attributes: { memory: 16, disk: 'ssd' }, capacity: 2 }],
      ['DELETE /resources/default.host-9?reason=sold', undefined],
      ['DELETE /resources/default.host-9?reason=burnt&force=true', undefined],
    ]);
  });

  it('is made by blueprints, which are listed, approved, revoked and limited', async () => {
    expect(line((await run('blueprints')).stdout)).toBe('LocalHost  host  local     1 of 2  command     user/ada');
    expect((await run('blueprints', 'show', 'LocalHost', '--environment', 'blue')).stdout).toContain('type: host');
    expect(gateway.calls.at(-1)).toBe('GET /api/v1/blueprints/LocalHost?environment=blue');
    expect((await run('blueprints', 'approve', 'LocalHost', '--owner', 'ada')).stdout).toBe('ada may use LocalHost.\n');
    await run('blueprints', 'revoke', 'LocalHost', '--owner', 'team-a', '--owner-type', 'team', '--reason', 'left');
    expect((await run('blueprints', 'limit', 'LocalHost', '--resources', '3', '--idle-seconds', '60')).stdout).toBe(
      'LocalHost has other limits: resources 3, idleSeconds 60.\n',
    );
    expect(sent).toEqual([
      ['POST /blueprints/LocalHost/approve', { ownerId: 'ada' }],
      ['POST /blueprints/LocalHost/revoke', { ownerId: 'team-a', ownerType: 'team', reason: 'left' }],
      ['PATCH /blueprints/LocalHost', { limits: { resources: 3, idleSeconds: 60 } }],
    ]);
    expect(await run('blueprints', 'limit', 'LocalHost')).toMatchObject({ code: 2 });
    expect(await run('blueprints', 'approve', 'LocalHost')).toMatchObject({ code: 2 });
  });

  it('is limited by quotas, which are listed and set', async () => {
    expect(line((await run('quotas', '--owner', 'ada')).stdout)).toBe(
      'user/ada  host  3     default      2030-01-01 00:00:00  operator',
    );
    expect((await run('quotas', 'set', 'ada', '3', '--type', 'host')).stdout).toBe(
      'ada may have 3 leases of type host at once.\n',
    );
    expect((await run('quotas', 'set', 'ada', 'none')).stdout).toBe('ada may have any number of leases at once.\n');
    expect(sent).toEqual([
      ['PUT /quotas', { ownerId: 'ada', most: 3, type: 'host' }],
      ['PUT /quotas', { ownerId: 'ada', most: null }],
    ]);
  });
});
