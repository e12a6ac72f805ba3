import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SlipwayError } from '@slipway/contracts';
import type { Key } from './key-file.js';

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce (§8.2.2) and a 128-bit tag. */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed value as it stands in a file. All is hexadecimal: one spelling only, so that every changed character shows. */
interface Sealed {
  key: string;
  nonce: string;
  tag: string;
  data: string;
}

/** Seals a value. `label` (name#version) is authenticated: a file moved to another name does not open there. */
export function seal(key: Key, label: string, value: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(label));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  const sealed: Sealed = {
    key: key.id,
    nonce: nonce.toString('hex'),
    tag: cipher.getAuthTag().toString('hex'),
    data: data.toString('hex'),
  };
  return `${JSON.stringify(sealed)}\n`;
}

/** Opens what {@link seal} sealed. Throws `secret-damaged`: sealed by another key, or not what was sealed. */
export function unseal(key: Key, label: string, text: string): string {
  const sealed = parse(text);
  if (!sealed) throw damaged(label, 'its file is not whole');
  if (sealed.key !== key.id) throw damaged(label, `it was sealed with key ${sealed.key}, and the key file holds ${key.id}`);
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, Buffer.from(sealed.nonce, 'hex'), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(label))
      .setAuthTag(Buffer.from(sealed.tag, 'hex'));
    return decipher.update(sealed.data, 'hex', 'utf8') + decipher.final('utf8');
  } catch {
    throw damaged(label, 'its file is not what was sealed');
  }
}

function parse(text: string): Sealed | undefined {
  try {
    const sealed = JSON.parse(text) as Sealed;
    return [sealed.key, sealed.nonce, sealed.tag, sealed.data].every((part) => typeof part === 'string') ? sealed : undefined;
  } catch {
    return undefined;
  }
}

const damaged = (label: string, why: string): SlipwayError =>
  new SlipwayError('secret-damaged', `Secret ${label} cannot be opened: ${why}`, { secret: label });
