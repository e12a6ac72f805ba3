import { ValidateIf } from 'class-validator';

/**
 * The field may be left out, and is checked when it is there. Unlike class-validator's `IsOptional` it lets no `null` by:
 * that is a value, and one that nobody who reads the field expects.
 */
export const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_object, value) => value !== undefined);
