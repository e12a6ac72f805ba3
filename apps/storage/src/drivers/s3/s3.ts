import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, TAR, type InspectAnswer, type JsonObject, type SpecBounds, type StorageSpec } from '@slipway/contracts';
import {
  EngineMarks,
  GenerationFolder,
  generationMarks,
  secretPrefix,
  type Driver,
  type DriverContext,
  type Identity,
  type Mark,
  type Target,
} from '@slipway/provisioner';
import type { SecretRef } from '@slipway/secrets';
import { radosgwUsers, type Credentials } from './credentials.js';
import { packObjects, unpackFiles } from './files.js';
import { bucketOf, epochOf, markOf, placePrefix, prefixOf } from './names.js';
import { secretIn, Store, type Keys, type StoreOptions } from './store.js';

export interface S3Options extends StoreOptions {
  /** The mesh's name, for the tags. */
  mesh: string;
  credentials: 'radosgw' | 'shared';
}

/** What stands in the generation's folder beside the marker, as `bucket.json`. No secret. */
interface BucketRecord {
  bucket: string;
  accessKeyId: string;
  /** `secret://…` */
  secretAccessKey: SecretRef;
}

const RECORD = 'bucket.json';
const SECRET = 'secret-key';

/** The store with the keys of the configuration, and who makes users there. */
interface Doors {
  store: Store;
  keys: Keys;
  users: Credentials | null;
}

/**
 * A storage as a bucket. Outputs: `{url, endpoint, region, bucket, accessKeyId, secretAccessKey}`. Its data are its objects.
 *
 * B1. As a volume (decision 21): each attempt makes and fills a bucket under a name of its own, and a user of the same name; the
 *     generation's folder says which one counts, and gets its name in one go when that is whole.
 * B2. The bucket stands before its user and goes after it: who looks for buckets finds all that is left.
 */
export function s3Driver(options: S3Options): Driver<StorageSpec> {
  const { endpoint, region, mesh } = options;

  /** Opens the store for one call. */
  const within = async <T>(context: DriverContext, work: (doors: Doors) => Promise<T>): Promise<T> => {
    const keys = { accessKeyId: options.accessKeyId, secretAccessKey: await secretIn(options.secretKeyFile, context) };
    const store = await Store.open(options, keys, context);
    try {
      const users = options.credentials === 'radosgw' ? await radosgwUsers(options, keys, context) : null;
      return await work({ store, keys, users });
    } finally {
      store.close();
    }
  };

  const outputsOf = ({ bucket, accessKeyId, secretAccessKey }: BucketRecord): JsonObject => ({
    url: `${endpoint.replace(/\/$/, '')}/${bucket}`,
    endpoint,
    region,
    bucket,
    accessKeyId,
    secretAccessKey,
  });

  const observe = async ({ bucket }: BucketRecord, { store }: Doors): Promise<JsonObject> =>
    (await store.has(bucket)) ? { exists: true, credentials: ownOrShared(options) } : { exists: false };

  return {
    kind: 'storage',
    name: 's3',
    bounds: BOUNDS,
    outputs: ['url', 'endpoint', 'region', 'bucket', 'accessKeyId', 'secretAccessKey'],

    async ensure(target, spec, _inputs, context) {
      const folder = new GenerationFolder(target, context);
      const marks = await EngineMarks.at(context, mesh);
      return within(context, async (doors) => {
        const own = bucketOf(marks.place, target, randomBytes(4).toString('hex'));
        const effect = await folder
          .make(target.definition, (staging) => fill(own, staging, { target, marks, doors, context }))
          .catch(async (error: unknown) => {
            // What can't be taken away now is found by its name later. Not with the step's signal: it may have been the reason.
            await within(uncancelled(context), (again) => remove(own, again)).catch(() => {});
            // A destroy that came before our secret was kept has not seen it.
            if ((await folder.standing()) === 'destroyed') await context.secrets.empty(secretPrefix(target));
            // Data that were cut off by the end of the step look like damaged ones.
            throw context.signal.aborted ? context.signal.reason : error;
          });
        const record = await recorded(folder, context);
        if (record.bucket !== own) await remove(own, doors);
        context.progress(1, `${effect === 'found' ? 'Found' : 'Made'} bucket ${record.bucket}`);
        return { effect, outputs: outputsOf(record), observed: await observe(record, doors) };
      });
    },

    async inspect(target, context): Promise<InspectAnswer> {
      const folder = new GenerationFolder(target, context);
      const state = await folder.standing();
      const marks = await EngineMarks.known(context, mesh);
      if (marks === null || (state !== 'present' && state !== 'destroyed')) return { state, observed: {} };
      return within(context, async (doors): Promise<InspectAnswer> => {
        if (state === 'present') return { state, observed: await observe(await recorded(folder, context), doors) };
        const left = await doors.store.buckets(prefixOf(marks.place, target));
        return { state: left.length > 0 ? 'partial' : state, observed: {} };
      });
    },

    async destroy(target, context) {
      const folder = new GenerationFolder(target, context);
      const effect = await folder.destroy();
      const marks = await EngineMarks.known(context, mesh);
      if (marks === null) return effect;
      const left = await within(context, async (doors) => {
        const buckets = await doors.store.buckets(prefixOf(marks.place, target));
        for (const bucket of buckets) await remove(bucket, doors);
        return buckets;
      });
      await context.secrets.empty(secretPrefix(target));
      context.log(left.length > 0 ? `Removed bucket ${left.join(', ')}` : 'There was no bucket');
      return left.length > 0 ? 'destroyed' : effect;
    },

    async marks(context): Promise<Mark[]> {
      const found = await generationMarks(context);
      const marks = await EngineMarks.known(context, mesh);
      if (marks === null) return found;
      await within(context, async ({ store }) => {
        for (const bucket of await store.buckets(placePrefix(marks.place))) {
          const tags = await store.tagsOf(bucket);
          const mark = tags && markOf(bucket, tags);
          const known = (one: Mark) => one.generation === mark?.generation && one.resource.name === mark.resource.name;
          if (mark && !found.some((one) => known(one) && one.resource.environment === mark.resource.environment))
            found.push(mark);
        }
      });
      return found;
    },

    async rotate(target, _spec, _inputs, context) {
      const folder = new GenerationFolder(target, context);
      await folder.assertPresent();
      const record = await recorded(folder, context);
      const renewed = await within(context, async ({ users }) => {
        if (!users) throw new SlipwayError('not-possible', 'The keys of this store are shared: renew them in the configuration');
        return keep(record.bucket, await users.renew(record.bucket), target, context);
      });
      await context.filesystem.writeFile(join(folder.path, RECORD), JSON.stringify(renewed), { mode: 0o600 });
      await folder.assertPresent();
      return { outputs: outputsOf(renewed) };
    },

    portable: {
      mediaType: TAR,
      accepts: [TAR],
      async export(target, _spec, context) {
        const folder = new GenerationFolder(target, context);
        await folder.assertPresent();
        const { bucket, accessKeyId, secretAccessKey } = await recorded(folder, context);
        // Its own: what its user has put there belongs to that user, not to the bucket's owner.
        const keys = { accessKeyId, secretAccessKey: await context.secrets.read(secretAccessKey) };
        return packObjects(await Store.open(options, keys, context), bucket);
      },
    },
  };
}

