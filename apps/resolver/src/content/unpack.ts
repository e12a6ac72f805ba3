import { createGunzip } from 'node:zlib';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { SlipwayError, type ContentKind } from '@slipway/contracts';
import { localFilesystem } from '@slipway/interfaces';
import { problemLine, type Problem } from '../repository/document.js';
import { PACKAGE_FILES, PackageRefused, findPackages, type PackageSource } from '../repository/package-source.js';

/** Problems that an answer names; a message is no larger. */
const MAX_PROBLEMS = 100;
const GZIP = Buffer.from([0x1f, 0x8b]);

export interface Sent {
  content: Readable;
  kind: ContentKind;
  file: string;
}

/**
 * Puts what was sent into a folder, which is thrown away afterwards, and finds the one package in it. An archive holds it at its top,
 * or as its one folder or file. Throws `content-invalid` for hostile archives (libs/interfaces: nothing outside, no devices), for more than
 * `maxBytes` once unpacked, and for none or several packages.
 */
export async function unpackContent(folder: string, { content, kind, file }: Sent, maxBytes: number): Promise<PackageSource> {
  const files = localFilesystem();
  if (kind !== 'tar') {
    const name = kind === 'json' ? named(file, /\.json$/, '.json') : named(file, /\.ya?ml$/, '.yaml');
    await files.writeFile(join(folder, name), Readable.from(bounded(content, maxBytes), { objectMode: false }));
    return { entry: name, file: name };
  }
  try {
    await files.unpack(folder, Readable.from(bounded(await unzipped(content), maxBytes), { objectMode: false }));
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'bad-input')
      throw new SlipwayError('content-invalid', error.message, error.details, { cause: error });
    throw error;
  }
  const top = (await readdir(folder)).filter((name) => PACKAGE_FILES.includes(name));
  if (top.length === 1) return { entry: '.', file: top[0]!, folder };
  const { sources, problems } = await findPackages(folder);
  if (problems.length > 0) throw refusedContent(problems);
  if (sources.length === 1) return sources[0]!;
  const found = sources.map(({ entry }) => entry).join(', ');
  throw refusedContent([
    {
      file,
      reason: sources.length === 0 ? 'holds no package.yaml' : `holds ${sources.length} packages (${found}); send each by itself`,
    },
  ]);
}

/** A package that is refused, as an answer. */
export function refusedContent(problems: readonly Problem[]): SlipwayError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length > shown.length ? `\n${problems.length - shown.length} more problems` : '';
  return new SlipwayError('content-invalid', shown.map(problemLine).join('\n') + more, {
    problems: shown.map((problem) => ({ ...problem })),
  });
}

/** What `work` throws about a package, as an answer. */
export async function asAnswer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof PackageRefused ? refusedContent(error.problems) : error;
  }
}

const named = (file: string, known: RegExp, otherwise: string): string => (known.test(file) ? file : `${file}${otherwise}`);

async function* bounded(content: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.byteLength;
    if (bytes > maxBytes)
      throw new SlipwayError(
        'content-invalid',
        `It holds more than ${maxBytes} bytes once it is unpacked (content.maxUnpackedBytes)`,
      );
    yield piece;
  }
}

/** A gzipped archive as it was before; any other as it is. */
async function unzipped(content: Readable): Promise<AsyncIterable<Uint8Array>> {
  const pieces = content[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < GZIP.length) {
    const { done, value } = await pieces.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const whole = async function* () {
    yield head;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  };
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return whole();
  return unzippedPieces(Readable.from(whole(), { objectMode: false }));
}

async function* unzippedPieces(zipped: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  zipped.on('error', (error) => gunzip.destroy(error));
  zipped.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw new SlipwayError(
      'content-invalid',
      `The archive is refused: it is not gzip as it should be: ${(error as Error).message}`,
    );
  }
}
