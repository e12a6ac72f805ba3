import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { JsonObject } from '@slipway/contracts';

/** A bucket as whoever has its keys uses it. */
export function bucketAs({ endpoint, region, bucket, accessKeyId }: JsonObject, secretAccessKey: string) {
  const client = new S3Client({
    endpoint: String(endpoint),
    region: String(region),
    credentials: { accessKeyId: String(accessKeyId), secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const Bucket = String(bucket);
  return {
    put: async (Key: string, Body: string | Uint8Array) => void (await client.send(new PutObjectCommand({ Bucket, Key, Body }))),
    remove: async (Key: string) => void (await client.send(new DeleteObjectCommand({ Bucket, Key }))),
    get: async (Key: string): Promise<Buffer> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from(await Body!.transformToByteArray());
    },
    names: async (): Promise<string[]> => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key }) => Key!).toSorted();
    },
    destroy: async (): Promise<void> => void (await client.send(new DeleteBucketCommand({ Bucket }))),
    buckets: async (): Promise<string[]> => {
      const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
      return Buckets.map(({ Name }) => Name!);
    },
  };
}