interface Work {
  target: Target;
  marks: EngineMarks;
  doors: Doors;
  context: DriverContext;
}

async function fill(bucket: string, staging: string, { target, marks, doors, context }: Work): Promise<void> {
  const { store, users } = doors;
  const files = join(staging, 'data');
  // What a bucket cannot hold is known before there is one.
  const keysOfFiles = context.from ? await unpackFiles(files, context) : [];
  context.progress(0.2, 'Making the bucket');
  for (const left of await store.buckets(prefixOf(marks.place, target))) {
    if (epochOf(left) < target.epoch) await remove(left, doors);
  }
  await store.makeBucket(bucket, marks.labelsOf(target));
  context.log(`Made bucket ${bucket}`);
  let keys = doors.keys;
  if (users) {
    keys = await users.ensure(bucket);
    await store.permit(bucket, users.principal(bucket));
    context.log(`Made user ${bucket}, who may do everything in it`);
  }
  if (context.from) {
    context.progress(0.4, 'Restoring its objects');
    for (const key of keysOfFiles) await store.write(bucket, key, await context.filesystem.openRead(join(files, key)));
    await context.filesystem.remove(files);
  }
  const record = await keep(bucket, keys, target, context);
  await context.filesystem.writeFile(join(staging, RECORD), JSON.stringify(record), { mode: 0o600 });
}

/** Keeps a secret key as a secret; what is recorded refers to it. */
async function keep(bucket: string, keys: Keys, target: Identity, { secrets }: DriverContext): Promise<BucketRecord> {
  const secretAccessKey = await secrets.put(`${secretPrefix(target)}/${SECRET}`, keys.secretAccessKey);
  return { bucket, accessKeyId: keys.accessKeyId, secretAccessKey };
}

/** B2. */
async function remove(bucket: string, { store, users }: Doors): Promise<void> {
  await users?.remove(bucket);
  await store.removeBucket(bucket);
}

async function recorded(folder: GenerationFolder, { filesystem }: DriverContext): Promise<BucketRecord> {
  const text = await filesystem.readFile(join(folder.path, RECORD));
  if (!text) throw new SlipwayError('generation-old', `${folder.path} was given back`);
  return JSON.parse(text.toString('utf8')) as BucketRecord;
}

const ownOrShared = ({ credentials }: S3Options): JsonObject =>
  credentials === 'radosgw'
    ? { own: true }
    : { own: false, reason: 'storages.s3.credentials is "shared": these keys reach every bucket of the store' };

/** A bucket has no folder of its own to give away, and this driver sets no limits. */
const BOUNDS: SpecBounds = {
  needs: [],
  lacks: ['mode', 'owner', 'sizeLimit'].map((field) => ({ field, reason: 'the driver "s3" makes buckets, which have none' })),
};

const uncancelled = (context: DriverContext): DriverContext => {
  const { signal } = new AbortController();
  return { ...context, signal, changing: async () => {} };
};
