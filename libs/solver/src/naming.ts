import { NAME, sha256 } from '@slipway/contracts';

const MAX = 63;
const HASH = 8;

/**
 * A resource's name: `wanted` if it is a legal name and not taken, else shortened and told apart by a hash of `path`,
 * which must be the resource's own. The same input gives the same name.
 */
export function freeName(wanted: string, path: string, isTaken: (name: string) => boolean): string {
  if (NAME.test(wanted) && !isTaken(wanted)) return wanted;
  const start = wanted.slice(0, MAX - HASH - 1).replaceAll(/-+$/g, '');
  for (let attempt = 0; ; attempt++) {
    const name = `${start}-${sha256(`${path}#${attempt}`).slice(0, HASH)}`;
    if (!isTaken(name)) return name;
  }
}
