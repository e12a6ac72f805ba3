import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { Keys, StoreOptions } from './store.js';

/** How a bucket comes to credentials of its own. One file's worth for each kind of store; S3 itself has no way. */
export interface Credentials {
  /** Makes the user, or finds the one that was made; its keys. */
  ensure(user: string): Promise<Keys>;
  /** Gives the user other keys; those of before open nothing any more. */
  renew(user: string): Promise<Keys>;
  remove(user: string): Promise<void>;
  /** As a bucket's policy names the user. */
  principal(user: string): string;
}

interface User {
  keys: { access_key: string; secret_key: string }[];
}

/** Users of Ceph's object gateway, by its admin operations API (docs.ceph.com, radosgw/adminops). They can make no buckets. */
export async function radosgwUsers(
  { endpoint, region }: Pick<StoreOptions, 'endpoint' | 'region'>,
  { accessKeyId, secretAccessKey }: Keys,
  { changing, signal }: Pick<DriverContext, 'changing' | 'signal'>,
): Promise<Credentials> {
  const { AwsClient } = await import('aws4fetch');
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 3 });

  const call = async (method: 'GET' | 'PUT' | 'DELETE', query: Record<string, string>): Promise<User | null> => {
    if (method !== 'GET') await changing(`${method} user ${query['uid']}`);
    const url = new URL('/admin/user', endpoint);
    for (const [name, value] of Object.entries({ format: 'json', ...query })) url.searchParams.set(name, value);
    const response = await client.fetch(url, { method, signal });
    const text = await response.text();
    if (response.ok) return text === '' ? { keys: [] } : (keysIn(text) as User);
    const [, code = ''] = /"Code":"(\w+)"/.exec(text) ?? [];
    if (response.status === 404 || code === 'NoSuchUser') return null;
    if (code === 'UserAlreadyExists' || code === 'UserExists') return call('GET', { uid: query['uid']! });
    throw new SlipwayError('driver-failed', `The store's admin API answered ${response.status} ${code} to ${method} user`);
  };
  const first = (user: User | null, uid: string): Keys => {
    const key = user?.keys[0];
    if (!key) throw new SlipwayError('driver-failed', `The store's user ${uid} has no key`);
    return { accessKeyId: key.access_key, secretAccessKey: key.secret_key };
  };
  return {
    ensure: async (uid) => first(await call('PUT', { uid, 'display-name': uid, 'max-buckets': '-1' }), uid),
    async renew(uid) {
      const before = (await call('GET', { uid }))?.keys ?? [];
      const known = new Set(before.map(({ access_key }) => access_key));
      await call('PUT', { key: '', uid, 'generate-key': 'true' });
      for (const accessKey of known) await call('DELETE', { key: '', uid, 'access-key': accessKey });
      return first(await call('GET', { uid }), uid);
    },
    async remove(uid) {
      await call('DELETE', { uid });
    },
    principal: (uid) => `arn:aws:iam:::user/${uid}`,
  };
}

/** A user, or (of a key that was made) the bare list of keys. */
function keysIn(text: string): User {
  const value = JSON.parse(text) as User | User['keys'];
  return Array.isArray(value) ? { keys: value } : { keys: value.keys ?? [] };
}
