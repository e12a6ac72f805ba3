import { Matches } from 'class-validator';

/**
 * Names of instances, environments, locations, resources: a DNS label (RFC 1123 §2.1) of at most 63 characters.
 * That is one legal NATS token, one legal folder name, and free of the `.` that joins names in a stream's name.
 */
export const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** An owner's or actor's id: printable, no white space, at most 128 characters. */
export const OWNER_ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** A caller's request id that is taken over as it is (`X-Request-Id`). */
export const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,63}$/;

/** A caller's free token (`X-Log-Token`): printable ASCII, at most 128 characters. */
export const LOG_TOKEN = /^[\x20-\x7e]{1,128}$/;

/** A blueprint's name, as the configuration gives it. */
export const BLUEPRINT_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** What is said of one that is none. */
export const BLUEPRINT_NAME_HINT = 'must be 1 to 63 letters, digits and inner hyphens, such as "LocalHost"';

/** Validates a field as a {@link BLUEPRINT_NAME}. */
export const IsBlueprintName = () => Matches(BLUEPRINT_NAME, { message: `$property ${BLUEPRINT_NAME_HINT}` });

/** A lock on a leased resource: `port/8080`. */
export const LOCK_NAME = /^[\x21-\x7e]{1,128}$/;

/** Validates each of a list as a {@link LOCK_NAME}. */
export const AreLocks = () =>
  Matches(LOCK_NAME, { each: true, message: 'each of $property must be a name without spaces, such as "port/8080"' });

/** A definition's symbolic name, dots allowed (`org.example.guestbook`). */
export const DEFINITION_NAME = /^[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?$/;

/** A path at an instance, with its query where it has one: where it is called (RFC 3986 §3.3). */
export const RESOURCE_URI = /^\/[\x21-\x7e]{0,1023}$/;

/** Validates a field as a {@link RESOURCE_URI}. */
export const IsResourceUri = () => Matches(RESOURCE_URI, { message: '$property must be a path such as "/api"' });

/** A capability's namespace: as a definition's name, with capitals too, as others' have them (OSGi Core 8 §3.3.3). */
export const NAMESPACE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/** Validates a field as a {@link NAMESPACE}. */
export const IsNamespace = () =>
  Matches(NAMESPACE, { message: '$property must be letters, digits and inner . _ -, such as "osgi.wiring.package"' });

/** Validates a field as a {@link DEFINITION_NAME}. */
export const IsDefinitionName = () =>
  Matches(DEFINITION_NAME, { message: '$property must be lower-case letters, digits and inner . _ -' });

const NAME_HINT = 'must be 1 to 63 lower-case letters, digits and inner hyphens, such as "my-shop"';

/** Validates a field as a {@link NAME}. */
export const IsName = () => Matches(NAME, { message: `$property ${NAME_HINT}` });

/** Validates a field as an {@link OWNER_ID}. */
export const IsOwnerId = () =>
  Matches(OWNER_ID, { message: '$property must be 1 to 128 letters, digits and any of . _ @ + -, such as "ada"' });

/** Validates each of a list as a {@link DEFINITION_NAME}. */
export const AreDefinitionNames = () =>
  Matches(DEFINITION_NAME, { each: true, message: 'each of $property must be a definition\'s name such as "openssl"' });

/** Validates each of a list as a {@link DEFINITION_NAME}, or `*` for all. */
export const AreDefinitionNamesOrAll = () =>
  Matches(new RegExp(`^\\*$|${DEFINITION_NAME.source}`), {
    each: true,
    message: 'each of $property must be a definition\'s name such as "openssl", or "*" for all',
  });

/** `name` or `name@range` (a semver range), as the CLI's `--definition` takes it. */
export const DEFINITION_REFERENCE = /^[a-z0-9][a-z0-9._-]{0,127}(@[0-9A-Za-z .*^~<>=|+-]{1,64})?$/;
export const IsDefinitionReference = () =>
  Matches(DEFINITION_REFERENCE, { message: '$property must be a definition\'s name, or name@range such as "guestbook@^1.0.0"' });

/** Validates each of a list as a {@link DEFINITION_REFERENCE}. */
export const AreDefinitionReferences = () =>
  Matches(DEFINITION_REFERENCE, {
    each: true,
    message: 'each of $property must be a definition\'s name, or name@range such as "openssl@^3.0.0"',
  });

/** The environment that is meant when none is named. */
export const DEFAULT_ENVIRONMENT = 'default';

/** Longest filter (OSGi Core 8 §3.2.7) of a requirement. */
export const FILTER_CHARACTERS = 16_384;
