import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { listenerIn, localNetwork } from './network.js';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000 200001        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:9C40 0100007F:4E21 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0000000000000000 20 4 30 10 -1`;

describe('who listens on a port', () => {
  test('is told by the kernel', () => {
    expect(listenerIn(TABLE, 0x4e20)).toBe(200001);
  });
  test('is nobody where there is only a connection, or nothing', () => {
    expect(listenerIn(TABLE, 0x9c40)).toBeNull();
    expect(listenerIn(TABLE, 0x4e21)).toBeNull();
    expect(listenerIn('', 80)).toBeNull();
  });
  test('is us, for a socket of ours', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    expect(await localNetwork.listener(port)).toBe(process.getuid!());
    await new Promise((resolve) => server.close(resolve));
  });
});
