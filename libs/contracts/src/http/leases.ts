import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { BlueprintLimits } from '../allocation.js';
import { OWNER_TYPES, type OwnerType } from '../context.js';
import type { JsonObject } from '../json.js';
import { MayBeLeftOut } from '../left-out.js';
import { AreLocks, DEFAULT_ENVIRONMENT, FILTER_CHARACTERS, IsBlueprintName, IsName, IsOwnerId } from '../names.js';
import { IsTime } from '../time.js';

const MOST = 1_000_000_000;

/** Whatever is asked of the leases of an environment. */
class InEnvironment {
  @ApiPropertyOptional({ default: DEFAULT_ENVIRONMENT })
  @MayBeLeftOut()
  @IsName()
  environment?: string;
}

/** What may belong to somebody. */
class Owned extends InEnvironment {
  @ApiPropertyOptional({ example: 'ada', description: 'Whose it is.' })
  @MayBeLeftOut()
  @IsOwnerId()
  ownerId?: string;

  @ApiPropertyOptional({ enum: OWNER_TYPES, default: 'user' })
  @MayBeLeftOut()
  @IsIn(OWNER_TYPES)
  ownerType?: OwnerType;
}

/** Body of asking for a lease. */
export class LeaseBody extends Owned {
  @ApiProperty({ example: 'host', description: 'Of resource.' })
  @IsName()
  type: string;

  @ApiPropertyOptional({ example: 'ada', description: 'Whose it is; the caller’s own when left out.' })
  declare ownerId?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { memory: 4 },
    description: 'Values that the resource must have.',
  })
  @MayBeLeftOut()
  @IsObject()
  attributes?: JsonObject;

  @ApiPropertyOptional({
    example: '(memory>=4)',
    description: 'What else must hold of its attributes, as a filter of OSGi Core 8 §3.2.7.',
  })
  @MayBeLeftOut()
  @IsString()
  @IsNotEmpty()
  @MaxLength(FILTER_CHARACTERS)
  filter?: string;

  @ApiPropertyOptional({ example: 'LocalHost', description: 'Of these only.' })
  @MayBeLeftOut()
  @IsBlueprintName()
  blueprint?: string;

  @ApiPropertyOptional({ example: 'default.host-18', description: 'This one only.' })
  @MayBeLeftOut()
  @Matches(/^[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}-[1-9]\d{0,14}$/, {
    message: '$property must be the id of a resource, such as "default.host-18"',
  })
  resourceId?: string;

  @ApiPropertyOptional({ minimum: 1, default: 1, description: "How much of the resource's capacity." })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST)
  amount?: number;

  @ApiPropertyOptional({
    type: [String],
    example: ['port/8080'],
    description: 'Locks on the resource that nobody else may have meanwhile: all of them or none.',
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @AreLocks()
  slots?: string[];

  @ApiPropertyOptional({ minimum: 0, maximum: 1000, default: 0, description: 'Higher goes first.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(1000)
  priority?: number;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-03-01T06:00:00Z',
    description: 'When it is over; as long as its blueprint lets it last when left out.',
  })
  @MayBeLeftOut()
  @IsTime()
  until?: string;

  @ApiPropertyOptional({ format: 'date-time', example: '2026-03-01T05:00:00Z', description: 'How long you wait for it.' })
  @MayBeLeftOut()
  @IsTime()
  waitUntil?: string;

  @ApiPropertyOptional({ default: true, description: 'Whether you wait where nothing is free now; else that is refused.' })
  @MayBeLeftOut()
  @IsBoolean()
  wait?: boolean;

  @ApiPropertyOptional({ default: false, description: 'Whether another resource is looked for when the one that it has breaks.' })
  @MayBeLeftOut()
  @IsBoolean()
  replace?: boolean;
}

/** Body of renewing a lease. */
export class RenewBody {
  @ApiProperty({ format: 'date-time', example: '2026-03-01T07:00:00Z', description: 'Later than now, and than what holds.' })
  @IsTime()
  until: string;
}

/** Body of taking a lease back from its holder, or saying that it is over: somebody answers for it. */
export class ReclaimBody {
  @ApiProperty({ minLength: 1, maxLength: 500, example: 'The rack is moved' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason: string;
}

/** Body of taking back all leases that everything holds of which is said; something must be. */
export class ReclaimLeasesBody extends Owned {
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { project: 'apollo' },
    description: 'Of those that were asked for with these values.',
  })
  @MayBeLeftOut()
  @IsObject()
  attributes?: JsonObject;

  @ApiProperty({ minLength: 1, maxLength: 500, example: 'Apollo is over' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason: string;
}

/** Body of entering a resource by hand: it is there, and is never made or destroyed. */
export class EnterResourceBody extends Owned {
  @ApiProperty({
    example: 'rack-a',
    description: 'Unique in its environment; not as what blueprints make is called: a type of theirs, a hyphen and a number.',
  })
  @IsName()
  name: string;

  @ApiProperty({ example: 'RemoteHost', description: 'By which it is reached and looked after.' })
  @IsBlueprintName()
  blueprint: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { memory: 8 } })
  @MayBeLeftOut()
  @IsObject()
  attributes?: JsonObject;

  @ApiPropertyOptional({ minimum: 1, description: "How much of it can be leased at once; its blueprint's when left out." })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST)
  capacity?: number;

  @ApiPropertyOptional({ description: "Where it is; its blueprint's when left out." })
  @MayBeLeftOut()
  @IsName()
  location?: string;
}

