import { createHash } from 'node:crypto';
import type { Identity, Mark } from '@slipway/provisioner';
import type { ResourceKind } from '@slipway/contracts';

/**
 * Buckets are called `slipway-<place>-<resource>-g<generation>-e<epoch>-<attempt>`: 63 characters of lower-case letters, digits and
 * hyphens at most, unique in the whole store. The resource is hashed; its tags say it.
 */
export function prefixOf(place: string, { resource, generation }: Identity): string {
  const hash = createHash('sha256').update(`${resource.environment}.${resource.name}`).digest('hex').slice(0, 12);
  return `${placePrefix(place)}${hash}-g${generation}-`;
}

export const placePrefix = (place: string): string => `slipway-${place}-`;

export const bucketOf = (place: string, target: Identity, attempt: string): string =>
  `${prefixOf(place, target)}e${target.epoch}-${attempt}`;

const BUCKET = /^slipway-[0-9a-f]{8}-([0-9a-f]{12})-g(\d+)-e(\d+)-[0-9a-f]+$/;

export const epochOf = (bucket: string): number => Number(BUCKET.exec(bucket)?.[3]);

/** What a bucket's name and tags say of it. */
export function markOf(bucket: string, tags: Record<string, string>): Mark | null {
  const [, hash, generation] = BUCKET.exec(bucket) ?? [];
  if (hash === undefined) return null;
  const resource = {
    environment: tags['slipway.environment'] ?? 'unknown',
    kind: 'storage' satisfies ResourceKind as ResourceKind,
    // Who made it died before it was tagged.
    name: tags['slipway.name'] ?? hash,
  };
  return { resource, generation: Number(generation), where: `bucket ${bucket}` };
}
