import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SlipwayError } from '@slipway/contracts';
import { openBase, rawOf, sealBase, type KeyPair } from './hpke.js';

/** What was sealed for one recipient, in base64url: `enc` and the ciphertext of RFC 9180. */
export interface SealedMessage {
  enc: string;
  sealed: string;
}

const INFO = Buffer.from('slipway sealed message 1');

const newPair = (): KeyPair => {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('x25519');
  return { publicKey: rawOf(publicKey), privateKey };
};

/** Whom a secret may be sent to: its key lives in memory only, for one answer. */
export class Recipient {
  readonly #pair = newPair();

  /** To be sent to whoever is to seal: 32 bytes in base64url. */
  get key(): string {
    return this.#pair.publicKey.toString('base64url');
  }

  /** Opens what was sealed for this recipient and this purpose. Throws `secret-damaged`. */
  open({ enc, sealed }: SealedMessage, purpose: string): string {
    try {
      const [opener, text] = [enc, sealed].map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer];
      return openBase(this.#pair, opener, text, { info: INFO, aad: Buffer.from(purpose) }).toString('utf8');
    } catch {
      throw new SlipwayError('secret-damaged', 'What came was not sealed for this recipient, or was changed on its way');
    }
  }
}

/** Seals for the holder of a {@link Recipient.key} and a purpose. Throws `bad-input` for what is no such key. */
export function sealFor(key: string, purpose: string, text: string): SealedMessage {
  try {
    const message = { info: INFO, aad: Buffer.from(purpose) };
    const { enc, sealed } = sealBase(Buffer.from(key, 'base64url'), newPair(), Buffer.from(text), message);
    return { enc: enc.toString('base64url'), sealed: sealed.toString('base64url') };
  } catch {
    throw new SlipwayError('bad-input', 'recipient: must be an X25519 public key, 32 bytes in base64url');
  }
}
