import {
  DELEGATED,
  SlipwayError,
  type Actor,
  type ContentEvent,
  type DelegatedContent,
  type UploadedContent,
  type WrittenDefinition,
} from '@slipway/contracts';
import { identityOf } from '@slipway/solver';
import type { Change, LayeredPackage, Stack } from '../repository/stack.js';

/** Where all that is decided about content stands: one stream, so that each decision rests on all before it. */
export const CONTENT_STREAM = 'content-layers';

/** What was decided. */
export interface Recorded {
  /** Of the layer `dynamic`, by name. */
  packages: ReadonlyMap<string, UploadedContent>;
  /** Of the layer `writable`, by identity. */
  definitions: ReadonlyMap<string, WrittenDefinition>;
  /** Other repositories, by name. */
  delegates: ReadonlyMap<string, DelegatedContent>;
}
export const NOTHING: Recorded = { packages: new Map(), definitions: new Map(), delegates: new Map() };

export type DecidedEvent = Exclude<ContentEvent, { type: 'ContentTaken' | 'ContentLeft' }>;

export function evolve(recorded: Recorded, { type, data }: DecidedEvent): Recorded {
  const packages = new Map(recorded.packages);
  const definitions = new Map(recorded.definitions);
  const delegates = new Map(recorded.delegates);
  switch (type) {
    case 'ContentUploaded':
    case 'ContentReplaced':
      packages.set(data.name, data);
      break;
    case 'ContentRemoved':
      packages.delete(data.name);
      break;
    case 'DefinitionCreated':
    case 'DefinitionUpdated':
      definitions.set(identityOf(data), data);
      break;
    case 'DefinitionDeleted':
      definitions.delete(identityOf(data));
      break;
    case 'DelegateTaken':
      delegates.set(data.name, data);
      break;
    case 'DelegateLeft':
      delegates.delete(data.name);
  }
  return { packages, definitions, delegates };
}

/**
 * What is recorded when a definition is created or updated; nothing when it is so already. Throws `layer-refuses` where the rules of the
 * layers do not let it, and `not-found` where there is nothing to be updated.
 */
export function decideWrite(
  recorded: Recorded,
  stack: Stack,
  { change, written }: { change: 'create' | 'update'; written: WrittenDefinition },
): DecidedEvent | undefined {
  const key = identityOf(written);
  if (recorded.definitions.get(key)?.definition.sha256 === written.definition.sha256) return undefined;
  assertMay(change, stack, key);
  return { type: change === 'create' ? 'DefinitionCreated' : 'DefinitionUpdated', data: written };
}

/** What is recorded when a definition is deleted. Throws `layer-refuses` and `not-found`. */
export function decideDeletion(
  stack: Stack,
  { name, version, actor, reason }: Pick<WrittenDefinition, 'name' | 'version' | 'actor'> & { reason?: string | undefined },
): DecidedEvent {
  assertMay('delete', stack, identityOf({ name, version }));
  return { type: 'DefinitionDeleted', data: { name, version, actor, ...(reason !== undefined && { reason }) } };
}

function assertMay(change: Change, stack: Stack, key: string): void {
  const refusal = stack.refusalOf(change, key);
  if (!refusal) return;
  const { reason, ...where } = refusal;
  throw new SlipwayError(stack.read(key) ? 'layer-refuses' : 'not-found', reason, { ...where });
}

export interface Upload {
  content: UploadedContent;
  /** The same, as the rules of the layers see it. */
  candidate: LayeredPackage;
  /** Name of the package whose place it takes. */
  replaces?: string;
}

/**
 * What is recorded when a package is uploaded; nothing when the same content is there already. Throws `layer-refuses`, `not-found`
 * where there is nothing to be replaced, and `content-invalid` where it would take the place of another name.
 */
export function decideUpload(
  recorded: Recorded,
  stack: Stack,
  { content, candidate, replaces }: Upload,
): DecidedEvent | undefined {
  const { name } = content;
  if (replaces !== undefined && replaces !== name)
    throw new SlipwayError('content-invalid', `The content package is called ${name}; it cannot take the place of ${replaces}`, {
      fields: [{ field: 'name', reason: `must be ${replaces}` }],
    });
  const before = recorded.packages.get(name);
  if (before?.loaded.sha256 === content.loaded.sha256) return undefined;
  if (replaces !== undefined && !before) throw notThere(name, stack);
  if (replaces === undefined && before)
    throw new SlipwayError(
      'layer-refuses',
      `The layer dynamic holds a content package ${name} already (${before.version}); replace it, or take another name`,
      { layer: 'dynamic', package: name },
    );
  assertFits(stack, candidate);
  return before
    ? { type: 'ContentReplaced', data: { ...content, before: before.version } }
    : { type: 'ContentUploaded', data: content };
}

/** Throws `layer-refuses` where a package, in place of that of its name in its layer, does not fit to what is in force. */
function assertFits(stack: Stack, candidate: LayeredPackage): void {
  const { layer, name } = candidate;
  const standing = stack.packages().find((one) => one.layer === layer && one.name === name);
  const refusal = stack.refusalOfPackage(candidate, standing);
  if (!refusal) return;
  const { reason, ...where } = refusal;
  throw new SlipwayError('layer-refuses', `The content package ${name} is refused: ${reason}`, { ...where });
}

/** What is recorded when a package is removed. Throws `not-found`, and `layer-refuses` where it stands in another layer. */
export function decideRemoval(
  recorded: Recorded,
  stack: Stack,
  { name, actor, reason }: Pick<UploadedContent, 'name' | 'actor'> & { reason?: string | undefined },
): Extract<DecidedEvent, { type: 'ContentRemoved' }> {
  const before = recorded.packages.get(name);
  if (!before) throw notThere(name, stack);
  const { version } = before;
  return { type: 'ContentRemoved', data: { name, version, actor, ...(reason !== undefined && { reason }) } };
}

function notThere(name: string, stack: Stack): SlipwayError {
  const other = [...stack.packages(), ...stack.delegated()].find((one) => one.name === name);
  if (!other) return new SlipwayError('not-found', `There is no content package ${name}`, { package: name });
  const { layer, source } = other;
  const refused =
    layer === DELEGATED
      ? `The content package ${name} is another repository's, ${source}: it is to be changed there`
      : `The content package ${name} stands in the layer ${layer} (${source}), which takes no packages through the API`;
  return new SlipwayError('layer-refuses', refused, { layer, package: name });
}

/** What is recorded of what another repository has now; nothing when it is in force already. */
export function decideTaken({ delegates }: Recorded, taken: DelegatedContent): DecidedEvent | undefined {
  const before = delegates.get(taken.name);
  if (before?.content.sha256 === taken.content.sha256 && before.source === taken.source) return undefined;
  return { type: 'DelegateTaken', data: taken };
}

/** What is recorded of one that is not delegated to any more; nothing when it is not. */
export function decideLeft({ delegates }: Recorded, data: { name: string; actor: Actor }): DecidedEvent | undefined {
  return delegates.has(data.name) ? { type: 'DelegateLeft', data } : undefined;
}
