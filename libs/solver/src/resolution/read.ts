import {
  SlipwayError,
  badInput,
  type Capability as WrittenCapability,
  type FieldError,
  type Requirement as WrittenRequirement,
  type ResourceDefinition,
} from '@slipway/contracts';
import { readAttributes, type Value } from '../attribute/attributes.js';
import { parseFilter } from '../attribute/filter.js';
import { parseRange, type Range } from '../attribute/range.js';
import { parseVersion, Version } from '../attribute/version.js';
import { isBundle, isShared } from '../bundle.js';
import { IDENTITY, identityOf, identityRequirement, needsOf } from '../requirement.js';
import { PACKAGE, type Capability, type Requirement, type Resource } from './resource.js';

/** Where a definition stands, and why it cannot be made here where it cannot. */
export interface Standing {
  layer?: number;
  excluded?: string;
}

/**
 * Reads a definition. The one place that looks at filters, ranges, versions and attributes: throws `bad-input` that names every
 * field that is wrong, and why, so that nothing that the solver would stumble over is ever stored.
 */
export function readResource(written: ResourceDefinition, { layer = 0, excluded }: Standing = {}): Resource {
  const errors: FieldError[] = [];
  const { name } = written;
  const [together, shared] = [isBundle(written), isShared(written)];
  const version =
    parseVersion(written.version) ?? fail(errors, 'version', `"${written.version}" is no version such as "1.0.0"`, NONE);
  const attributes = new Map<string, Value>([
    ['name', name],
    ['version', version],
  ]);
  const identity = { namespace: IDENTITY, attributes, uses: [] };
  const capabilities = (written.capabilities ?? [])
    .map((one, at) => ({ one, field: `capabilities.${at}` }))
    .filter(({ one }) => isResolved(one))
    .map(({ one, field }) => readCapability(one, field, errors));
  const resource: Resource = {
    id: identityOf(written),
    name,
    version,
    singleton: written.singleton ?? (shared && !together),
    shared,
    together,
    layer,
    capabilities: [identity, ...capabilities],
    requirements: readRequirements(written, errors),
    ...(excluded !== undefined && { excluded }),
  };
  if (errors.length > 0) throw badInput(errors);
  return resource;
}

/** Reads what a job needs, by itself. Throws `bad-input` that names every field that is wrong. */
export function readJob(requirements: readonly WrittenRequirement[]): Requirement[] {
  const errors: FieldError[] = [];
  const read = readRequirements({ name: 'job', version: '0.0.0', requirements: [...requirements] }, errors);
  if (errors.length > 0) throw badInput(errors);
  return read;
}

const NONE = new Version('0', [0, 0, 0], [], '');

function fail<T>(errors: FieldError[], field: string, reason: string, instead: T): T {
  errors.push({ field, reason });
  return instead;
}

const isResolved = ({ effective = 'resolve' }: { effective?: string }): boolean => effective === 'resolve';

/** Reads a capability; `errors` collects what is wrong with it, under `field`. */
export function readCapability(written: WrittenCapability, field: string, errors: FieldError[]): Capability {
  const { namespace, attributes = {}, uses = [], mandatory = [], capacity } = written;
  if (capacity !== undefined && !(capacity >= 0))
    errors.push({ field: `${field}.capacity`, reason: 'must be a number from 0 on' });
  const read = readAttributes(attributes, `${field}.attributes`, errors);
  if (namespace === PACKAGE && typeof read.get(PACKAGE) !== 'string')
    errors.push({ field: `${field}.attributes`, reason: `a package says its name as "${PACKAGE}"` });
  for (const [at, name] of mandatory.entries())
    if (!read.has(name.toLowerCase()))
      errors.push({ field: `${field}.mandatory.${at}`, reason: `"${name}" is none of its attributes` });
  return {
    namespace,
    attributes: read,
    uses,
    ...(mandatory.length > 0 && { mandatory: mandatory.map((name) => name.toLowerCase()) }),
    ...(capacity !== undefined && { capacity }),
  };
}

/** Each with the name that {@link needsOf} gives it, and its field as it was written. */
function readRequirements(written: ResourceDefinition, errors: FieldError[]): Requirement[] {
  const own = written.requirements ?? [];
  const all: WrittenRequirement[] = [...own, ...(written.dependencies ?? []).map(identityRequirement)];
  const names = needsOf(written).map(({ name }) => name);
  const taken = names.filter((name, at) => names.indexOf(name) < at);
  for (const name of new Set(taken))
    errors.push({
      field: `requirements.${names.lastIndexOf(name)}.name`,
      reason: `"${name}" is the name of requirement ${names.indexOf(name)} too`,
    });
  return all.flatMap((one, at) => {
    const field = at < own.length ? `requirements.${at}` : `dependencies.${at - own.length}`;
    return isResolved(one) ? [readRequirement(one, names[at]!, field, errors)] : [];
  });
}

/** Reads a requirement by that name; `errors` collects what is wrong with it, under `field`. */
export function readRequirement(written: WrittenRequirement, name: string, field: string, errors: FieldError[]): Requirement {
  const { namespace, attributes = {}, amount = 1 } = written;
  if (!(amount > 0)) errors.push({ field: `${field}.amount`, reason: 'must be a number above 0' });
  // A dependency is a text that has its range within it.
  const range = readRange(written.range, field.startsWith('dependencies.') ? field : `${field}.range`, errors);
  const filter = readFilter(written.filter, `${field}.filter`, errors);
  return {
    name,
    namespace,
    attributes: readAttributes(attributes, `${field}.attributes`, errors),
    ...(range && { range }),
    ...(filter && { filter }),
    optional: written.resolution === 'optional',
    multiple: written.cardinality === 'multiple',
    amount,
  };
}

function readRange(text: string | undefined, field: string, errors: FieldError[]): Range | undefined {
  const range = text === undefined ? undefined : parseRange(text);
  if (text !== undefined && !range)
    errors.push({
      field,
      reason: `must be a semver range such as "^1.0.0", or one in brackets such as "[1.0,2.0)"; "${text}" is none`,
    });
  return range;
}

function readFilter(text: string | undefined, field: string, errors: FieldError[]) {
  if (text === undefined) return undefined;
  try {
    return parseFilter(text, field);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    errors.push(...(error.details!.fields as unknown as FieldError[]));
    return undefined;
  }
}
