import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SmallGateway } from '../testing/small-gateway.js';
import { ran } from '../testing/ran.js';

/** More than the gateway ever gives at once. */
const ROWS = 1200;
const position = (n: number) => `log.0000000001.${String(n).padStart(20, '0')}`;
const row = (n: number) => ({
  ...{ id: `r${n}`, job: 'provision', status: 'queued', instanceId: `i${n}`, owner: { id: 'ada' }, environment: 'default' },
  ...{ name: `n${n}`, acceptedAt: '', definition: { name: 'hello', version: '1.0.0' }, driver: 'process', location: 'local' },
  ...{ outputs: {}, updatedAt: '', paused: false, instances: 0, storages: 0, databases: 0 },
});
const event = (n: number) => ({ id: `e${n}`, position: position(n), type: 'T', stream: `s-${n}`, recordedAt: '', data: {} });

/** Pages as the gateway makes them: at most 500 rows, 50 when not told; 5,000 events, 100 when not told. */
function answer({ pathname, searchParams: query }: URL): unknown {
  if (pathname === '/api/v1/info') return { mesh: 'dev', profile: 'dev', version: '1' };
  if (pathname === '/api/v1/health/ready') return { ready: true, checks: [] };
  const isEvents = pathname === '/api/v1/events';
  const limit = Math.min(Number(query.get('limit') ?? (isEvents ? 100 : 50)), isEvents ? 5000 : 500);
  const from = isEvents ? Number(query.get('after')?.slice(-20) ?? 0) : Number(query.get('cursor') ?? 0);
  const to = Math.min(from + limit, ROWS);
  const items = Array.from({ length: Math.max(0, to - from) }, (_, index) => (isEvents ? event : row)(from + index + 1));
  // A moment in the past, as it is asked for to find the newest events, is the beginning.
  const at = query.has('asOf') ? 0 : to;
  return { items, position: position(at), ...(to < ROWS && { next: isEvents ? position(to) : String(to) }) };
}

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await SmallGateway.open(answer);
});
afterAll(() => gateway.close());
const lines = (text: string) => text.trimEnd().split('\n');

describe.each(['requests', 'instances', 'storages', 'databases', 'environments'])('%s', (noun) => {
  it('are all shown, over as many pages as it takes', async () => {
    const table = await ran(gateway.url, noun);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(lines(table.stdout)).toHaveLength(ROWS + 1);
    const { stdout } = await ran(gateway.url, noun, '-o', 'json');
    expect(JSON.parse(stdout)).toHaveLength(ROWS);
  });

  it.each([1, 700])('are cut off at --limit %d, and that there are more is said beside the result', async (limit) => {
    const { stdout, stderr } = await ran(gateway.url, noun, '-o', 'json', '--limit', String(limit));
    expect(JSON.parse(stdout)).toHaveLength(limit);
    expect(stderr).toBe(`Only the first ${limit} are shown, and there are more: leave out --limit to see them all.\n`);
  });

  it('that --limit does not cut off are shown without a word', async () => {
    const { stdout, stderr } = await ran(gateway.url, noun, '-o', 'json', '--limit', String(ROWS));
    expect([(JSON.parse(stdout) as unknown[]).length, stderr]).toEqual([ROWS, '']);
  });
});

it('status counts every unfinished request', async () => {
  expect((await ran(gateway.url, 'status')).stdout).toContain(`${ROWS} unfinished requests: npx slipway requests\n`);
  const { unfinished } = JSON.parse((await ran(gateway.url, 'status', '-o', 'json')).stdout) as { unfinished: unknown[] };
  expect(unfinished).toHaveLength(ROWS);
});

it.each([
  [1, '1 unfinished request: npx slipway requests\n'],
  [0, 'No unfinished requests.\n'],
])('status of %d unfinished', async (count, said) => {
  const few = await SmallGateway.open((url) =>
    url.pathname === '/api/v1/requests' ? { items: Array.from({ length: count }, (_, n) => row(n)), position: '1' } : answer(url),
  );
  expect((await ran(few.url, 'status')).stdout).toContain(said);
  await few.close();
});

it('status shows what works and has something to be mended, and its exit code stays 0', async () => {
  const checks = [{ name: 'instance at local', ready: true, reason: '/data/g1 carries our mark: no stream knows of it' }];
  const strays = await SmallGateway.open((url) =>
    url.pathname === '/api/v1/health/ready' ? { ready: true, checks } : answer(url),
  );
  const { code, stdout } = await ran(strays.url, 'status');
  expect(stdout).toMatch(/: ready\n {2}! instance at local: \/data\/g1 carries .*\n {6}→ .*\n/);
  expect(code).toBe(0);
  const doctor = await ran(strays.url, 'doctor', '--data', '/nowhere');
  expect(doctor.stdout).toMatch(/^! instance at local: \/data\/g1 carries .*\n {4}→ .*$/m);
  await strays.close();
});

describe('events', () => {
  const shown = async (...args: string[]) => {
    const { stdout, stderr } = await ran(gateway.url, 'events', '-o', 'json', ...args);
    const events = stdout ? lines(stdout).map((line) => JSON.parse(line) as { id: string }) : [];
    return { first: events[0]?.id, last: events.at(-1)?.id, count: events.length, said: lines(stderr) };
  };

  it('are the newest, and it is said that there are older ones and where to go on', async () => {
    expect(await shown()).toEqual({
      ...{ first: 'e1101', last: 'e1200', count: 100 },
      said: [
        'These are the newest 100; there are older ones: a greater --limit, or --after start for all of them.',
        `Go on after these with: --after ${position(ROWS)}`,
      ],
    });
    expect(await shown('--limit', '1')).toMatchObject({ first: 'e1200', count: 1 });
    const all = await shown('--limit', '5000');
    expect(all).toMatchObject({ first: 'e1', count: ROWS, said: [`Go on after these with: --after ${position(ROWS)}`] });
  });

  it('are all those after a position, and none is missed or repeated by who goes on where it says', async () => {
    expect(await shown('--after', 'start')).toMatchObject({ first: 'e1', last: 'e1200', count: ROWS });
    expect(await shown('--after', position(1190))).toMatchObject({ first: 'e1191', count: 10 });
    const part = await shown('--after', position(10), '--limit', '1050');
    expect(part).toEqual({
      ...{ first: 'e11', last: 'e1060', count: 1050 },
      said: ['Only the first 1050 are shown, and there are more.', `Go on after these with: --after ${position(1060)}`],
    });
    expect(await shown('--after', position(1060), '--limit', '140')).toEqual({
      ...{ first: 'e1061', last: 'e1200', count: 140 },
      said: [`Go on after these with: --after ${position(ROWS)}`],
    });
    expect(await shown('--after', position(ROWS))).toMatchObject({ count: 0, said: [expect.stringContaining(position(ROWS))] });
  });
});
