/** How a transfer of bytes stands. */
export interface TransferProgress {
  /** So far. */
  bytes: number;
  /** All of them, where that is known. */
  total?: number;
  /** Since it began. */
  bytesPerSecond: number;
}

export interface TransferOptions {
  onProgress?: (progress: TransferProgress) => void;
  signal?: AbortSignal;
}

/** The same bytes, counted as they pass. */
export function counted(
  bytes: ReadableStream<Uint8Array>,
  { total, onProgress }: { total?: number | undefined; onProgress?: TransferOptions['onProgress'] | undefined },
): ReadableStream<Uint8Array> {
  if (!onProgress) return bytes;
  const begun = performance.now();
  let sum = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sum += chunk.byteLength;
      const seconds = (performance.now() - begun) / 1000;
      onProgress({ bytes: sum, ...(total !== undefined && { total }), bytesPerSecond: seconds > 0 ? sum / seconds : 0 });
      controller.enqueue(chunk);
    },
  });
  return bytes.pipeThrough(count);
}
