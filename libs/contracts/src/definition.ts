import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsPositive,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { TARGET, type ArtefactFacts, type PinnedPlacement } from './artefact.js';
import type { AskedRequirement, OfferedCapability } from './capability.js';
import type { JsonObject } from './json.js';
import { MayBeLeftOut } from './left-out.js';
import { AreLocks, FILTER_CHARACTERS, IsBlueprintName, IsDefinitionName, IsName, IsNamespace, IsResourceUri } from './names.js';
import { Offering } from './offering.js';
import { RESOURCE_KINDS, type ResourceKind } from './services.js';

/** A semantic version (SemVer 2.0.0), as definitions and packages carry it. */
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const IsVersion = () => Matches(SEMVER, { message: '$property must be a semantic version such as "1.0.0"' });

/** What a definition offers to others: a namespace and attributes. Identity is one too (`slipway.identity`). */
export class Capability implements OfferedCapability {
  @IsNamespace() namespace: string;
  /**
   * Values that requirements compare with: texts, numbers, booleans, lists of these; `version` is a version. A type may stand behind a
   * name (OSGi Core 8 §3.3.6): `"size:Long": 5`, `"api:Version": "1.2"`, `"ports:List<Long>": [80]`.
   */
  @MayBeLeftOut() @IsObject() attributes?: JsonObject;
  /** Packages whose classes show in what this offers: who is wired to it has them from the same place. */
  @MayBeLeftOut() @IsArray() @ArrayMaxSize(1000) @IsString({ each: true }) uses?: string[];
  /** Attributes that who requires it must ask for by value. */
  @MayBeLeftOut() @IsArray() @ArrayMaxSize(100) @IsString({ each: true }) mandatory?: string[];
  /** How much there is of it, for all who are wired to it; without end when left out. */
  @MayBeLeftOut() @IsNumber() @Min(0) capacity?: number;
  /** When it is there: plans take notice of `resolve` only, which is meant when left out. */
  @MayBeLeftOut() @IsName() effective?: string;
}

/** What a definition needs: a capability of that namespace for which all that is said here holds. */
export class Requirement implements AskedRequirement {
  @IsNamespace() namespace: string;
  /** How the definition calls it: the made resource is `<instance>-<name>`, and `${<name>.<output>}` its outputs. */
  @MayBeLeftOut() @IsName() name?: string;
  /** Attributes the capability must have, each equal. */
  @MayBeLeftOut() @IsObject() attributes?: JsonObject;
  /** A semver range that the capability's `version` attribute (for identities: the version) must lie in. */
  @MayBeLeftOut() @IsString() @MaxLength(64) range?: string;
  /** What must hold of the attributes, as a filter of OSGi Core 8 §3.2.7: `(&(version>=2)(!(edition=trial)))`. */
  @MayBeLeftOut() @IsString() @MaxLength(FILTER_CHARACTERS) filter?: string;
  /** `multiple`: wired to all that are there and satisfy it, instead of to one. */
  @MayBeLeftOut() @IsIn(['single', 'multiple']) cardinality?: 'single' | 'multiple';
  /** When it is needed: plans take notice of `resolve` only, which is meant when left out. */
  @MayBeLeftOut() @IsName() effective?: string;
  /** What it takes of a capability with limited capacity; 1 when left out. */
  @MayBeLeftOut() @IsNumber() @IsPositive() amount?: number;
  /** `optional`: the plan holds without it. */
  @MayBeLeftOut() @IsIn(['mandatory', 'optional']) resolution?: 'mandatory' | 'optional';
  /** Laid over the spec of what is made for this requirement. */
  @MayBeLeftOut() @IsObject() spec?: JsonObject;
}

