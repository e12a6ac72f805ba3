import { Readable } from 'node:stream';
import { openCompressed, putCompressed } from '@slipway/blobs';
import type { Part } from '@slipway/contracts';
import type { Data, DriverContext, Portable, Target } from '../driver.js';

/** Time between two tellings, in ms. */
const TELL_EVERY = 1_000;

type Telling = Pick<DriverContext, 'clock' | 'progress'>;

/** Reads out all data of a resource and gives them to `holder`, compressed, whatever their length in the same memory. */
export async function readOut<Spec extends object>(
  portable: Portable<Spec>,
  target: Target,
  spec: Spec,
  context: DriverContext,
  holder: string,
): Promise<Part> {
  const passing = new Passing(context, 'read');
  const content = await portable.export(target, spec, context);
  const { signal, blobs } = context;
  const { sha256, bytes, contentBytes } = await putCompressed(blobs.of(holder), content, {
    signal,
    passed: (length) => passing.pass(length),
  });
  passing.end();
  context.log(`Read out ${sizeOf(contentBytes)}, stored as ${sizeOf(bytes)} (${sha256})`);
  return { sha256, bytes, mediaType: portable.mediaType, contentBytes, holder };
}

/** A part as the data that a resource begins with. */
export const dataOf = (
  part: Part,
  { blobs, signal, clock, progress }: Telling & Pick<DriverContext, 'blobs' | 'signal'>,
): Data => ({
  mediaType: part.mediaType,
  contentBytes: part.contentBytes,
  async open(): Promise<Readable> {
    signal.throwIfAborted();
    const holding = part.holder === undefined ? blobs : blobs.of(part.holder);
    const content = Readable.from(counted(await openCompressed(holding, part)), { objectMode: false });
    // Who has not begun to read does not listen either: that must not end the process. Reading it throws the same error.
    content.on('error', () => {});
    // With the reason itself: whoever reads it must not take it for bad data.
    const abort = () => content.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    content.once('close', () => signal.removeEventListener('abort', abort));
    return content;

    async function* counted(pieces: AsyncIterable<Buffer>) {
      const passing = new Passing({ clock, progress }, 'restored', part.contentBytes);
      for await (const piece of pieces) {
        passing.pass(piece.length);
        yield piece;
      }
      passing.end();
    }
  },
});

/** Tells how much has passed by and how fast, once a second and at the end. */
class Passing {
  #bytes = 0;
  #told = 0;
  readonly #began: number;
  #last: number;

  constructor(
    private readonly telling: Telling,
    private readonly what: string,
    private readonly total?: number,
  ) {
    this.#began = this.#last = telling.clock.now();
  }

  pass(bytes: number): void {
    this.#bytes += bytes;
    const now = this.telling.clock.now();
    if (now - this.#last < TELL_EVERY) return;
    this.#tell(this.#bytes - this.#told, now - this.#last);
    this.#told = this.#bytes;
    this.#last = now;
  }

  end(): void {
    this.#tell(this.#bytes, this.telling.clock.now() - this.#began);
  }

  #tell(bytes: number, ms: number): void {
    const of = this.total === undefined ? '' : ` of ${sizeOf(this.total)}`;
    const rate = ms > 0 ? `, ${sizeOf((bytes * 1_000) / ms)}/s` : '';
    this.telling.progress(undefined, `${sizeOf(this.#bytes)}${of} ${this.what}${rate}`);
  }
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 bytes`, `1.5 MiB`. */
function sizeOf(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const size = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(size) : size.toFixed(1)} ${UNITS[power]}`;
}
