import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SmallGateway } from '../testing/small-gateway.js';
import { ran } from '../testing/ran.js';

const pause = { at: '2026-01-05T09:40:00.000Z', by: { id: 'operator', type: 'user' }, reason: 'waiting for Bob\nand Ann' };
const why = 'paused by operator: waiting for Bob';
const environment = { name: 'default', paused: true, pause, instances: 0, storages: 0, databases: 0 };
const request = {
  ...{ id: 'r1', job: 'provision', status: 'paused', instanceId: 'shop', owner: { id: 'ada' }, environment: 'default' },
  ...{ acceptedAt: '', pause, cause: { message: 'why it is undone' } },
};

function answer({ pathname, searchParams: query }: URL): unknown {
  if (pathname === '/api/v1/info') return { mesh: 'dev', profile: 'dev', version: '1' };
  if (pathname === '/api/v1/health/ready') return { ready: true, checks: [] };
  if (pathname === '/api/v1/requests') return { items: query.get('status') === 'attention' ? [] : [request], position: '1' };
  return { items: pathname === '/api/v1/environments' ? [environment] : [], position: '1' };
}

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await SmallGateway.open(answer);
});
afterAll(() => gateway.close());

it.each(['requests', 'environments'])('a pause is shown by whom and why in the table of %s', async (noun) => {
  const [head, row] = (await ran(gateway.url, noun)).stdout.split('\n');
  expect(row!.slice(head!.indexOf('WHY')).trimEnd()).toBe(why);
});

it.each(['status', 'doctor'])('%s tells where dispatching is paused, by whom and why, and how it goes on', async (command) => {
  const { stdout } = await ran(gateway.url, command);
  expect(stdout).toMatch(new RegExp(`^ *! dispatching in default: ${why}\n +→ npx slipway environments resume default\n`, 'm'));
  expect(gateway.calls).toContainEqual(expect.stringMatching(/environments\?.*paused=true/));
});