/** Something installable. Concrete when it has a `type`: then the sub-provisioner of that kind can make it. */
export class ResourceDefinition {
  @IsDefinitionName() name: string;
  @IsVersion() version: string;
  @MayBeLeftOut() @IsString() @MaxLength(120) title?: string;
  @MayBeLeftOut() @IsString() @MaxLength(2000) description?: string;
  @MayBeLeftOut() @IsIn(RESOURCE_KINDS) type?: ResourceKind;
  /** The driver that makes it, where only that one can; else the first that the guest location has for its type. */
  @MayBeLeftOut() @IsName() driver?: string;
  /** One for the whole environment instead of one for each that needs it. */
  @MayBeLeftOut() @IsBoolean() shared?: boolean;
  /** There can be one version of its name; so it is with what is shared, unless this says `false`. */
  @MayBeLeftOut() @IsBoolean() singleton?: boolean;
  /** `name` or `name@range`: short for requirements on identities. */
  @MayBeLeftOut() @IsArray() @ArrayMaxSize(200) @IsString({ each: true }) dependencies?: string[];
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => Capability)
  capabilities?: Capability[];
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => Requirement)
  requirements?: Requirement[];
  /** What end users can choose: `${offering.<name>}` in its own spec, and in what its requirements ask for. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => Offering)
  offerings?: Offering[];
  /** How to make it: a {@link StorageSpec}, {@link DatabaseSpec} or {@link InstanceSpec}, by `type`. */
  @MayBeLeftOut() @IsObject() spec?: JsonObject;
}

/** What a definition requires of its target, where it goes into one. */
export const targetRequirementOf = ({ requirements = [] }: Pick<ResourceDefinition, 'requirements'>): Requirement | undefined =>
  requirements.find(({ namespace }) => namespace === TARGET);

/** A content package: a name, a version and definitions, in one YAML or JSON file, artefacts beside it. */
export class ContentPackage {
  @IsDefinitionName() name: string;
  @IsVersion() version: string;
  @MayBeLeftOut() @IsString() @MaxLength(2000) description?: string;
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => ResourceDefinition)
  definitions: ResourceDefinition[];
}

/** Sizes as people write them: `512MiB`, `10GiB`, or plain bytes. */
export const SIZE = /^[1-9]\d{0,14}(B|KiB|MiB|GiB|TiB)?$/;
const IsSize = () => Matches(SIZE, { message: '$property must be a size such as "512MiB"' });
/** Bytes of a {@link SIZE}. */
export function bytesOf(size: string): number {
  const [, digits, unit] = /^(\d+)([KMGT]?)/.exec(size)!;
  return Number(digits) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit!);
}

/** Most of what a lease takes of a capacity, and most locks of it. */
const LEASED = { amount: 1_000_000_000, slots: 100 };

/** What is not made by a driver of its kind, but leased: what whoever asks for a lease says ({@link LeaseAsk}). */
export class LeaseSpec {
  /** Of resource: `host`, `database`. */
  @IsName() type: string;
  /** Values that it must have. */
  @MayBeLeftOut() @IsObject() attributes?: JsonObject;
  /** What else must hold of its attributes: a filter of OSGi Core 8 §3.2.7, `(memory>=4)`. */
  @MayBeLeftOut() @IsString() @MaxLength(FILTER_CHARACTERS) filter?: string;
  /** Of this one only; of any that makes the type when left out. */
  @MayBeLeftOut() @IsBlueprintName() blueprint?: string;
  /** How much of its capacity; 1 when left out. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(LEASED.amount) amount?: number;
  /** Names of locks on it that nobody else may have meanwhile: `port/8080`. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(LEASED.slots)
  @ArrayUnique()
  @AreLocks()
  slots?: string[];
  /** The greater, the sooner; 0 when left out. */
  @MayBeLeftOut() @IsInt() @Min(0) @Max(1_000) priority?: number;
}

/** How a storage is to be made. */
export class StorageSpec {
  /** Name of the requirement whose leased host it is made on; at its own location when left out. */
  @MayBeLeftOut() @IsName() on?: string;
  /** Permissions of the folder, octal; `0750` when left out. */
  @MayBeLeftOut() @Matches(/^0?[0-7]{3}$/, { message: '$property must be octal permissions such as "0750"' }) mode?: string;
  /** Who owns it, `uid` or `uid:gid`; who runs Slipway when left out. */
  @MayBeLeftOut() @Matches(/^\d{1,9}(:\d{1,9})?$/, { message: '$property must be "uid" or "uid:gid"' }) owner?: string;
  /** Enforced where the file system can (project quota), else reported as not enforced. */
  @MayBeLeftOut() @IsSize() sizeLimit?: string;
}

