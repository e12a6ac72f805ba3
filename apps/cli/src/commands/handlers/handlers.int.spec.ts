import { afterEach, describe, expect, it } from '@jest/globals';
import type { HandlerList } from '@slipway/contracts/http';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const EVENT = '7d0c3f0e-6f0f-4b8e-9d7a-0a4a5f1f3c11';
const LIST: HandlerList = {
  items: [
    {
      ...{ name: 'welcome', file: '/x/welcome.mjs', names: ['dfe.provisioned', 'dfe.imported'], replica: 'here-handlers' },
      problem: 'It failed at dfe.provisioned',
      parkedCount: 1,
      parked: [
        {
          ...{ eventId: EVENT, name: 'dfe.provisioned', stream: 'request-1', revision: 7, tries: 5, retrying: false },
          parkedAt: '2026-01-05T09:31:00.000Z',
          cause: { code: 'handler-failed', message: 'The mail server does not answer', hint: 'Mend it.' },
        },
      ],
    },
    { name: 'gone', names: [], parkedCount: 0, parked: [] },
  ],
};

describe('handlers', () => {
  let gateway: SmallGateway;
  afterEach(() => gateway.close());
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));

  it('are listed with what they listen to, how much they have parked, and what is the matter', async () => {
    gateway = await SmallGateway.open(() => LIST);
    const { code, stdout } = await ran(gateway.url, 'handlers');
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual([
      ['HANDLER', 'LISTENS TO', 'PARKED', 'WHY'],
      ['welcome', 'dfe.provisioned, dfe.imported', '1', 'It failed at dfe.provisioned'],
      ['gone', '0', 'It is not configured any more'],
    ]);
  });

  it('show what is parked and why', async () => {
    gateway = await SmallGateway.open(() => LIST.items[0]!);
    expect(lines((await ran(gateway.url, 'handlers', 'parked', 'welcome')).stdout)[1]).toEqual([
      ...[EVENT, 'dfe.provisioned', '2026-01-05T09:31:00.000Z', '5', 'The mail server does not answer'],
    ]);
    const shown = await ran(gateway.url, 'handlers', 'show', 'welcome', '-o', 'json');
    expect(JSON.parse(shown.stdout)).toEqual(LIST.items[0]);
  });

  it('retry what is parked, or discard it with a reason, without which nothing is asked for', async () => {
    gateway = await SmallGateway.open(() => ({ requestId: EVENT, position: 'log.1.9' }));
    expect(await ran(gateway.url, 'handlers', 'retry', 'welcome', EVENT)).toMatchObject({
      ...{ code: 0, stdout: `welcome tries ${EVENT} again.\n` },
    });
    expect((await ran(gateway.url, 'handlers', 'discard', 'welcome', EVENT)).code).not.toBe(0);
    expect(await ran(gateway.url, 'handlers', 'discard', '--reason=over', 'welcome', EVENT)).toMatchObject({ code: 0 });
    expect(gateway.calls).toEqual([
      `POST /api/v1/handlers/welcome/parked/${EVENT}/retry`,
      `POST /api/v1/handlers/welcome/parked/${EVENT}/discard`,
    ]);
  });
});
