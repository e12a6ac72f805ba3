/** A piece of what a program in a container says. */
export interface Frame {
  from: 'stdout' | 'stderr';
  content: Buffer;
}

const HEADER = 8;

/**
 * Takes apart what an engine sends where a program has no terminal (Engine API, "Attach to a container", stream format): a byte that says which
 * output it is, three of nothing, the length in four, big-endian; the content.
 */
export class Frames {
  #header = Buffer.alloc(0);
  #from: Frame['from'] = 'stdout';
  #left = 0;

  /** What a chunk holds, as far as it has come: a long frame comes in pieces. */
  *take(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        const missing = HEADER - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#header.length < HEADER) return;
        this.#from = this.#header[0] === 2 ? 'stderr' : 'stdout';
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
      }
      const content = rest.subarray(0, this.#left);
      rest = rest.subarray(content.length);
      this.#left -= content.length;
      if (content.length > 0) yield { from: this.#from, content };
    }
  }
}
