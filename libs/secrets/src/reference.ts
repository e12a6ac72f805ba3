import { SlipwayError } from '@slipway/contracts';
import type { SecretRef } from './port.js';

/** One to eight segments of letters, digits and inner `. _ -`, joined by `/`: `default.shop-db/g1/password`. */
const NAME = /^(?=.{1,250}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?){0,7}$/;
const REFERENCE = /^secret:\/\/([^#]+)#([1-9]\d{0,8})$/;

/** Values beyond this are files, not secrets. */
const MAX_VALUE_BYTES = 64 * 1024;

export function assertSecretName(name: string): void {
  if (!NAME.test(name))
    throw new SlipwayError(
      'bad-input',
      'A secret\'s name is one to eight words of letters, digits and inner . _ - joined by "/"',
    );
}

export function assertSecretValue(value: string): void {
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw new SlipwayError('too-large', `A secret has at most ${MAX_VALUE_BYTES} bytes`);
}

export function assertSecretLength(bytes: number): void {
  if (!Number.isInteger(bytes) || bytes < 16 || bytes > 1024)
    throw new SlipwayError('bad-input', `A made secret has 16 to 1024 random bytes, not ${bytes}`);
}

export const secretRef = (name: string, version: number): SecretRef => `secret://${name}#${version}`;

/** Takes a reference apart. Throws `bad-input`. */
export function parseSecretRef(ref: string): { name: string; version: number } {
  const [, name, version] = REFERENCE.exec(ref) ?? [];
  if (!name || !version) throw new SlipwayError('bad-input', 'A secret is referred to as secret://<name>#<version>');
  assertSecretName(name);
  return { name, version: Number(version) };
}

export const secretMissing = (ref: SecretRef): SlipwayError => new SlipwayError('secret-missing', `${ref} is not there`, { ref });
