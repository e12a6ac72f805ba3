import { Readable } from 'node:stream';
import { openCompressed, putCompressed } from '@slipway/blobs';
import type { Part } from '@slipway/contracts';
import type { Data, DriverContext, Portable, Target } from '../driver.js';
import { AtPlace } from '../transfer/at-place.js';
import type { Transfers } from '../transfer/transfers.js';

/** Time between two tellings, in ms. */
const TELL_EVERY = 1_000;

type Telling = Pick<DriverContext, 'progress'> & { clock: Pick<DriverContext['clock'], 'now'> };
type Streamed = Pick<Data, 'mediaType' | 'contentBytes' | 'open'>;
type Reading = Telling & Pick<DriverContext, 'blobs' | 'signal'>;

/** Reads out all data of a resource and gives them to `holder`, compressed, whatever their length in the same memory. */
export async function readOut<Spec extends object>(
  portable: Portable<Spec>,
  target: Target,
  spec: Spec,
  context: DriverContext,
  holder: string,
  transfers?: Transfers,
): Promise<Part> {
  const content = await portable.export(target, spec, context);
  const part =
    transfers && content instanceof AtPlace && (await transfers.isMuch(content.what))
      ? await content.taken((what) => transfers.keep(what, holder, context))
      : await kept(content, holder, context);
  const { sha256, bytes, contentBytes } = part;
  context.log(`Read out ${sizeOf(contentBytes)}, stored as ${sizeOf(bytes)} (${sha256})`);
  return { ...part, mediaType: portable.mediaType };
}

/** A content as a compressed blob of `holder`. */
export async function kept(
  content: AsyncIterable<Uint8Array>,
  holder: string,
  context: Reading,
): Promise<Omit<Part, 'mediaType'>> {
  const { signal, blobs } = context;
  const passing = new Passing(context, 'read');
  const { sha256, bytes, contentBytes } = await putCompressed(blobs.of(holder), content, {
    signal,
    passed: (length) => passing.pass(length),
  });
  passing.end();
  return { sha256, bytes, contentBytes, holder };
}

/** A part as the data that a resource begins with. */
export const dataOf = (part: Part, context: Reading & Pick<DriverContext, 'filesystem'>, transfers?: Transfers): Data => ({
  ...streamed(streamOf(part, context), context.filesystem),
  ...transfers?.give(part, context),
});

/** Data by the stream alone. */
export function streamed(data: Streamed, filesystem: DriverContext['filesystem']): Data {
  const reading = async (read: (content: Readable) => Promise<void>): Promise<void> => {
    const content = await data.open();
    try {
      await read(content);
    } finally {
      // Also where nothing of it was read.
      content.destroy();
    }
  };
  return {
    ...data,
    unpackTo: (folder) => reading((content) => filesystem.unpack(folder, content, { portable: true })),
    writeTo: (file, options) => reading((content) => filesystem.writeFile(file, content, options)),
  };
}

const streamOf = (
  part: Part,
  { blobs, signal, clock, progress }: Reading,
): Pick<Data, 'mediaType' | 'contentBytes' | 'open'> => ({
  mediaType: part.mediaType,
  contentBytes: part.contentBytes,
  async open(): Promise<Readable> {
    signal.throwIfAborted();
    const holding = part.holder === undefined ? blobs : blobs.of(part.holder);
    const stored = await openCompressed(holding, part);
    if (signal.aborted) {
      stored.destroy();
      throw signal.reason;
    }
    const content = Readable.from(counted(stored), { objectMode: false });
    // Who has not begun to read does not listen either: that must not end the process. Reading it throws the same error.
    content.on('error', () => {});
    // With the reason itself: whoever reads it must not take it for bad data.
    const abort = () => content.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    content.once('close', () => {
      signal.removeEventListener('abort', abort);
      stored.destroy();
    });
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
