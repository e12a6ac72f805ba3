import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  IsName,
  IsOwnerId,
  RESOURCE_KINDS,
  type DefinitionRef,
  type DestroyCommand,
  type EnsureCommand,
  type InspectQuery,
  type JsonObject,
  type ResourceKind,
  type ResourceRef,
  type StepCancelCommand,
  type StepLogQuery,
} from '@slipway/contracts';

// The contracts' commands as classes, so that what is wrong with a message is answered by field and reason.

class ResourceRefBody implements ResourceRef {
  @IsName() environment: string;
  @IsIn(RESOURCE_KINDS) kind: ResourceKind;
  @IsName() name: string;
}

class DefinitionRefBody implements DefinitionRef {
  @IsString() @IsNotEmpty() @MaxLength(128) name: string;
  @IsString() @IsNotEmpty() @MaxLength(128) version: string;
  @IsString() @IsNotEmpty() @MaxLength(128) hash: string;
}

export class StepCancelBody implements StepCancelCommand {
  @IsString() @IsNotEmpty() @MaxLength(128) requestId: string;
  @IsString() @IsNotEmpty() @MaxLength(256) stepId: string;
  @ValidateNested() @Type(() => ResourceRefBody) @IsObject() resource: ResourceRefBody;
}

export class StepLogBody extends StepCancelBody implements StepLogQuery {}

export class DestroyBody extends StepCancelBody implements DestroyCommand {
  @IsInt() @Min(1) try: number;
  @IsInt() @Min(1) generation: number;
  @IsName() driver: string;
  @IsName() location: string;
  @ValidateNested() @Type(() => DefinitionRefBody) @IsObject() definition: DefinitionRefBody;
  @IsNumber() @Min(0) deadline: number;
  @IsOptional() @IsOwnerId() ownerId?: string;
}

export class EnsureBody extends DestroyBody implements EnsureCommand {
  @IsObject() spec: JsonObject;
  @IsObject() inputs: Record<string, JsonObject>;
}

export class InspectBody implements InspectQuery {
  @ValidateNested() @Type(() => ResourceRefBody) @IsObject() resource: ResourceRefBody;
  @IsInt() @Min(1) generation: number;
  @IsName() driver: string;
  @IsName() location: string;
}
