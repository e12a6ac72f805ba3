import { NAME, sha256 } from '@slipway/contracts';

const MAX = 63;
const HASH = 8;

/**
 * A resource's name: `wanted` if it is a legal name and not taken, else shortened and told apart by a hash of `path`,
 * which must be the resource's own. The same input gives the same name.
 */
export function freeName(wanted: string, path: string, isTaken: (name: string) => boolean): string {
  if (NAME.test(wanted) && !isTaken(wanted)) return wanted;
  for (let attempt = 0; ; attempt++) {
    const name = toldApart(wanted, path, attempt);
    if (!isTaken(name)) return name;
  }
}

/** Further names than these are given only where a hash was met by chance. */
const ATTEMPTS = 4;

/** Whether {@link freeName} may have given this name, whatever was taken then. */
export const mayBeNamed = (name: string, wanted: string, path: string): boolean =>
  name === wanted || Array.from({ length: ATTEMPTS }, (_, attempt) => toldApart(wanted, path, attempt)).includes(name);

const toldApart = (wanted: string, path: string, attempt: number): string =>
  `${wanted.slice(0, MAX - HASH - 1).replaceAll(/-+$/g, '')}-${sha256(`${path}#${attempt}`).slice(0, HASH)}`;
