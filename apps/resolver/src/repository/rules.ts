import {
  CONTAINER_PATH,
  DEFINITION_REFERENCE,
  FILES,
  FILE_CHARACTERS,
  FILE_PATH,
  NAME,
  SPEC_OF,
  SlipwayError,
  TARGET,
  beforeLastBrace,
  type ContentPackage,
  type InstanceSpec,
  type Json,
  type Requirement,
  type ResourceDefinition,
  targetRequirementOf,
} from '@slipway/contracts';
import { fieldErrors, offeringErrors, type FieldError } from '@slipway/mesh';
import {
  fillingErrors,
  identityOf,
  identityRequirement,
  needsOf,
  offeredBy,
  offeringsNamed,
  valuesOf,
  withChoices,
} from '@slipway/solver';
import { readJob, readResource, satisfies } from '@slipway/solver/resolution';
import { plainToInstance } from 'class-transformer';
import { valid } from 'semver';
import { aptRules } from './host-rules.js';
import { leaseRules, onRules } from './lease-rules.js';
import { artefactSpecRules, idleRules, targetRules } from './target-rules.js';

/** Namespaces that only Slipway itself provides. */
const RESERVED = /^slipway\./;
const IDENTITY = 'slipway.identity';
/** Fields of a spec that nobody writes. */
const SET_BY_US = ['artefactBlob', 'artefactFacts', 'placement'];
const ONLY_CONCRETE = 'is only for a definition with a type: an abstract one makes nothing';

/** What the classes of the contract cannot say about a package: what must fit together. Paths as `definitions.2.spec`. */
export function packageRules(content: ContentPackage): FieldError[] {
  const seen = new Set<string>();
  return [
    ...versionRule('version', content.version),
    ...content.definitions.flatMap((definition, index) => {
      const values = valuesOf(offeredBy(definition));
      const own = offeringRules(definition);
      const wrong = own.length > 0 ? own : fillingErrors(definition, values);
      // The rest is looked at as it is with nothing chosen.
      const errors = wrong.length > 0 ? wrong : definitionRules(withChoices(definition, values));
      const identity = identityOf(definition);
      if (seen.has(identity)) errors.push({ field: 'version', reason: `${identity} stands in this package twice` });
      seen.add(identity);
      return within(`definitions.${index}`, errors);
    }),
  ];
}

function definitionRules(definition: ResourceDefinition): FieldError[] {
  const requirements = definition.requirements ?? [];
  return [
    ...versionRule('version', definition.version),
    ...(definition.dependencies ?? []).flatMap((dependency, index) =>
      within(`dependencies.${index}`, dependencyRules(dependency)),
    ),
    ...(definition.capabilities ?? []).flatMap(({ namespace }, index) =>
      RESERVED.test(namespace) && namespace !== TARGET
        ? [{ field: `capabilities.${index}.namespace`, reason: 'must not begin with "slipway.": Slipway itself provides those' }]
        : [],
    ),
    ...targetRules(definition),
    ...requirements.flatMap((requirement, index) => within(`requirements.${index}`, requirementRules(requirement))),
    ...readErrors(definition),
    ...(definition.driver !== undefined && !definition.type ? [{ field: 'driver', reason: ONLY_CONCRETE }] : []),
    ...within('spec', specRules(definition)),
    ...needsOf(definition).flatMap(({ name }) =>
      name === 'offering'
        ? [{ field: 'requirements', reason: '"offering" cannot be the name of one: it is kept for what is chosen' }]
        : [],
    ),
  ];
}

/** What it offers, and that what it fills in is offered by itself: others' offerings reach drivers only. */
function offeringRules({ offerings = [], spec, requirements = [] }: ResourceDefinition): FieldError[] {
  const offered = offerings.map(({ name }) => name);
  const known = offered.length > 0 ? `it offers ${offered.join(', ')}` : 'it offers nothing';
  const named = (field: string, value: Json | undefined): FieldError[] =>
    offeringsNamed(value)
      .filter((name) => !offered.includes(name))
      .map((name) => ({ field, reason: `names \${offering.${name}}, which it does not offer; ${known}` }));
  return [
    ...within('offerings', offeringErrors(offerings)),
    ...Object.entries(spec ?? {}).flatMap(([field, value]) => named(`spec.${field}`, value)),
    ...(offeringsNamed(spec?.artefact).length > 0 ? [{ field: 'spec.artefact', reason: 'cannot be chosen' }] : []),
    ...requirements.flatMap((requirement, index) =>
      (['attributes', 'range', 'spec'] as const).flatMap((field) => named(`requirements.${index}.${field}`, requirement[field])),
    ),
  ];
}

