import { IsDefinitionReference, IsName, type Place, type ResolveQuery, type ResourceKind } from '@slipway/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';

class PlaceBody implements Place {
  @IsName() guestLocation: string;
  @IsName() location: string;
  @IsObject() drivers: Record<ResourceKind, string>;
}

/** Body of `resolver.plan`. */
export class ResolveBody implements ResolveQuery {
  @IsIn(['provision', 'deprovision']) job: 'provision' | 'deprovision';
  @IsName() environment: string;
  @IsName() instanceId: string;
  @IsOptional() @IsDefinitionReference() definition?: string;
  @ValidateNested() @Type(() => PlaceBody) place: PlaceBody;
  @IsOptional() @IsString() @MaxLength(200) atLeast?: string;
}