/** How a database is to be made. */
export class DatabaseSpec {
  /** Leased instead of made, by the driver `lease`. */
  @MayBeLeftOut() @ValidateNested() @Type(() => LeaseSpec) lease?: LeaseSpec;
  /** Statements that make the schema, run once, in one transaction, when the database is made. */
  @MayBeLeftOut() @IsString() @MaxLength(12_000) schema?: string;
  /** Most connections at once, on a server; that of the configuration when left out. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(10_000) connectionLimit?: number;
}

/** When an instance counts as healthy: a GET on its port answers 2xx or 3xx. */
export class HealthCheck {
  @MayBeLeftOut() @Matches(/^\/[\x21-\x7e]*$/, { message: '$property must be a path such as "/health"' }) path?: string;
  @MayBeLeftOut() @IsInt() @Min(1) @Max(3600) intervalSeconds?: number;
  @MayBeLeftOut() @IsInt() @Min(1) @Max(60) timeoutSeconds?: number;
  /** How long it may take to answer for the first time. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(3600) startSeconds?: number;
}

/** Limits of an instance's processes (setrlimit(2)), or of its container. */
export class ProcessLimits {
  @MayBeLeftOut() @IsSize() memory?: string;
  /** Processors, `0.5` for a half. Of a container only. */
  @MayBeLeftOut() @IsNumber() @IsPositive() @Max(1024) cpus?: number;
  @MayBeLeftOut() @IsInt() @IsPositive() openFiles?: number;
  @MayBeLeftOut() @IsInt() @IsPositive() processes?: number;
}

/** A package's name in the npm registry, with or without a scope. */
const NPM_PACKAGE = /^(?=.{1,214}$)(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
/** Subresource Integrity, as lock files and the registry give it. */
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/;

/**
 * What the npm registry brings into an instance's own folder: either one `package` instead of an artefact, or (`ci`) what the
 * artefact's own package-lock.json says. Scripts of packages are never run.
 */
export class NpmSpec {
  @MayBeLeftOut() @Matches(NPM_PACKAGE, { message: '$property must be the name of an npm package' }) package?: string;
  @MayBeLeftOut()
  @Matches(SEMVER, {
    message: '$property must be exactly one version such as "1.0.0", no range and no tag: a plan must make the same each time',
  })
  version?: string;
  /** What the package's archive must be. */
  @MayBeLeftOut() @Matches(INTEGRITY, { message: '$property must be "sha512-…" as a lock file gives it' }) integrity?: string;
  @MayBeLeftOut() @IsIn([true]) ci?: true;
}

/** A Debian package's name (Debian Policy §5.6.7), and a version of one (§5.6.12). */
const DEBIAN_NAME = /^[a-z0-9][a-z0-9+.-]{1,99}$/;
const DEBIAN_VERSION = /^(\d{1,9}:)?\d[A-Za-z0-9.+~-]{0,99}$/;

/** A package of the host's own package sources. */
export class DebianPackage {
  @Matches(DEBIAN_NAME, { message: '$property must be the name of a Debian package' }) name: string;
  /** Of what is to be installed: exactly this one. Of a patch: this one, or a newer one. What the sources prefer when left out. */
  @MayBeLeftOut() @Matches(DEBIAN_VERSION, { message: '$property must be the version of a Debian package' }) version?: string;
}

/** Most packages of one {@link AptSpec}, each way. */
const DEBIAN_PACKAGES = 200;

/** What the package manager of a Debian host is to install or to bring up to date. */
export class AptSpec {
  /** Installed with what they depend on; what they only recommend is not. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(DEBIAN_PACKAGES)
  @ValidateNested({ each: true })
  @Type(() => DebianPackage)
  packages?: DebianPackage[];
  /** Packages that are on the host already, and are brought to a newer version: pending security patches, by name. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(DEBIAN_PACKAGES)
  @ValidateNested({ each: true })
  @Type(() => DebianPackage)
  patches?: DebianPackage[];
}

/** What an existing host has to be: what is left out does not matter. */
export class HostSpec {
  /** As `ID` of os-release(5): `debian`, `ubuntu`. */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][a-z0-9._-]{0,49}$/, { message: '$property must be such as "debian"' })
  distribution?: string;
  /** As `VERSION_ID` of os-release(5): `"12"`. */
  @MayBeLeftOut() @Matches(/^[a-z0-9][a-z0-9._-]{0,49}$/, { message: '$property must be such as "12"' }) version?: string;
  /** As dpkg calls it: `amd64`, `arm64`. */
  @MayBeLeftOut() @Matches(/^[a-z0-9][a-z0-9-]{0,49}$/, { message: '$property must be such as "amd64"' }) architecture?: string;
}

/** Where a file of {@link InstanceSpec.files} may stand: below the artefact's folder, outside of what npm installs. */
export const FILE_PATH = /^(?!node_modules(\/|$))(?!(.*\/)?\.{1,2}(\/|$))[A-Za-z0-9._-]{1,100}(\/[A-Za-z0-9._-]{1,100}){0,9}$/;
/** Characters of one of them, and how many there may be. */
export const FILE_CHARACTERS = 16_000;
export const FILES = 20;

/** A name of an image, with registry, tag or digest. */
const IMAGE = /^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}$/;
/** An absolute path in a container, without `..`. */
export const CONTAINER_PATH = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]{1,100}){1,10}$/;

