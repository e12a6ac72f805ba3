/** Takes bytes from a stream as many as are wanted, however it is cut into pieces. */
export class Pull {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** The next `count` bytes in one piece; fewer where the stream ends. */
  async exactly(count: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for await (const piece of this.upTo(count)) taken.push(piece);
    return Buffer.concat(taken);
  }

  /** The next `count` bytes as they come; fewer where the stream ends. */
  async *upTo(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) return;
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Whether nothing comes any more. */
  async ended(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  /** The stream is wanted no longer. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.#pieces.next();
      if (done) return false;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (this.#rest.length > 0) return true;
    }
  }
}
