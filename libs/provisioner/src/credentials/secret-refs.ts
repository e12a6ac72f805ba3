import { RESOURCE_KINDS, type Json, type JsonObject, type ResourceKind, type ResourceRef } from '@slipway/contracts';
import type { SecretRef } from '@slipway/secrets';

const isRef = (value: Json): value is SecretRef => typeof value === 'string' && value.startsWith('secret://');

/** All references to secrets in a value, each once, in order. */
export function secretRefsIn(value: Json): SecretRef[] {
  if (isRef(value)) return [value];
  if (value === null || typeof value !== 'object') return [];
  return [...new Set(Object.values(value).flatMap(secretRefsIn))];
}

/** The same value with each reference replaced by what `read` gives for it. */
export async function withSecrets(value: JsonObject, read: (ref: SecretRef) => Promise<string>): Promise<JsonObject> {
  const fill = async (one: Json): Promise<Json> => {
    if (isRef(one)) return read(one);
    if (Array.isArray(one)) return Promise.all(one.map(fill));
    return one === null || typeof one !== 'object' ? one : withSecrets(one, read);
  };
  return Object.fromEntries(
    await Promise.all(Object.entries(value).map(async ([name, one]) => [name, await fill(one)] as const)),
  );
}

/** `database-default.shop-db/g1/password`: whose secret it is, by the beginning of its name (see `secretPrefix`). */
const OWNED = new RegExp(`^secret://(${RESOURCE_KINDS.join('|')})-([a-z0-9-]+)\\.([a-z0-9-]+)/g\\d+/`);

/** The resource whose secret it is; `undefined` when it is nobody's. */
export function ownerOf(ref: SecretRef): ResourceRef | undefined {
  const [, kind, environment, name] = OWNED.exec(ref) ?? [];
  return name === undefined ? undefined : { environment: environment!, kind: kind as ResourceKind, name };
}
