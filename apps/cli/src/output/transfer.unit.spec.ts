import { describe, expect, it } from '@jest/globals';
import { inBytes, transferView } from './transfer.js';

describe('a transfer', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [3_400_000, '3.2 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
  ])('of %d bytes is told as %s', (bytes, told) => expect(inBytes(bytes)).toBe(told));

  it('is told once at its beginning and once at its end where no terminal is, with its rate', () => {
    const lines: string[] = [];
    const stream = { isTTY: false, write: (text: string) => lines.push(text) > 0 } as never;
    const view = transferView('Sending a', stream);
    for (const bytes of [1024, 2048, 4096]) view.update({ bytes, total: 4096, bytesPerSecond: 2048 });
    view.end();
    expect(lines).toEqual(['Sending a: 1.0 KiB of 4.0 KiB, 2.0 KiB/s\n', 'Sending a: 4.0 KiB of 4.0 KiB, 2.0 KiB/s\n']);
  });
});
