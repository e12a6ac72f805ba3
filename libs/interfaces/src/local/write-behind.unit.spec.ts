import { describe, expect, test } from '@jest/globals';
import { WriteBehind } from './write-behind.js';

const PIECE = Buffer.alloc(8 * 1024 * 1024);

describe('Writing with the disk at work meanwhile', () => {
  const file = (datasync: () => Promise<void>) => {
    const told: string[] = [];
    const behind = new WriteBehind({
      writeFile: async () => void told.push('write'),
      datasync: () => {
        told.push('sync');
        return datasync();
      },
    });
    return { told, behind };
  };

  test('much is synced before its end, one sync at a time, and nobody waits for it but the end', async () => {
    let synced = () => {};
    const { told, behind } = file(() => new Promise((resolve) => (synced = resolve)));
    for (let n = 0; n < 6; n += 1) await behind.write(PIECE);
    expect(told).toEqual(['write', 'write', 'sync', 'write', 'write', 'write', 'write']);
    let settled = false;
    const end = behind.settled().then(() => (settled = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(settled).toBe(false);
    synced();
    await end;
    await behind.write(PIECE);
    expect(told.slice(7)).toEqual(['write', 'sync']);
    synced();
    await behind.settled();
  });

  test('little is not', async () => {
    const { told, behind } = file(async () => {});
    await behind.write(Buffer.alloc(1000));
    await behind.write('text');
    await behind.settled();
    expect(told).toEqual(['write', 'write']);
  });

  test('W1: a sync that has failed is told at the end, although a later one went well', async () => {
    let tries = 0;
    const { behind } = file(async () => {
      tries += 1;
      if (tries === 1) throw new Error('EIO');
    });
    for (let n = 0; n < 5; n += 1) await behind.write(PIECE);
    expect(tries).toBeGreaterThan(1);
    await expect(behind.settled()).rejects.toThrow('EIO');
  });
});
