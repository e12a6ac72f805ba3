import type { JsonObject } from '@slipway/contracts';
import type { ResourceStreams } from '../lifecycle/stream.js';
import { secretPrefix } from '../step/driver-context.js';
import { ownerOf, secretRefsIn } from './secret-refs.js';

/**
 * The same inputs, each of something whose secrets are others now with what that gives out: whoever plans a step knows what a database gave
 * out when it was made, and of no rotation since (decision 19). All of it, not its secrets alone: with a bucket's secret key its
 * access key changes too.
 */
export async function asTheyStand(
  inputs: Record<string, JsonObject>,
  streams: Pick<ResourceStreams, 'load'>,
): Promise<Record<string, JsonObject>> {
  const renewed = Object.entries(inputs).map(async ([name, given]) => [name, await asItStands(given, streams)] as const);
  return Object.fromEntries(await Promise.all(renewed));
}

async function asItStands(given: JsonObject, streams: Pick<ResourceStreams, 'load'>): Promise<JsonObject> {
  const refs = secretRefsIn(given);
  const resource = refs.map(ownerOf).find(Boolean);
  if (!resource) return given;
  const { present } = (await streams.load(resource)).state;
  if (!present) return given;
  const prefix = `secret://${secretPrefix({ resource, generation: present.generation })}/`;
  const ofIt = refs.filter((ref) => ref.startsWith(prefix));
  const now = secretRefsIn(present.outputs);
  return ofIt.every((ref) => now.includes(ref)) ? given : present.outputs;
}
