import { describe, expect, it } from '@jest/globals';
import { counted, type TransferProgress } from './transfer.js';

const streamOf = (...pieces: number[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const bytes of pieces) controller.enqueue(new Uint8Array(bytes).fill(bytes));
      controller.close();
    },
  });

describe('what is counted', () => {
  it('is the same bytes, and is told as it passes: how many of how many, and how fast', async () => {
    const told: TransferProgress[] = [];
    const passed = counted(streamOf(3, 5), { total: 8, onProgress: (progress) => told.push(progress) });
    expect([...new Uint8Array(await new Response(passed).arrayBuffer())]).toEqual([3, 3, 3, 5, 5, 5, 5, 5]);
    expect(told.map(({ bytes, total }) => [bytes, total])).toEqual([
      [3, 8],
      [8, 8],
    ]);
    for (const { bytesPerSecond } of told) expect(bytesPerSecond).toBeGreaterThan(0);
  });

  it('is the stream itself where nobody asks', () => {
    const stream = streamOf(1);
    expect(counted(stream, {})).toBe(stream);
  });
});
