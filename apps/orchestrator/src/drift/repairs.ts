import { SlipwayError, type JsonObject, type RepairAsked } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';
import type { EnvironmentState } from '../environment/state.js';
import { environmentOf } from '../place.js';
import type { Drifts } from './drifts.js';

/**
 * What a repair is to bring back: of its instance, and of what is shared and that uses, all that is other than recorded, or what of it the
 * job names. Looked at now, so that a plan that waited rests on what is. Throws `bad-input` for keys that are no part of it, `unreachable` where
 * one of them is not known.
 */
export async function repairsOf(body: JsonObject, drifts: Drifts, state: EnvironmentState): Promise<RepairAsked[]> {
  const instanceId = String(body['instanceId']);
  const environment = environmentOf(body);
  const named = body['resources'] as unknown as string[] | undefined;
  const keys = drifts.keysOf(instanceId, environment, state);
  const strange = named?.filter((key) => !keys.includes(key)) ?? [];
  if (strange.length > 0)
    throw badInput([{ field: 'resources', reason: `has ${strange.join(', ')}, which is no part of ${instanceId}` }]);
  const { items, unknown } = await drifts.all({ environment, instanceId }, state);
  const isMeant = (key: string) => named === undefined || named.includes(key);
  for (const { location, reason, resources } of unknown) {
    const key = resources.find(isMeant);
    if (key) throw new SlipwayError('unreachable', `How ${key} is at ${location} is not known: ${reason}`, { resource: key });
  }
  return items.flatMap(({ key, drift, differences, repair }) =>
    drift === 'extra' || !isMeant(key) ? [] : [{ key, drift, differences, ...(repair && { by: repair }) }],
  );
}
