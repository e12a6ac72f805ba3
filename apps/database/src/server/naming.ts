import { hashOf } from '@slipway/contracts';
import type { Identity } from '@slipway/provisioner';

/**
 * Readable part at most: with the hash below the 63 bytes that PostgreSQL takes (NAMEDATALEN - 1), and with what MariaDB adds for an
 * attempt below its 64, also where each `_` has a backslash before it (in GRANT it would mean any letter).
 */
const READABLE = 24;

/**
 * What a generation's database and its role are called on a server: letters, digits and `_`, so that no quoting is ever in
 * question. The hash makes it unique, also among meshes that share the server: `default_shop_db_g1_0f3a…`.
 */
export function nameOnServer(mesh: string, { resource, generation }: Identity): string {
  const { environment, name } = resource;
  const hash = hashOf({ mesh, environment, name, generation }).slice(0, 12);
  const readable = `${environment}_${name}`.replaceAll(/-+/g, '_').slice(0, READABLE - `_g${generation}`.length);
  return `${/^[a-z]/.test(readable) ? readable : `d${readable.slice(1)}`}_g${generation}_${hash}`;
}
