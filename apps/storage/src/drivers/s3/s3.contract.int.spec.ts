import { createHash, randomBytes } from 'node:crypto';
import { afterAll, expect } from '@jest/globals';
import { startS3Store, whyNoS3Store } from '@slipway/interfaces/testing';
import { EngineMarks, type Ensured } from '@slipway/provisioner';
import { driverContract, type ContractPlace } from '@slipway/provisioner/testing';
import { prefixOf } from './names.js';
import { contractDriver } from './testing/contract-driver.js';
import { bucketAs } from './testing/bucket.js';

/** Hardly to be compressed. */
const CONTENT = randomBytes(120_000);

const missing = whyNoS3Store();
const store = missing === undefined ? await startS3Store() : undefined;
afterAll(() => store?.stop(), 60_000);

const said = new URLSearchParams({
  endpoint: store?.endpoint ?? '',
  accessKeyId: store?.accessKeyId ?? '',
  secretKeyFile: store?.secretKeyFile ?? '',
  credentials: 'radosgw',
});
const module = new URL(`../../../dist/drivers/s3/testing/contract-driver.js?${said}`, import.meta.url).href;

/** The bucket as its user reaches it, with the keys that the outputs name. */
const reached = async ({ outputs }: Ensured, place: ContractPlace) => {
  const { secrets } = await place.context();
  return bucketAs(outputs, await secrets.read(outputs['secretAccessKey'] as never));
};

driverContract('s3', () => contractDriver(module), {
  missing,
  module,
  make: 'contractDriver',
  prepare: async (place) => {
    // Once for all buckets of a place: its effect is not one of an ensure.
    await EngineMarks.at(await place.context(), 'contract');
    return { spec: {} };
  },
  works: async (ensured, place) => {
    const bucket = await reached(ensured, place);
    await bucket.put('file', 'kept');
    expect(String(await bucket.get('file'))).toBe('kept');
  },
  elsewhere: async (target, place) => {
    const { place: id } = (await EngineMarks.known(await place.context(), 'contract'))!;
    const { endpoint, accessKeyId, secretAccessKey } = store!;
    const buckets = await bucketAs({ endpoint, region: 'us-east-1', bucket: '', accessKeyId }, secretAccessKey).buckets();
    return buckets.filter((bucket) => bucket.startsWith(prefixOf(id, target)));
  },
  gone: async ({ outputs }) => {
    const bucket = bucketAs({ ...outputs, accessKeyId: store!.accessKeyId }, store!.secretAccessKey);
    await expect(bucket.names()).rejects.toMatchObject({ name: 'NoSuchBucket' });
  },
  data: {
    put: async (ensured, place) => {
      const bucket = await reached(ensured, place);
      await bucket.put('deep/er/long', CONTENT);
      await bucket.put('short', 'x');
    },
    has: async (ensured, place) => {
      const bucket = await reached(ensured, place);
      expect(await bucket.names()).toEqual(['deep/er/long', 'short']);
      const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
      expect(digest(await bucket.get('deep/er/long'))).toBe(digest(CONTENT));
    },
  },
  byHand: [
    {
      what: 'its bucket is removed, its mark stays',
      change: ({ outputs }) => bucketAs({ ...outputs, accessKeyId: store!.accessKeyId }, store!.secretAccessKey).destroy(),
      drift: 'missing',
      fields: ['exists'],
    },
  ],
  points: 2,
  simulated: 4,
});