/** Stricter than the contract's pattern where SemVer is (no leading zeros in prereleases), so that versions compare. */
const versionRule = (field: string, version: string): FieldError[] =>
  valid(version) === null ? [{ field, reason: `must be a semantic version such as "1.0.0"; "${version}" is none` }] : [];

function dependencyRules(dependency: string): FieldError[] {
  return DEFINITION_REFERENCE.test(dependency)
    ? []
    : [{ field: '', reason: 'must be a definition’s name, or name@range such as "volume@^1.0.0"' }];
}

/** What the resolver cannot read, and what nothing can ever satisfy but itself: it looks at every version, range, filter and attribute before anything is stored. */
function readErrors(definition: ResourceDefinition): FieldError[] {
  try {
    const [identity] = readResource(definition).capabilities;
    const isItself = (requirement: Requirement) => readJob([requirement]).some((one) => satisfies(identity!, one));
    const reason = `is ${identityOf(definition)} itself, which cannot need itself; leave it out`;
    return [
      ...(definition.requirements ?? []).flatMap((one, index) =>
        one.namespace === IDENTITY && isItself(one) ? [{ field: `requirements.${index}`, reason }] : [],
      ),
      ...(definition.dependencies ?? []).flatMap((one, index) =>
        isItself(identityRequirement(one)) ? [{ field: `dependencies.${index}`, reason }] : [],
      ),
    ];
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'bad-input') throw error;
    return error.details!.fields as unknown as FieldError[];
  }
}

function requirementRules(requirement: Requirement): FieldError[] {
  const errors: FieldError[] = [];
  if (offeringsNamed(requirement.filter).length > 0)
    errors.push({ field: 'filter', reason: 'cannot be chosen; attributes and range can' });
  if (requirement.namespace === IDENTITY && typeof requirement.attributes?.name !== 'string')
    errors.push({ field: 'attributes.name', reason: 'must name a definition' });
  for (const field of ['artefact', ...SET_BY_US])
    if (requirement.spec && Object.hasOwn(requirement.spec, field))
      errors.push({ field: `spec.${field}`, reason: 'belongs to the definition that is required' });
  return errors;
}

function specRules(definition: ResourceDefinition): FieldError[] {
  const { type, spec } = definition;
  if (!type) return spec ? [{ field: '', reason: ONLY_CONCRETE }] : [];
  const errors = specErrors(type, spec ?? {});
  for (const field of SET_BY_US)
    if (spec && Object.hasOwn(spec, field)) errors.push({ field, reason: 'is set by the repository; give "artefact"' });
  errors.push(...onRules(spec ?? {}, definition));
  if (errors.length === 0 && spec?.lease !== undefined) return leaseRules(spec);
  if (errors.length > 0 || type !== 'instance') return errors;
  const instance = (spec ?? {}) as unknown as InstanceSpec;
  const packages = aptRules(instance, definition);
  if (packages.length > 0 || targetRequirementOf(definition)) return [...artefactSpecRules(spec ?? {}), ...packages];
  if (instance.host) return idleRules(spec!, 'is for what runs; this is a host that is there');
  return instanceRules(instance, definition);
}

/** What is wrong with a spec for that kind of resource. */
export const specErrors = (kind: keyof typeof SPEC_OF, spec: object): FieldError[] =>
  fieldErrors(plainToInstance(SPEC_OF[kind] as new () => object, spec, { exposeUnsetFields: false }));

function instanceRules(spec: InstanceSpec, definition: ResourceDefinition): FieldError[] {
  const secrets = Object.entries(spec.secrets ?? {}).flatMap(([name, secret]) =>
    within(`secrets.${name}`, secretRules(name, secret)),
  );
  const known = needsOf(definition).map((need) => need.name);
  const environment = Object.entries(spec.environment ?? {}).flatMap(([variable, value]) =>
    within(`environment.${variable}`, variableRules(variable, value, spec, known)),
  );
  const runs = spec.command === undefined && !(spec.container?.image ?? spec.container?.build);
  const command = runs ? [{ field: 'command', reason: 'is needed unless the image of a container brings it' }] : [];
  return [
    ...command,
    ...within('container', containerRules(spec, known)),
    ...within('npm', npmRules(spec)),
    ...secrets,
    ...environment,
    ...within('files', filesRules(spec, known)),
  ];
}

