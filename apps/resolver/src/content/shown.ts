import {
  DELEGATED,
  LAYER_RULES,
  SlipwayError,
  badInput,
  hashOf,
  type CapabilitiesQuery,
  type Capability,
  type CapabilityList,
  type CapabilityView,
  type ContentList,
  type ContentQuery,
  type ContentView,
  type DefinitionList,
  type DefinitionQuery,
  type DefinitionSummary,
  type DefinitionView,
  type DefinitionsQuery,
  type Json,
  type JsonObject,
  type ResourceDefinition,
} from '@slipway/contracts';
import { capabilityFilter, identityOf, type Catalogue } from '@slipway/solver';
import type { DelegatedPackage, LayeredPackage, Stack } from '../repository/stack.js';

/** A package of any layer: all have a version. */
export type VersionedPackage = (LayeredPackage | DelegatedPackage) & { version: string; description?: string };

const DEFAULT_LIMIT = 100;

/** Packages in force, from the top of the layers down. */
export const packagesOf = (stack: Stack, { name, layer }: ContentQuery): VersionedPackage[] =>
  ([...stack.packages(), ...stack.delegated()] as VersionedPackage[]).filter(
    (one) => (name === undefined || one.name === name) && (layer === undefined || one.layer === layer),
  );

/** A page of them. Throws `bad-input` for a cursor that is none. */
export function contentPage(stack: Stack, query: ContentQuery): Pick<ContentList, 'items' | 'next'> {
  const keyOf = ({ layer, source, name, version }: VersionedPackage) => `${layer} ${name}@${version} ${source}`;
  const { items, ...more } = page(packagesOf(stack, query), keyOf, query);
  return { items: items.map((one) => contentView(stack, one)), ...more };
}

/** Throws `not-found`. */
export function packageOf(stack: Stack, query: ContentQuery): VersionedPackage {
  const [first] = packagesOf(stack, query);
  if (first) return first;
  const where = query.layer === undefined ? '' : ` in the layer ${query.layer}`;
  throw new SlipwayError('not-found', `There is no content package ${query.name}${where}`, { ...query });
}

const BELOW_ALL = { overwritable: true, writable: false };

export function contentView(stack: Stack, one: VersionedPackage): ContentView {
  const { layer, name, version, description, source, definitions } = one;
  const { overwritable, writable } = layer === DELEGATED ? BELOW_ALL : LAYER_RULES[layer];
  const sum = (count: (definition: (typeof definitions)[number]) => number) =>
    definitions.reduce((total, definition) => total + count(definition), 0);
  return {
    ...{ name, version, ...(description !== undefined && { description }), layer, overwritable, writable, source },
    counts: {
      definitions: definitions.length,
      overridden: sum((definition) => Number(stack.read(identityOf(definition))?.package !== one)),
      capabilities: sum(({ capabilities = [] }) => capabilities.length),
      requirements: sum(({ requirements = [], dependencies = [] }) => requirements.length + dependencies.length),
      artefacts: sum(({ spec }) => Number(spec?.artefactBlob !== undefined)),
    },
    hash: hashOf(definitions as unknown as Json),
  };
}

/** Throws `not-found`. */
export function definitionView(stack: Stack, identity: DefinitionQuery): DefinitionView {
  const [first, ...below] = stack.standing(identityOf(identity));
  if (!first) throw new SlipwayError('not-found', `There is no definition ${identityOf(identity)}`, { ...identity });
  return {
    definition: first.definition as unknown as JsonObject,
    hash: hashOf(first.definition as unknown as Json),
    layer: first.package.layer,
    package: first.package.name,
    overrides: below.map((standing) => ({ layer: standing.package.layer, package: standing.package.name })),
  };
}

/** Identity is a capability too. */
const identityAsCapability = ({ name, version }: ResourceDefinition): Capability => ({
  namespace: 'slipway.identity',
  attributes: { name, version },
});

/** A page of the definitions in force, in the order that plans prefer them. Throws `bad-input` for a cursor that is none. */
export function definitionList(stack: Stack, catalogue: Catalogue, { name, layer, ...asked }: DefinitionsQuery): DefinitionList {
  const all = catalogue.all().flatMap(({ written }): DefinitionSummary[] => {
    const { layer: standsIn, name: content } = stack.read(identityOf(written))!.package;
    if ((name !== undefined && written.name !== name) || (layer !== undefined && standsIn !== layer)) return [];
    const { version, title, type } = written;
    const said = { ...(title !== undefined && { title }), ...(type !== undefined && { type }) };
    return [{ name: written.name, version, ...said, layer: standsIn, package: content }];
  });
  return page(all, identityOf, asked);
}

/** A page of what definitions offer. Throws `bad-input` for a filter or a cursor that is none. */
export function capabilityList(
  stack: Stack,
  catalogue: Catalogue,
  { namespace, filter, ...asked }: CapabilitiesQuery,
): CapabilityList {
  const matches = filter === undefined ? undefined : capabilityFilter(filter);
  const all: { key: string; item: CapabilityView }[] = [];
  for (const { definition } of catalogue.all()) {
    const { name, version } = definition;
    const { layer } = stack.read(identityOf(definition))!.package;
    for (const [index, offered] of [identityAsCapability(definition), ...(definition.capabilities ?? [])].entries()) {
      const { attributes = {} } = offered;
      if ((namespace !== undefined && offered.namespace !== namespace) || matches?.(attributes) === false) continue;
      const key = `${offered.namespace} ${name} ${version} ${index}`;
      all.push({ key, item: { namespace: offered.namespace, attributes, definition: { name, version }, layer } });
    }
  }
  all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const { items, ...more } = page(all, ({ key }) => key, asked);
  return { items: items.map(({ item }) => item), ...more };
}

/** A page behind the one that the cursor is of: it holds the last one's key and, since that may be gone, how far it came. */
function page<T>(
  all: readonly T[],
  keyOf: (one: T) => string,
  { limit = DEFAULT_LIMIT, cursor }: { limit?: number; cursor?: string },
): { items: T[]; next?: string } {
  const from = cursor === undefined ? 0 : behind(all.map(keyOf), cursor);
  const items = all.slice(from, from + limit);
  const to = from + items.length;
  return { items, ...(to < all.length && { next: Buffer.from(`${to} ${keyOf(items.at(-1)!)}`).toString('base64url') }) };
}

function behind(keys: readonly string[], cursor: string): number {
  const [, count, key] = /^(\d{1,9}) (.+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (count === undefined) throw badInput([{ field: 'cursor', reason: 'must be `next` of the page before' }]);
  if (keys[Number(count) - 1] === key) return Number(count);
  const at = keys.indexOf(key!);
  return at < 0 ? Number(count) : at + 1;
}
