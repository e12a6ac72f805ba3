/** The last bytes of what a program says: at most this many are kept. */
const LIMIT = 1024 * 1024;

export class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Joined only when twice the limit has come, so that a talkative program costs linear time.
    if (this.#bytes > 2 * LIMIT) this.#join();
  }

  text(): string {
    return this.#join().toString('utf8');
  }

  #join(): Buffer {
    const last = Buffer.concat(this.#chunks).subarray(-LIMIT);
    this.#chunks = [last];
    this.#bytes = last.length;
    return last;
  }
}
