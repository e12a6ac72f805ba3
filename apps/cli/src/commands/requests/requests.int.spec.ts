import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const row = (id: string, more: object) => ({
  ...{ id, job: 'provision', status: 'failed', instanceId: 'shop', owner: { id: 'ada' }, environment: 'default', acceptedAt: '' },
  ...more,
});
const rows = [
  row('r1', {
    cause: { message: `Not healthy within 30 s. The end of its log: ${'a'.repeat(100)}\nError: no such file\n  at main` },
  }),
  row('r2', {
    status: 'unsatisfied',
    result: { unsatisfied: [{ message: 'There is no definition "nothing".' }, { message: 'Nor that.' }] },
  }),
  row('r3', { status: 'queued', waiting: { reason: 'It is not before its time' } }),
  row('r4', { status: 'succeeded', result: { installed: [] } }),
];

describe('why, in the table of requests', () => {
  let gateway: SmallGateway;
  const { columns } = process.stdout;
  beforeAll(async () => {
    gateway = await SmallGateway.open(() => ({ items: rows, position: '1' }));
  });
  afterEach(() => {
    process.stdout.columns = columns;
  });
  afterAll(() => gateway.close());
  const lines = async () => (await ran(gateway.url, 'requests')).stdout.trimEnd().split('\n');

  it('is one line a request: of what failed the first, of what is unsatisfied the first requirement', async () => {
    const [head, ...shown] = await lines();
    const at = head!.indexOf('WHY');
    expect(shown.map((line) => line.slice(at))).toEqual([
      `Not healthy within 30 s. The end of its log: ${'a'.repeat(100)}`,
      'There is no definition "nothing".',
      'It is not before its time',
      '',
    ]);
  });

  it.each([
    [120, 120],
    [60, 120],
  ])('on a terminal of %d columns ends where one of its lines ends', async (width, longest) => {
    process.stdout.columns = width;
    const [, failed, unsatisfied] = await lines();
    expect([failed!.length, failed!.at(-1)]).toEqual([longest, '…']);
    expect(unsatisfied).toMatch(/There is no definition "nothing"\.$/);
  });
});
