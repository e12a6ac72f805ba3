import { createHash } from 'node:crypto';
import { RemoteRefused } from '../failures.js';

const HEX_DIGITS = { sha1: 40, sha256: 64, sha512: 128 } as const;
export type Algorithm = keyof typeof HEX_DIGITS;

/** What a content must come to. `hex`: in lower case. */
export interface Checksum {
  algorithm: Algorithm;
  hex: string;
}

/** Throws `RemoteRefused` for what is none; `of` names what it is for. */
export function checksum(algorithm: Algorithm, text: string, of: string): Checksum {
  const hex = text.trim().toLowerCase();
  if (hex.length !== HEX_DIGITS[algorithm] || !/^[0-9a-f]+$/.test(hex))
    throw new RemoteRefused(`${of} has no ${algorithm} of ${HEX_DIGITS[algorithm]} hexadecimal digits`);
  return { algorithm, hex };
}

/** The strongest of a list as npm writes it (W3C Subresource Integrity §3.5); nothing where it has none that is known. */
export function strongestOf(integrity: string): Checksum | undefined {
  const known = integrity.split(/\s+/).flatMap((one): Checksum[] => {
    const [, algorithm, base64] = /^(sha1|sha256|sha512)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(one) ?? [];
    const hex = Buffer.from(base64 ?? '', 'base64').toString('hex');
    return algorithm && hex.length === HEX_DIGITS[algorithm as Algorithm] ? [{ algorithm: algorithm as Algorithm, hex }] : [];
  });
  return known.toSorted((a, b) => HEX_DIGITS[b.algorithm] - HEX_DIGITS[a.algorithm])[0];
}

/** Hands a content on while it is counted and hashed; `expected` is held against it at its end, before it can be taken for whole. */
export async function* checked(
  content: AsyncIterable<Uint8Array>,
  expected: Checksum | undefined,
  of: string,
  done: (found: { sha256: string; bytes: number }) => void,
): AsyncGenerator<Uint8Array> {
  const sha256 = createHash('sha256');
  const other = expected && expected.algorithm !== 'sha256' ? createHash(expected.algorithm) : undefined;
  let bytes = 0;
  for await (const piece of content) {
    sha256.update(piece);
    other?.update(piece);
    bytes += piece.byteLength;
    yield piece;
  }
  const found = sha256.digest('hex');
  const compared = other?.digest('hex') ?? found;
  if (expected && compared !== expected.hex)
    throw new RemoteRefused(`${of} is not what was promised: its ${expected.algorithm} is ${compared}, not ${expected.hex}`);
  done({ sha256: found, bytes });
}
