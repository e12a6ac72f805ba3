import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { SlipwayError, sha256 as sha256Of, type BlobRef } from '@slipway/contracts';
import { CheckedContent, assertHolder, assertSha256, damaged, missing, piecesOf } from '../digest.js';
import type { BlobContent, Blobs, Contents, HeldBlobs } from '../port.js';

class MemoryContents implements Contents {
  /** What is stored, by name; tests damage it here. */
  readonly contents = new Map<string, Buffer>();

  async put(content: BlobContent): Promise<BlobRef> {
    const pieces: Buffer[] = [];
    for await (const piece of piecesOf(content)) pieces.push(Buffer.from(piece));
    const bytes = Buffer.concat(pieces);
    const sha256 = sha256Of(bytes);
    this.contents.set(sha256, bytes);
    return { sha256, bytes: bytes.byteLength };
  }

  async open(sha256: string): Promise<Readable> {
    return Readable.from([this.#find(sha256)], { objectMode: false }).pipe(new CheckedContent(sha256));
  }

  async read(sha256: string, limit: number = 1024 * 1024): Promise<Buffer> {
    const content = this.#find(sha256);
    if (content.byteLength > limit)
      throw new SlipwayError('too-large', `Blob ${sha256} has ${content.byteLength} bytes; at most ${limit} are read at once`);
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw damaged(sha256);
    return Buffer.from(content);
  }

  async has(sha256: string): Promise<boolean> {
    assertSha256(sha256);
    return this.contents.has(sha256);
  }

  #find(sha256: string): Buffer {
    assertSha256(sha256);
    const content = this.contents.get(sha256);
    if (!content) throw missing(sha256);
    return content;
  }
}

class MemoryHeld extends MemoryContents implements HeldBlobs {
  touched = 0;

  constructor(private readonly now: () => number) {
    super();
  }

  override put(content: BlobContent): Promise<BlobRef> {
    this.touched = this.now();
    return super.put(content);
  }

  async remove(): Promise<void> {
    this.contents.clear();
  }
}

/** Blobs in memory, for tests and simulations. */
export class MemoryBlobs extends MemoryContents implements Blobs {
  readonly #held = new Map<string, MemoryHeld>();

  /** `now`: ms since the epoch. */
  constructor(private readonly now: () => number = Date.now) {
    super();
  }

  of(holder: string): MemoryHeld {
    assertHolder(holder);
    const held = this.#held.get(holder) ?? new MemoryHeld(this.now);
    this.#held.set(holder, held);
    return held;
  }

  /** SHA-256 of all that anybody holds, sorted; once for each who does. */
  held(): string[] {
    return [...this.#held.values()].flatMap(({ contents }) => [...contents.keys()]).toSorted();
  }

  async holders(): Promise<{ holder: string; touched: number }[]> {
    const there = [...this.#held].filter(([, { contents }]) => contents.size > 0);
    return there.map(([holder, { touched }]) => ({ holder, touched }));
  }
}