/** What an instance as a container needs: exactly one of `image`, `build` and `import`. */
export class ContainerSpec {
  /** Pulled where the engine has none of that name. */
  @MayBeLeftOut() @Matches(IMAGE, { message: '$property must be the name of an image such as "node:24"' }) image?: string;
  /** Path of the Dockerfile in the artefact, from which an image is built. */
  @MayBeLeftOut()
  @Matches(/^(?!.*\.\.)[A-Za-z0-9._][A-Za-z0-9._/-]*$/, { message: '$property must be a path inside the artefact' })
  build?: string;
  /** The artefact is a root file system: an image is imported from it. */
  @MayBeLeftOut() @IsIn([true]) import?: true;
  /** Where the program in the container listens; when left out the port that the instance has on its host. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(65535) port?: number;
  /** Who runs it, `uid` or `uid:gid`; whom the image names when left out. */
  @MayBeLeftOut() @Matches(/^\d{1,9}(:\d{1,9})?$/, { message: '$property must be "uid" or "uid:gid"' }) user?: string;
  /** Where in the container it finds the storages it is wired to, by the requirement's name; `/slipway/<name>` when left out. */
  @MayBeLeftOut() @IsObject() mounts?: Record<string, string>;
  /** `own`: a network that the environment's containers share, the port published on loopback. `host`: that of the host. */
  @MayBeLeftOut() @IsIn(['own', 'host']) network?: 'own' | 'host';
}

/** What can follow when something that runs fails. */
export const FAILURE_ACTIONS = ['restart', 'leave', 'stop'] as const;

