import { createPrivateKey, createPublicKey } from 'node:crypto';
import { hostKeyOf, type HostKey } from './host.js';

/** A key pair of Ed25519, as OpenSSH has it. */
export interface Ed25519Key {
  /** `-----BEGIN OPENSSH PRIVATE KEY-----`, without a passphrase. */
  privateKey: string;
  /** A line of authorized_keys. */
  publicKey: string;
  /** As it is pinned: its type and its fingerprint. */
  hostKey: HostKey;
}

const TYPE = 'ssh-ed25519';
const SEED_BYTES = 32;
/** Of {@link SEED_BYTES}. */
const SEED = /^[\w-]{43}$/;
/** What stands before the seed where a key is PKCS#8 in DER (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** What the private part is padded to where nothing encrypts it. */
const BLOCK = 8;

/**
 * The key pair of a seed (32 bytes; RFC 8032 §5.1.5): whoever has the same seed has the same pair, to the byte. Format: OpenSSH's PROTOCOL.key.
 * Throws `RangeError` for a seed of another length.
 */
export function ed25519Key(seed: Buffer, comment: string): Ed25519Key {
  if (seed.length !== SEED_BYTES) throw new RangeError(`A seed of Ed25519 has ${SEED_BYTES} bytes, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
  const blob = Buffer.concat([text(TYPE), text(point)]);
  // Two equal numbers, by which whoever decrypts sees that he has the right passphrase: there is none.
  const check = Buffer.alloc(8);
  const secret = pad([check, text(TYPE), text(point), text(Buffer.concat([seed, point])), text(comment)]);
  const none = [text('none'), text('none'), text('')];
  const whole = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...none, number(1), text(blob), text(secret)]);
  const lines = whole.toString('base64').match(/.{1,70}/g)!;
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${TYPE} ${blob.toString('base64')} ${comment}`,
    hostKey: hostKeyOf(blob),
  };
}

/**
 * A private key that is kept as text: as it is read from a file (OpenSSH's or PEM form), or as the seed of one of Ed25519 in base64url, which is
 * how one stands among secrets that nobody has typed.
 */
export const privateKeyOf = (kept: string): Buffer =>
  SEED.test(kept) ? Buffer.from(ed25519Key(Buffer.from(kept, 'base64url'), '').privateKey) : Buffer.from(kept);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 4251 §5. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

function pad(parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  const missing = (BLOCK - (bytes.length % BLOCK)) % BLOCK;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}