/** Body of changing a resource. What is left out stays. */
export class ChangeResourceBody {
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { memory: 16 }, description: 'All of them, anew.' })
  @MayBeLeftOut()
  @IsObject()
  attributes?: JsonObject;

  @ApiPropertyOptional({ minimum: 1, description: 'Not less than is leased of it.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST)
  capacity?: number;
}

/** What may be changed of a blueprint while it runs. */
export class ChangedLimits implements Partial<BlueprintLimits> {
  @ApiPropertyOptional({ minimum: 0, description: 'Most resources of it that are made.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(MOST)
  resources?: number;

  @ApiPropertyOptional({ minimum: 0, description: 'Resources without a lease that are kept ready.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(MOST)
  warm?: number;

  @ApiPropertyOptional({ minimum: 0, description: 'How long a further one without a lease stays, in seconds.' })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(MOST)
  idleSeconds?: number;

  @ApiPropertyOptional({
    minimum: 0,
    description: 'Longest that a lease may last in all, in seconds; 0: as long as it is wanted.',
  })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(MOST)
  leaseSeconds?: number;
}

/** Body of changing a blueprint's limits. What is left out stays. */
export class ChangeBlueprintBody extends InEnvironment {
  @ApiProperty({ type: () => ChangedLimits, example: { resources: 3 } })
  @IsObject()
  @ValidateNested()
  @Type(() => ChangedLimits)
  limits: ChangedLimits;
}

/** Body of letting somebody use a blueprint, or no more. */
export class ApprovalBody extends InEnvironment {
  @ApiProperty({ example: 'ada', description: 'Who may use it.' })
  @IsOwnerId()
  ownerId: string;

  @ApiPropertyOptional({ enum: OWNER_TYPES, default: 'user' })
  @MayBeLeftOut()
  @IsIn(OWNER_TYPES)
  ownerType?: OwnerType;

  @ApiPropertyOptional({ maxLength: 500 })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(500)
  reason?: string;
}

/** Body of setting how many leases somebody may have at once. */
export class QuotaBody extends InEnvironment {
  @ApiProperty({ example: 'ada', description: 'Of whose leases.' })
  @IsOwnerId()
  ownerId: string;

  @ApiPropertyOptional({ enum: OWNER_TYPES, default: 'user' })
  @MayBeLeftOut()
  @IsIn(OWNER_TYPES)
  ownerType?: OwnerType;

  @ApiPropertyOptional({ example: 'host', description: 'Of this type; of all types together when left out.' })
  @MayBeLeftOut()
  @IsName()
  type?: string;

  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, example: 3, description: '`null`: as many as he likes.' })
  @ValidateIf((_body, most) => most !== null)
  @IsInt()
  @Min(0)
  @Max(MOST)
  most: number | null;
}
