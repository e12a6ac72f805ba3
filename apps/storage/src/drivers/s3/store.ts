import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';

export interface StoreOptions {
  /** `https://host` or `http://host:port`; buckets are addressed by path. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretKeyFile: string;
}

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface StoredObject {
  key: string;
  bytes: number;
}

/** How often a bucket is emptied anew because somebody still writes into it. */
const EMPTYINGS = 5;
/** Of one part of an upload; the least that S3 takes. Four at most are in memory. */
const PART = 5 * 1024 * 1024;

/** The secret that a file of configuration holds. Throws `driver-failed` where it cannot be read. */
export async function secretIn(file: string, { filesystem }: Pick<DriverContext, 'filesystem'>): Promise<string> {
  const text = (await filesystem.readFile(file, 4_096))?.toString('utf8').trim();
  if (!text) throw new SlipwayError('driver-failed', `storages.s3.secretKeyFile: ${file} is not there or empty`);
  return text;
}

/** What of an S3 API this driver uses. Each change is announced first ({@link DriverContext.changing}). */
export class Store {
  private constructor(
    private readonly client: S3Client,
    private readonly sdk: typeof import('@aws-sdk/client-s3'),
    private readonly context: Pick<DriverContext, 'changing' | 'signal'>,
  ) {}

  static async open(
    { endpoint, region }: Pick<StoreOptions, 'endpoint' | 'region'>,
    credentials: Keys,
    context: Pick<DriverContext, 'changing' | 'signal'>,
  ): Promise<Store> {
    // Only where it is used: it is large.
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 3,
      // Older stores know none but MD5.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return new Store(client, sdk, context);
  }

  close(): void {
    this.client.destroy();
  }

  /** Names of buckets that begin so. */
  async buckets(prefix: string): Promise<string[]> {
    const { Buckets = [] } = await this.#send(new this.sdk.ListBucketsCommand({}));
    return Buckets.flatMap(({ Name }) => (Name?.startsWith(prefix) ? [Name] : []));
  }

  async has(bucket: string): Promise<boolean> {
    try {
      await this.#send(new this.sdk.HeadBucketCommand({ Bucket: bucket }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async makeBucket(bucket: string, tags: Record<string, string>): Promise<void> {
    await this.context.changing(`make bucket ${bucket}`);
    await this.#send(new this.sdk.CreateBucketCommand({ Bucket: bucket }));
    await this.context.changing(`tag bucket ${bucket}`);
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await this.#send(new this.sdk.PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } }));
  }

  /** `null` where there is no bucket; none where it was not tagged any more. */
  async tagsOf(bucket: string): Promise<Record<string, string> | null> {
    try {
      const { TagSet = [] } = await this.#send(new this.sdk.GetBucketTaggingCommand({ Bucket: bucket }));
      return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
    } catch (error) {
      const name = (error as Error).name;
      if (name === 'NoSuchTagSet' || name === 'NoSuchTagSetError') return {};
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Lets somebody do everything in one bucket, and nothing else. */
  async permit(bucket: string, principal: string): Promise<void> {
    await this.context.changing(`policy of bucket ${bucket}`);
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: [principal] },
          Action: [
            ...['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads', 's3:GetObject', 's3:PutObject'],
            ...['s3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
          ],
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
        },
      ],
    };
    await this.#send(new this.sdk.PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
  }

  /** With all that is in it; nothing to do when it is gone. */
  async removeBucket(bucket: string): Promise<void> {
    for (let emptying = 1; ; emptying += 1) {
      try {
        await this.#empty(bucket);
        await this.context.changing(`remove bucket ${bucket}`);
        await this.#send(new this.sdk.DeleteBucketCommand({ Bucket: bucket }));
        return;
      } catch (error) {
        if (isMissing(error)) return;
        if ((error as Error).name !== 'BucketNotEmpty' || emptying === EMPTYINGS) throw error;
      }
    }
  }

  async *objects(bucket: string): AsyncGenerator<StoredObject> {
    const pages = this.sdk.paginateListObjectsV2(
      { client: this.client },
      { Bucket: bucket },
      { abortSignal: this.context.signal },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key, Size = 0 } of Contents) if (Key !== undefined) yield { key: Key, bytes: Size };
    }
  }

  async read(bucket: string, key: string): Promise<Readable> {
    const { Body } = await this.#send(new this.sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body as Readable;
  }

  async write(bucket: string, key: string, body: Readable): Promise<void> {
    await this.context.changing(`write ${key}`);
    const { Upload } = await import('@aws-sdk/lib-storage');
    const upload = new Upload({ client: this.client, params: { Bucket: bucket, Key: key, Body: body }, partSize: PART });
    const abort = () => void upload.abort();
    this.context.signal.addEventListener('abort', abort, { once: true });
    try {
      await upload.done();
    } catch (error) {
      throw this.context.signal.aborted ? this.context.signal.reason : error;
    } finally {
      this.context.signal.removeEventListener('abort', abort);
    }
  }

  async #empty(bucket: string): Promise<void> {
    const { sdk } = this;
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await this.#send(new sdk.ListObjectVersionsCommand({ Bucket: bucket }));
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, ...(VersionId && { VersionId }) }));
      if (Objects.length === 0) break;
      await this.context.changing(`empty bucket ${bucket}`);
      const deleting = new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await this.#send(deleting);
      if (Errors[0])
        throw new SlipwayError('driver-failed', `${bucket}/${Errors[0].Key} cannot be removed: ${Errors[0].Message}`);
    }
    const { Uploads = [] } = await this.#send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket }));
    for (const { Key, UploadId } of Uploads) {
      await this.context.changing(`abort an upload to ${bucket}`);
      await this.#send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    }
  }

  /** Ends with the step, and then for the step's reason. */
  readonly #send: S3Client['send'] = (async (command: never) => {
    const { signal } = this.context;
    try {
      return await this.client.send(command, { abortSignal: signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }) as S3Client['send'];
}

const isMissing = (error: unknown): boolean => ['NotFound', 'NoSuchBucket'].includes((error as Error).name);