/** What follows when an instance ends by itself, or does not become healthy again. */
export class OnFailure {
  /** `restart` when left out. `leave`: as it is, for somebody to look at. `stop`: it is not to run until somebody starts it. */
  @MayBeLeftOut() @IsIn(FAILURE_ACTIONS) action?: (typeof FAILURE_ACTIONS)[number];
  /** So many restarts in a row; then it is stopped. Without end when left out. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(1_000) limit?: number;
  /** Before the first restart, in seconds; each further one in a row waits twice as long. 0.5 when left out. */
  @MayBeLeftOut() @Min(0.1) @Max(3_600) backoffSeconds?: number;
  /** Longest wait before a restart, in seconds; 60 when left out. */
  @MayBeLeftOut() @Min(0.1) @Max(86_400) longestBackoffSeconds?: number;
  /** Having been unhealthy for so long it has failed too, also while it runs; never when left out. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(86_400) unhealthySeconds?: number;
}

/** How an instance is to be made. */
export class InstanceSpec {
  /** Name of the requirement whose leased host it is made on; at its own location when left out. */
  @MayBeLeftOut() @IsName() on?: string;
  /** What is no program, but a host or something else that is leased, by the driver `lease`. */
  @MayBeLeftOut() @ValidateNested() @Type(() => LeaseSpec) lease?: LeaseSpec;
  /**
   * Folder of the artefact, relative to its content package; unpacked into the instance's own folder. Of what goes into a target: the
   * file that is brought there.
   */
  @MayBeLeftOut()
  @Matches(/^(?!.*\.\.)[A-Za-z0-9._/-]+$/, { message: '$property must be a path inside the package' })
  artefact?: string;
  /** Set by the repository when the package is read: the artefact as a blob. */
  @MayBeLeftOut() @IsObject() artefactBlob?: { sha256: string; bytes: number };
  /** Set by the repository too: what the file says of itself. */
  @MayBeLeftOut() @IsObject() artefactFacts?: ArtefactFacts;
  /** Set by a plan: where it goes in its target. */
  @MayBeLeftOut() @IsObject() placement?: PinnedPlacement;
  @MayBeLeftOut() @ValidateNested() @Type(() => NpmSpec) npm?: NpmSpec;
  /** What is no program of its own, but packages of its host. */
  @MayBeLeftOut() @ValidateNested() @Type(() => AptSpec) apt?: AptSpec;
  /** What is no program, but the host itself, which is there. */
  @MayBeLeftOut() @ValidateNested() @Type(() => HostSpec) host?: HostSpec;
  /** Small files of its configuration, by their path beside the artefact: text with the placeholders of `environment`. */
  @MayBeLeftOut() @IsObject() files?: Record<string, string>;
  /**
   * Of what takes artefacts: folders that they are brought to, below the output `folder`. They are there before it starts; it finds them as
   * `$SLIPWAY_FOLDER/target`, and can read them only.
   */
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(20)
  @Matches(FILE_PATH, { each: true, message: '$property must be paths such as "webapps"' })
  targetFolders?: string[];
  /** To run it as a container. */
  @MayBeLeftOut() @ValidateNested() @Type(() => ContainerSpec) container?: ContainerSpec;
  /**
   * Program and arguments, run in the unpacked artefact. `node` is the Node that runs Slipway; programs of what npm has installed
   * are found by their names. A container's image may bring it.
   */
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  command?: string[];
  /** `${port}`, `${<requirement>.<output>}` and `${secret.<name>}` (the path of the secret's file) are filled in. */
  @MayBeLeftOut() @IsObject() environment?: Record<string, string>;
  /** Secrets made with the instance, by name; it gets each as a file of mode 0400. */
  @MayBeLeftOut() @IsObject() secrets?: Record<string, { bytes?: number }>;
  @MayBeLeftOut() @ValidateNested() @Type(() => HealthCheck) health?: HealthCheck;
  @MayBeLeftOut() @ValidateNested() @Type(() => ProcessLimits) limits?: ProcessLimits;
  @MayBeLeftOut() @ValidateNested() @Type(() => OnFailure) onFailure?: OnFailure;
  /** Path at the instance where it is called; its provisioner's when left out. */
  @MayBeLeftOut() @IsResourceUri() resourceUri?: string;
}

/** How an instance is checked: as it says, at its own path, else at that of its resource. Without either a connection is enough. */
export function healthOf({ health, resourceUri }: Pick<InstanceSpec, 'health' | 'resourceUri'>): HealthCheck | undefined {
  const path = health?.path ?? resourceUri;
  return path === undefined ? health : { ...health, path };
}

/** The class that validates a spec, by the kind of what it makes. */
export const SPEC_OF = { storage: StorageSpec, database: DatabaseSpec, instance: InstanceSpec } as const;