/** One image, from wherever; storages where there can be a mount. */
function containerRules({ container, artefact }: InstanceSpec, known: readonly string[]): FieldError[] {
  if (container === undefined) return [];
  const images = (['image', 'build', 'import'] as const).filter((field) => container[field] !== undefined);
  if (images.length !== 1) return [{ field: '', reason: 'must have exactly one of image, build and import' }];
  const [from] = images;
  const without = from !== 'image' && artefact === undefined ? [{ field: from!, reason: 'needs an artefact' }] : [];
  const mounts = Object.entries(container.mounts ?? {}).flatMap(([name, path]): FieldError[] => {
    const field = `mounts.${name}`;
    if (!known.some((need) => name === need || name.startsWith(`${need}-`)))
      return [{ field, reason: `names no requirement; there are ${known.join(', ') || 'none'}` }];
    return CONTAINER_PATH.test(path) ? [] : [{ field, reason: 'must be an absolute path such as "/data"' }];
  });
  return [...without, ...mounts];
}

/** One package in place of an artefact, or what an artefact's lock says. */
function npmRules({ npm, artefact }: InstanceSpec): FieldError[] {
  if (npm === undefined) return [];
  const { package: name, version, integrity, ci } = npm;
  if (ci) {
    if (name !== undefined || version !== undefined || integrity !== undefined)
      return [{ field: 'ci', reason: "takes what the artefact's package-lock.json says; leave package and version out" }];
    return artefact === undefined ? [{ field: 'ci', reason: 'needs an artefact with a package-lock.json' }] : [];
  }
  if (name === undefined || version === undefined)
    return [{ field: '', reason: 'must be either {package, version}, or {ci: true} with an artefact' }];
  if (artefact === undefined) return [];
  return [{ field: 'package', reason: 'stands for an artefact; beside one give {ci: true} and a package-lock.json in it' }];
}

function filesRules(spec: InstanceSpec, known: readonly string[]): FieldError[] {
  const files = Object.entries(spec.files ?? {});
  const tooMany = files.length > FILES ? [{ field: '', reason: `must be at most ${FILES}; more belong into an artefact` }] : [];
  return [
    ...tooMany,
    ...files.flatMap(([path, text]): FieldError[] => {
      if (!FILE_PATH.test(path))
        return [
          {
            field: '',
            reason: `${JSON.stringify(path)} must be a path beside the artefact of letters, digits and . _ - /, without ..`,
          },
        ];
      if (typeof text !== 'string' || text.length > FILE_CHARACTERS)
        return [{ field: '', reason: `${path} must be a text of at most ${FILE_CHARACTERS} characters` }];
      return placeholderRules(text, spec, known).map(({ reason }) => ({ field: '', reason: `${path} ${reason}` }));
    }),
  ];
}

function secretRules(name: string, secret: unknown): FieldError[] {
  if (!NAME.test(name)) return [{ field: '', reason: 'must have a name of lower-case letters, digits and inner hyphens' }];
  if (secret === null || typeof secret !== 'object' || Array.isArray(secret))
    return [{ field: '', reason: 'must be an object such as {bytes: 32}' }];
  return Object.entries(secret).flatMap(([field, value]): FieldError[] => {
    if (field !== 'bytes') return [{ field, reason: 'is not known' }];
    return Number.isInteger(value) && value >= 16 && value <= 1024
      ? []
      : [{ field, reason: 'must be a whole number from 16 to 1024' }];
  });
}

function variableRules(variable: string, value: unknown, spec: InstanceSpec, known: readonly string[]): FieldError[] {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return [{ field: '', reason: 'must have a name of letters, digits and _' }];
  if (variable.startsWith('SLIPWAY_')) return [{ field: '', reason: 'has a name that is kept for Slipway' }];
  if (typeof value !== 'string') return [{ field: '', reason: 'must be a text; put it in quotes' }];
  return placeholderRules(value, spec, known);
}

/** What a text names that there is not. */
function placeholderRules(text: string, spec: InstanceSpec, known: readonly string[]): FieldError[] {
  return [...beforeLastBrace(text).matchAll(/\$\{([^}]*)\}/g)].flatMap(([whole, placeholder = '']) => {
    const [of = '', ...rest] = placeholder.split('.');
    if (of === 'secret')
      return Object.hasOwn(spec.secrets ?? {}, rest.join('.'))
        ? []
        : [{ field: '', reason: `names ${whole}, which is not among its secrets` }];
    if (['port', 'host', 'instance.name'].includes(placeholder)) return [];
    if (rest.length > 0 && known.some((name) => of === name || of.startsWith(`${name}-`))) return [];
    return [
      {
        field: '',
        reason: `names ${whole}; there are \${port}, \${host}, \${instance.name}, secrets, and outputs of its requirements`,
      },
    ];
  });
}

/** The same errors, of what stands below a path. */
export const within = (path: string, errors: FieldError[]): FieldError[] =>
  errors.map(({ field, reason }) => ({ field: field ? `${path}.${field}` : path, reason }));
