import { afterEach, describe, expect, it } from '@jest/globals';
import type { ViewsState } from '@slipway/contracts/http';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const EVENT = '7d0c3f0e-6f0f-4b8e-9d7a-0a4a5f1f3c11';
const well: ViewsState = { position: 'log.1.9', building: [], stopped: [] };
const stopped: ViewsState = {
  position: 'log.1.9',
  building: [{ view: 'requests', live: true, position: 'log.1.4' }],
  stopped: [
    { view: 'instances', reason: 'generation is missing', eventId: EVENT },
    { view: 'storages', reason: 'the log is damaged' },
  ],
};

describe('views', () => {
  let gateway: SmallGateway;
  afterEach(() => gateway.close());

  it('are where all of them stand', async () => {
    gateway = await SmallGateway.open(() => well);
    expect(await ran(gateway.url, 'views')).toEqual({ code: 0, stdout: 'All read models stand at log.1.9.\n', stderr: '' });
  });

  it('say which is being built, which has stopped, why, and how it goes on; the exit code is 1', async () => {
    gateway = await SmallGateway.open(() => stopped);
    expect(await ran(gateway.url, 'views')).toEqual({
      code: 1,
      stdout: [
        'The other read models stand at log.1.9.',
        '  … requests is being built anew; older rows are shown meanwhile: it stands at log.1.4',
        '  ✗ instances has stopped: generation is missing',
        `    Once it is understood, go on without the event: npx slipway views skip instances ${EVENT}`,
        '  ✗ storages has stopped: the log is damaged',
        '    Find out what is wrong: npx slipway doctor\n',
      ].join('\n'),
      stderr: '',
    });
    const json = await ran(gateway.url, 'views', '-o', 'json');
    expect(JSON.parse(json.stdout)).toEqual(stopped);
  });

  it('skip an event that one has stopped at', async () => {
    gateway = await SmallGateway.open((_url, method) => (method === 'POST' ? well : stopped));
    expect(await ran(gateway.url, 'views', 'skip', 'instances', EVENT)).toMatchObject({ code: 0 });
    expect(gateway.calls).toEqual(['POST /api/v1/views/instances/skip']);
  });
});
