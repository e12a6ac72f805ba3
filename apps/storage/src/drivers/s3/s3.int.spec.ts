import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TAR, type JsonObject } from '@slipway/contracts';
import { assertWithin, type Driver, type Ensured } from '@slipway/provisioner';
import { startS3Store, whyNoS3Store, type TestS3Store } from '@slipway/interfaces/testing';
import { ContractPlace, streamed } from '@slipway/provisioner/testing';
import { mkdirSync, writeFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { directoryDriver } from '../directory/directory.js';
import { bucketAs } from './testing/bucket.js';
import { s3Driver, type S3Options } from './s3.js';

jest.setTimeout(120_000);

const missing = whyNoS3Store();
const where = missing === undefined ? describe : describe.skip;

where(`a bucket${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let store: TestS3Store;
  let options: S3Options;
  let driver: Driver;
  let place: ContractPlace;
  beforeAll(async () => {
    store = await startS3Store();
    const { endpoint, accessKeyId, secretKeyFile } = store;
    options = { mesh: 'test', endpoint, region: 'us-east-1', accessKeyId, secretKeyFile, credentials: 'radosgw' };
    driver = s3Driver(options) as Driver;
  }, 180_000);
  afterAll(() => store?.stop(), 60_000);
  beforeEach(async () => {
    place = await ContractPlace.make();
  });
  afterEach(async () => {
    for (const { resource, generation } of await driver.marks(await place.context()))
      await driver.destroy(place.target('storage', resource.name, generation), await place.context());
    await place.remove();
  });

  const target = (name = 'data') => place.target('storage', name);
  const ensure = async (name?: string, by = driver) => by.ensure(target(name), {}, {}, await place.context());
  const asUser = async ({ outputs }: Pick<Ensured, 'outputs'>, bucket = outputs['bucket']) =>
    bucketAs({ ...outputs, bucket: bucket! }, await (await place.context()).secrets.read(outputs['secretAccessKey'] as never));
  const asAdmin = (bucket: JsonObject[string]) =>
    bucketAs({ ...options, bucket } as unknown as JsonObject, readFileSync(options.secretKeyFile, 'utf8').trim());

  test('has credentials of its own, which open it and nothing else', async () => {
    const [one, two] = [await ensure('one'), await ensure('two')];
    expect(one).toMatchObject({ effect: 'made', observed: { exists: true, credentials: { own: true } } });
    expect(one.outputs['url']).toBe(`${store.endpoint}/${String(one.outputs['bucket'])}`);
    const user = await asUser(one);
    await user.put('a', 'x');
    expect(await user.names()).toEqual(['a']);
    await user.remove('a');
    await expect((await asUser(one, two.outputs['bucket']!)).names()).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect((await asUser(one, 'a-bucket-of-its-own')).put('a', 'x')).rejects.toThrow();
    expect(await user.buckets()).toEqual([]);
    expect(one.outputs['accessKeyId']).not.toBe(store.accessKeyId);
  });

  test('is called as S3 wants it, and its tags say whose it is', async () => {
    const name = 'a-very-long-name-of-a-storage-that-is-sixty-three-characters-xx';
    const generation = 1_800_000_000;
    const { outputs } = await driver.ensure(place.target('storage', name, generation), {}, {}, await place.context());
    expect(outputs['bucket']).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
    expect(await driver.marks(await place.context())).toMatchObject([{ resource: { name, environment: 'default' }, generation }]);
    await place.remove();
    place = await ContractPlace.make();
    // Without their folders the tags alone say it.
    const { S3Client, GetBucketTaggingCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({
      ...{ endpoint: store.endpoint, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
    });
    const { TagSet } = await client.send(new GetBucketTaggingCommand({ Bucket: String(outputs['bucket']) }));
    expect(Object.fromEntries(TagSet!.map(({ Key, Value }) => [Key, Value]))).toMatchObject({
      'slipway.environment': 'default',
      'slipway.kind': 'storage',
      'slipway.name': name,
      'slipway.generation': String(generation),
      'slipway.mesh': 'test',
    });
  });

  test('goes with all that is in it, its user and its secret; what was lost is told', async () => {
    const made = await ensure();
    const user = await asUser(made);
    for (let n = 0; n < 5; n += 1) await user.put(`folder/${n}`, 'x');
    expect(await driver.destroy(target(), await place.context())).toBe('destroyed');
    await expect(user.names()).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    await expect(asAdmin(made.outputs['bucket']).names()).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect((await place.context()).secrets.read(made.outputs['secretAccessKey'] as never)).rejects.toMatchObject({
      code: 'secret-missing',
    });
    const lost = await ensure('lost');
    const { S3Client, DeleteBucketCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({
      ...{ endpoint: store.endpoint, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
    });
    await client.send(new DeleteBucketCommand({ Bucket: String(lost.outputs['bucket']) }));
    expect(await driver.inspect(target('lost'), await place.context())).toEqual({
      state: 'present',
      observed: { exists: false },
    });
    expect(await ensure('lost')).toMatchObject({ effect: 'found', observed: { exists: false } });
  });

  test('gets other keys when they are renewed, and those of before open nothing any more', async () => {
    const made = await ensure();
    const before = await asUser(made);
    await before.put('a', 'x');
    const renewed = await driver.rotate!(target(), {}, {}, await place.context());
    expect(renewed.outputs).toMatchObject({ bucket: made.outputs['bucket'] });
    expect(renewed.outputs['accessKeyId']).not.toBe(made.outputs['accessKeyId']);
    expect(await (await asUser(renewed)).names()).toEqual(['a']);
    await expect(before.names()).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    expect((await ensure()).outputs).toEqual(renewed.outputs);
  });

  test('with shared credentials says that they are shared', async () => {
    const shared = s3Driver({ ...options, credentials: 'shared' }) as Driver;
    const { outputs, observed } = await ensure('data', shared);
    expect(outputs['accessKeyId']).toBe(store.accessKeyId);
    expect(observed).toEqual({ exists: true, credentials: { own: false, reason: expect.stringMatching(/reach every bucket/) } });
    await (await asUser({ outputs })).put('a', 'x');
    await expect(shared.rotate!(target(), {}, {}, await place.context())).rejects.toMatchObject({ code: 'not-possible' });
    expect(await shared.destroy(target(), await place.context())).toBe('destroyed');
  });

  test('takes the files of a folder, and names the link that it cannot hold before there is a bucket', async () => {
    const folder = directoryDriver() as Driver;
    const context = await place.context();
    const { outputs } = await folder.ensure(target('folder'), {}, {}, context);
    const path = String(outputs['path']);
    mkdirSync(join(path, 'deep'));
    writeFileSync(join(path, 'deep/file'), 'x'.repeat(6 * 1024 * 1024));
    const read = async () => buffer(await folder.portable!.export(target('folder'), {}, context));
    const changed: string[] = [];
    const begin = async (name: string, tar: Buffer) => {
      const { Readable } = await import('node:stream');
      const data = { mediaType: TAR, contentBytes: tar.length, open: async () => Readable.from([tar]) };
      const from = streamed(data, context.filesystem);
      const changing = async (what: string) => void changed.push(what);
      return driver.ensure(target(name), {}, {}, { ...(await place.context()), from, changing });
    };
    const made = await begin('copy', await read());
    expect(await (await asUser(made)).names()).toEqual(['deep/file']);
    expect((await (await asUser(made)).get('deep/file')).length).toBe(6 * 1024 * 1024);
    expect(changed).not.toEqual([]);
    changed.length = 0;
    symlinkSync('deep/file', join(path, 'link'));
    await expect(begin('linked', await read())).rejects.toMatchObject({ code: 'not-portable', details: { key: 'link' } });
    expect(changed).toEqual([]);
    expect(await driver.inspect(target('linked'), context)).toMatchObject({ state: 'absent' });
  });

  test('with a key that is no path of a file cannot be read out, which is named', async () => {
    const made = await ensure();
    const user = await asUser(made);
    const read = async () => buffer(await driver.portable!.export(target(), {}, await place.context()));
    for (const key of ['/absolute', 'a/../b', 'folder/']) {
      await user.put(key, 'x');
      await expect(read()).rejects.toMatchObject({ code: 'not-portable', details: { key } });
      await user.remove(key);
    }
    await user.put('a', 'x');
    await user.put('a/b', 'x');
    await expect(read()).rejects.toMatchObject({ code: 'not-portable', details: { key: 'a' } });
  });

  test.each(['mode', 'owner', 'sizeLimit'])('a spec that asks for what no bucket has is refused by name: %s', (field) => {
    const reason = 'the driver "s3" makes buckets, which have none';
    expect(() => assertWithin(driver, { [field]: '0700' })).toThrow(
      expect.objectContaining({ code: 'spec-invalid', details: { field, reason } }),
    );
  });
});

test('a store that is not there, and a secret that is not, are said so', async () => {
  const place = await ContractPlace.make();
  try {
    const secretKeyFile = join(place.folder, 'key');
    const driver = s3Driver({
      ...{
        mesh: 'test',
        endpoint: 'http://127.0.0.1:9',
        region: 'us-east-1',
        accessKeyId: 'key',
        credentials: 'shared' as const,
      },
      secretKeyFile,
    });
    const ensure = async () => driver.ensure(place.target('storage', 'data'), {}, {}, await place.context());
    await expect(ensure()).rejects.toMatchObject({ code: 'driver-failed', message: expect.stringContaining('secretKeyFile') });
    writeFileSync(secretKeyFile, 'secret');
    await expect(ensure()).rejects.toThrow(/ECONNREFUSED|bad port/);
  } finally {
    await place.remove();
  }
});
