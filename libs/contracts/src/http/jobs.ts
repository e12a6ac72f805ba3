import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { OWNER_TYPES, type OwnerType } from '../context.js';
import { JOBS, type JobKind } from '../job.js';
import type { JsonObject } from '../json.js';
import { MayBeLeftOut } from '../left-out.js';
import type { CapabilityRequirement } from '../plan.js';
import {
  AreDefinitionNames,
  AreDefinitionNamesOrAll,
  AreDefinitionReferences,
  DEFAULT_ENVIRONMENT,
  FILTER_CHARACTERS,
  IsDefinitionName,
  IsDefinitionReference,
  IsName,
  IsOwnerId,
} from '../names.js';
import { IsTime } from '../time.js';

/** What a job does whose plan is not the one that was shown: it is refused with the difference, or planned anew. */
export const IF_CHANGED = ['refuse', 'replan'] as const;

/** Of something installed: `storage/shop-data`. */
const RESOURCE_KEY = /^(storage|database|instance)\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What every job has. */
class Job {
  @ApiProperty({ example: 'shop', description: 'Name of the instance, unique in its environment.' })
  @IsName()
  instanceId: string;

  @ApiPropertyOptional({ default: DEFAULT_ENVIRONMENT })
  @MayBeLeftOut()
  @IsName()
  environment?: string;

  @ApiPropertyOptional({ description: "A named set of places; the profile's default when left out." })
  @MayBeLeftOut()
  @IsName()
  clusterId?: string;

  @ApiPropertyOptional({ minimum: -100, maximum: 100, default: 0, description: 'Higher goes first.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(-100)
  @Max(100)
  priority?: number;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-03-01T06:00:00Z',
    description: 'Not before this time, which has a zone.',
  })
  @MayBeLeftOut()
  @IsTime()
  notBefore?: string;

  @ApiPropertyOptional({
    description:
      'The `hash` of a plan for this job, as `POST /plans` gave it: exactly that plan is carried out, or nothing is started.',
  })
  @MayBeLeftOut()
  @Matches(/^[0-9a-f]{64}$/, { message: '$property must be the hash of a plan: 64 hexadecimal digits' })
  planHash?: string;

  @ApiPropertyOptional({
    enum: IF_CHANGED,
    default: 'refuse',
    description:
      'Of a job with a `planHash`, where another plan would be carried out by now: `plan-changed`, with that plan; or it is planned anew.',
  })
  @MayBeLeftOut()
  @IsIn(IF_CHANGED)
  ifChanged?: (typeof IF_CHANGED)[number];
}

/** A capability that a job needs: as a definition's requirement, but how it is made is the definitions' matter. */
export class JobRequirement implements CapabilityRequirement {
  @ApiProperty({ example: 'database' })
  @IsDefinitionName()
  namespace: string;

  @ApiPropertyOptional({ description: 'What is made for it is named `<instanceId>-<name>`.' })
  @MayBeLeftOut()
  @IsName()
  name?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { engine: 'sqlite' },
    description: 'Attributes that the capability must have, each equal.',
  })
  @MayBeLeftOut()
  @IsObject()
  attributes?: JsonObject;

  @ApiPropertyOptional({ example: '^1.0.0', description: "A semver range for the capability's `version`." })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(64)
  range?: string;

  @ApiPropertyOptional({
    example: '(&(version>=2)(!(edition=trial)))',
    description: 'What must hold of the attributes, as a filter of OSGi Core 8 §3.2.7.',
  })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(FILTER_CHARACTERS)
  filter?: string;

  @ApiPropertyOptional({ enum: ['mandatory', 'optional'], default: 'mandatory' })
  @MayBeLeftOut()
  @IsIn(['mandatory', 'optional'])
  resolution?: 'mandatory' | 'optional';
}

/** Names that one list of a job has at most. */
const MOST_NAMES = 1_000;

