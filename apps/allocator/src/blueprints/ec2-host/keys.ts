import { randomBytes } from 'node:crypto';
import { SlipwayError, sha256 } from '@slipway/contracts';
import { ed25519Key, type Ed25519Key } from '@slipway/interfaces';
import type { SecretRef, Secrets } from '@slipway/secrets';
import type { MadeResource } from '../../blueprint/blueprint.js';

/** What an instance is reached by. Neither half of it exists before its resource, or after it. */
export interface InstanceKeys {
  /** Of who logs in: us. */
  login: Ed25519Key;
  /** The instance's own: it is given to it, so that it is known before the first contact. */
  host: Ed25519Key;
  /** What all that is made of the resource is known by: nobody else comes to the same, in no other mesh either. */
  mark: string;
}

type Half = 'login' | 'host';
type Named = Pick<MadeResource, 'id'>;

/** Of the secrets of a resource. */
export const secretsOf = ({ id }: Named): string => `leased/${id}`;

/** Under what the seed of each half is kept: made once, so that it is the first version, or none any more. */
const seedOf = (resource: Named, half: Half): SecretRef => `secret://${secretsOf(resource)}/${half}#1`;

/** Of the key of who logs in. */
export const loginSecret = (resource: Named): SecretRef => seedOf(resource, 'login');

/** Two secret seeds, made by who comes first: whoever makes the instance once more asks for the very same one. */
export async function ensureKeys(resource: Named, secrets: Secrets): Promise<InstanceKeys> {
  for (const half of ['login', 'host']) await secrets.ensure(`${secretsOf(resource)}/${half}`);
  return readKeys(resource, secrets);
}

/** Throws `secret-missing` where they were not made, or the resource was given back. */
export async function readKeys(resource: Named, secrets: Secrets): Promise<InstanceKeys> {
  const seed = async (of: Half) => Buffer.from(await secrets.read(seedOf(resource, of)), 'base64url');
  return keysOf(resource, await seed('login'), await seed('host'));
}

/** To take away by: where there are no keys, nothing was made that bears their mark. */
export async function keysForTaking(resource: Named, secrets: Secrets): Promise<InstanceKeys> {
  try {
    return await readKeys(resource, secrets);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'secret-missing') throw error;
    return keysOf(resource, randomBytes(32), randomBytes(32));
  }
}

function keysOf({ id }: Named, ofLogin: Buffer, ofHost: Buffer): InstanceKeys {
  const login = ed25519Key(ofLogin, id);
  return { login, host: ed25519Key(ofHost, id), mark: sha256(login.publicKey).slice(0, 32) };
}
