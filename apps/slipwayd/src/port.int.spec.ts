import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { freePort, requireFreePort } from './port.js';

describe('a port that is taken', () => {
  it('is named, with the way out', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    await expect(requireFreePort('127.0.0.1', port)).rejects.toMatchObject({
      code: 'port-taken',
      message: `Port ${port} on 127.0.0.1 is taken.`,
    });
    await new Promise((resolve) => server.close(resolve));
    await expect(requireFreePort('127.0.0.1', port)).resolves.toBeUndefined();
  });

  it('is told from an address that this machine does not have', async () => {
    await expect(requireFreePort('192.0.2.1', 7420)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('192.0.2.1'),
    });
  });

  it('is not what freePort finds', async () => {
    await expect(requireFreePort('127.0.0.1', await freePort('127.0.0.1'))).resolves.toBeUndefined();
  });
});