/** What every job has that resolves: what of others it may change, and what comes first. */
class ResolvingJob extends Job {
  @ApiPropertyOptional({
    type: [String],
    example: ['openssl'],
    description:
      'Names of definitions of which what is shared may be upgraded where nothing else does, `*` for all. Nothing that others have is changed when left out.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MOST_NAMES)
  @AreDefinitionNamesOrAll()
  allowUpgrade?: string[];

  @ApiPropertyOptional({
    type: [String],
    example: ['postgres'],
    description: 'Names of definitions that are not upgraded, whatever is allowed.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MOST_NAMES)
  @AreDefinitionNames()
  keepAsIs?: string[];

  @ApiPropertyOptional({
    type: [String],
    example: ['sqlite@^1.0.0'],
    description: 'Definitions that come before others where several would do: name or name@range, the first before the next.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MOST_NAMES)
  @AreDefinitionReferences()
  prefer?: string[];
}

/** Asks for a service and everything it needs. */
export class ProvisionJob extends ResolvingJob {
  @ApiProperty({ example: 'ada' })
  @IsOwnerId()
  ownerId: string;

  @ApiPropertyOptional({ enum: OWNER_TYPES, default: 'user' })
  @MayBeLeftOut()
  @IsIn(OWNER_TYPES)
  ownerType?: OwnerType;

  @ApiPropertyOptional({ description: "A named place in the configuration; the cluster's first when left out." })
  @MayBeLeftOut()
  @IsName()
  guestLocation?: string;

  @ApiPropertyOptional({ example: 'slipway', description: 'Who provisions; as the guest location says when left out.' })
  @MayBeLeftOut()
  @IsName()
  provisioner?: string;

  @ApiPropertyOptional({ example: 'guestbook@^1.0.0', description: "name or name@range; the profile's default when left out." })
  @MayBeLeftOut()
  @IsDefinitionReference()
  definition?: string;

  @ApiPropertyOptional({
    type: [JobRequirement],
    description: 'What is needed beside the definition; or instead of it, when none is named.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => JobRequirement)
  requirements?: JobRequirement[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { greeting: 'Welcome' },
    description: 'What is chosen of what is offered, by name; the defaults of what is left out.',
  })
  @MayBeLeftOut()
  @IsObject()
  offerings?: JsonObject;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-03-08T06:00:00Z',
    description: 'How long it is wanted, a time with a zone: then it is given back by itself. For good when left out.',
  })
  @MayBeLeftOut()
  @IsTime()
  until?: string;

  @ApiPropertyOptional({
    default: false,
    description: 'Keep what was made when a step fails for good, so that a retry goes on from there.',
  })
  @MayBeLeftOut()
  @IsBoolean()
  keepOnFailure?: boolean;
}

/** Gives an instance back, with everything that was made for it. */
export class DeprovisionJob extends Job {
  @ApiPropertyOptional({
    default: false,
    description: 'Give back the instances that need something of it too; it is refused while there are any when left out.',
  })
  @MayBeLeftOut()
  @IsBoolean()
  cascade?: boolean;
}

/** A path, a name or an id of a snapshot, or where one goes: text in one line. */
const PLACE_OR_NAME = /^[^\p{Cc}]{1,1024}$/u;
const oneLine = { message: '$property must be 1 to 1024 characters in one line' };

/** Asks for a service as a snapshot holds it, under a name that nothing has yet. */
export class ImportJob extends ProvisionJob {
  @ApiProperty({
    example: 'backups:shop-0b8f….slipway.tar',
    description:
      'An archive below a configured store (`store:path`, or its absolute path); with `snapshotId` the id of a known snapshot.',
  })
  @Matches(PLACE_OR_NAME, oneLine)
  snapshot: string;

  @ApiPropertyOptional({ default: false, description: '`snapshot` is the id of a known snapshot instead of a path.' })
  @MayBeLeftOut()
  @IsBoolean()
  snapshotId?: boolean;

  @ApiPropertyOptional({
    example: 'guestbook@1.0.0',
    description: "name or name@range; the snapshot's own, in its version, when left out.",
  })
  declare definition?: string;
}

/** Reads out all data of an instance, and of what was made for it, at one moment, and keeps them as a snapshot. */
export class ExportJob extends Job {
  @ApiPropertyOptional({
    example: 'backups:daily',
    description:
      "A configured store, or a folder below one (`store:folder`, or its absolute path), that the archive is written to as well; the environment's when left out.",
  })
  @MayBeLeftOut()
  @Matches(PLACE_OR_NAME, oneLine)
  destination?: string;
}

/** Changes what is there: a size, a choice of what is offered, a newer version of its definition. Data are kept. */
export class UpdateJob extends ResolvingJob {
  @ApiPropertyOptional({
    example: 'guestbook@^1.1.0',
    description: 'name or name@range that it is to be from now on; what is installed, in its version, when left out.',
  })
  @MayBeLeftOut()
  @IsDefinitionReference()
  definition?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { greeting: 'Welcome' },
    description: 'What is chosen anew of what is offered, by name; the rest stays as it was chosen.',
  })
  @MayBeLeftOut()
  @IsObject()
  offerings?: JsonObject;
}

/** Brings back what is other than the log says, of an instance and what was made for it or is shared and it uses. */
export class RepairJob extends Job {
  @ApiPropertyOptional({
    type: [String],
    example: ['storage/shop-data'],
    description: 'Keys of what is to be brought back; everything that is other than recorded when left out.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(500)
  @Matches(RESOURCE_KEY, { each: true, message: 'each of $property must be a key such as "storage/shop-data"' })
  resources?: string[];
}

/** What a request would do. Changes nothing. */
export class PlanJob extends ProvisionJob {
  @ApiPropertyOptional({ enum: JOBS, default: 'provision' })
  @MayBeLeftOut()
  @IsIn(JOBS)
  job?: JobKind;

  @ApiPropertyOptional({ description: 'Of an import.' })
  @MayBeLeftOut()
  @Matches(PLACE_OR_NAME, oneLine)
  snapshot?: string;

  @ApiPropertyOptional({ default: false, description: 'Of an import.' })
  @MayBeLeftOut()
  @IsBoolean()
  snapshotId?: boolean;

  @ApiPropertyOptional({ description: 'Of an export.' })
  @MayBeLeftOut()
  @Matches(PLACE_OR_NAME, oneLine)
  destination?: string;

  @ApiPropertyOptional({ default: false, description: 'Of a deprovision.' })
  @MayBeLeftOut()
  @IsBoolean()
  cascade?: boolean;

  @ApiPropertyOptional({ type: [String], description: 'Of a repair.' })
  @MayBeLeftOut()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(500)
  @Matches(RESOURCE_KEY, { each: true, message: 'each of $property must be a key such as "storage/shop-data"' })
  resources?: string[];

  // What is there need not be named to plan its removal.
  @ApiPropertyOptional({ example: 'ada' }) @MayBeLeftOut() @IsOwnerId() declare ownerId: string;
}

/** Body of cancel, retry, pause and resume. */
export class ControlBody {
  @ApiPropertyOptional({ maxLength: 500 })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(500)
  reason?: string;
}

/** Body of adopting what was found. */
export class AdoptBody extends ControlBody {
  @ApiProperty({ example: 'storage/shop-data', description: "The resource's key." })
  @Matches(RESOURCE_KEY, { message: '$property must be a key such as "storage/shop-data"' })
  key: string;

  @ApiProperty({ description: '`seen` of its drift: what is taken is this, and nothing that came since.' })
  @Matches(/^[0-9a-f]{64}$/, { message: '$property must be a SHA-256 in hexadecimal' })
  seen: string;
}

/** Body of extend. */
export class ExtendBody extends ControlBody {
  @ApiProperty({ format: 'date-time', example: '2026-03-15T06:00:00Z', description: 'Later than now, and than what holds.' })
  @IsTime()
  until: string;
}

/** Body of abandon: somebody answers for what is left behind. */
export class AbandonBody {
  @ApiProperty({ minLength: 1, maxLength: 500 })
  @IsString()
  @MaxLength(500)
  reason: string;
}

/** Body of discarding what a handler has parked: somebody answers for it. */
export class DiscardBody {
  @ApiProperty({ minLength: 1, maxLength: 500 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason: string;
}

/** Body of skipping an event that a read model has stopped at. */
export class SkipBody {
  @ApiProperty({ format: 'uuid', description: 'The event that readiness names.' })
  @IsUUID()
  eventId: string;
}
