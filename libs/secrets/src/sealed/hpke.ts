import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';

/**
 * Hybrid Public Key Encryption in base mode, for one message (RFC 9180 §6.1): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and
 * AES in Galois/Counter Mode. Pure but for the primitives: whoever seals brings an ephemeral key pair that is used once.
 */
export interface KeyPair {
  /** 32 bytes, as RFC 7748 §5 writes them. */
  publicKey: Buffer;
  privateKey: KeyObject;
}

/** An authenticated cipher of RFC 9180 §7.3. */
export const AEADS = {
  'aes-128-gcm': { id: 0x0001, keyBytes: 16 },
  'aes-256-gcm': { id: 0x0002, keyBytes: 32 },
} as const;
type Aead = keyof typeof AEADS;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HASH_BYTES = 32;
/** X25519 keys in DER (RFC 8410 §7 and §4), without their 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

const i2osp = (value: number, bytes: number): Buffer => {
  const text = Buffer.alloc(bytes);
  text.writeUIntBE(value, 0, bytes);
  return text;
};
const KEM = Buffer.concat([Buffer.from('KEM'), i2osp(0x0020, 2)]);
const suiteOf = (aead: Aead): Buffer =>
  Buffer.concat([Buffer.from('HPKE'), i2osp(0x0020, 2), i2osp(0x0001, 2), i2osp(AEADS[aead].id, 2)]);

const hmac = (key: Buffer, ...parts: Buffer[]): Buffer =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();

/** RFC 9180 §4, over HKDF-Extract of RFC 5869 §2.2. */
const labeledExtract = (suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer =>
  hmac(salt, Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm);

/** RFC 9180 §4, over HKDF-Expand of RFC 5869 §2.3. */
function labeledExpand(suite: Buffer, key: Buffer, label: string, info: Buffer, bytes: number): Buffer {
  const labeled = Buffer.concat([i2osp(bytes, 2), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info]);
  let block: Buffer = Buffer.alloc(0);
  const blocks: Buffer[] = [];
  for (let counter = 1; blocks.length * HASH_BYTES < bytes; counter += 1) {
    block = hmac(key, block, labeled, i2osp(counter, 1));
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

/** A public key of 32 bytes. Throws when they are not as many. */
export function publicKeyOf(bytes: Buffer): KeyObject {
  if (bytes.length !== 32) throw new RangeError('An X25519 public key has 32 bytes');
  return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });
}

/** The key pair of a private key of 32 bytes. */
export function keyPairOf(bytes: Buffer): KeyPair {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: rawOf(createPublicKey(privateKey)) };
}

/** The 32 bytes of a public key. */
export const rawOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);

/** ExtractAndExpand (RFC 9180 §4.1). Throws on a public key of small order: its shared secret would be zero (§7.1.4). */
function sharedSecret(privateKey: KeyObject, publicKey: KeyObject, enc: Buffer, recipient: Buffer): Buffer {
  const dh = diffieHellman({ privateKey, publicKey });
  if (dh.every((byte) => byte === 0)) throw new RangeError('That public key is of small order');
  const prk = labeledExtract(KEM, Buffer.alloc(0), 'eae_prk', dh);
  return labeledExpand(KEM, prk, 'shared_secret', Buffer.concat([enc, recipient]), HASH_BYTES);
}

/** Key and nonce of the first message (RFC 9180 §5.1, mode_base). */
function schedule(aead: Aead, secret: Buffer, info: Buffer): { key: Buffer; nonce: Buffer } {
  const suite = suiteOf(aead);
  const none = Buffer.alloc(0);
  const context = Buffer.concat([
    i2osp(0, 1),
    labeledExtract(suite, none, 'psk_id_hash', none),
    labeledExtract(suite, none, 'info_hash', info),
  ]);
  const prk = labeledExtract(suite, secret, 'secret', none);
  return {
    key: labeledExpand(suite, prk, 'key', context, AEADS[aead].keyBytes),
    nonce: labeledExpand(suite, prk, 'base_nonce', context, NONCE_BYTES),
  };
}

export interface Message {
  /** What the message is for: opens only for the same. */
  info: Buffer;
  /** Authenticated beside it. */
  aad: Buffer;
  aead?: Aead;
}

/** Seals for a recipient's public key (32 bytes). `ephemeral` must be new each time. */
export function sealBase(
  recipient: Buffer,
  ephemeral: KeyPair,
  plain: Buffer,
  { info, aad, aead = 'aes-256-gcm' }: Message,
): { enc: Buffer; sealed: Buffer } {
  const enc = ephemeral.publicKey;
  const secret = sharedSecret(ephemeral.privateKey, publicKeyOf(recipient), enc, recipient);
  const { key, nonce } = schedule(aead, secret, info);
  const cipher = createCipheriv(aead, key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  return { enc, sealed: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}

/** Opens what {@link sealBase} sealed. Throws when it was sealed for somebody else, for something else, or changed. */
export function openBase(recipient: KeyPair, enc: Buffer, sealed: Buffer, { info, aad, aead = 'aes-256-gcm' }: Message): Buffer {
  const secret = sharedSecret(recipient.privateKey, publicKeyOf(enc), enc, recipient.publicKey);
  const { key, nonce } = schedule(aead, secret, info);
  const decipher = createDecipheriv(aead, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(aad)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}
