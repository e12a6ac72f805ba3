import 'reflect-metadata';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { badInput, type FieldError } from '@slipway/contracts';

export { badInput, type FieldError };

type Class<T> = abstract new (...args: never[]) => T;

/** All that is wrong with `value` as an instance of a class-validator class; unknown fields are wrong too. */
export function fieldErrors(instance: object): FieldError[] {
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
  });
  return errors.flatMap((error) => flatten(error, ''));
}

/** `value` as a checked instance of `type`. Throws `bad-input` with `details.fields`. */
export function validated<T extends object>(type: Class<T>, value: unknown): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw badInput([{ field: '', reason: 'must be a JSON object' }]);
  }
  refuseInherited(value);
  const instance = plainToInstance(type as new () => T, value, { exposeUnsetFields: false });
  const errors = fieldErrors(instance);
  if (errors.length > 0) throw badInput(errors);
  return instance;
}

/** Names that every object has: as keys they could change what all objects have in common, or be passed over unseen. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Throws `bad-input` naming a key, at whatever depth, that has no business in an input: `__proto__`, `constructor`, ... */
export function refuseInherited(input: unknown): void {
  // Without recursion: how deep an input goes is up to who sends it.
  const waiting = [input];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (value === null || typeof value !== 'object') continue;
    const field = Object.keys(value).find((key) => INHERITED.has(key));
    if (field !== undefined) throw badInput([{ field, reason: 'is a key that is not allowed anywhere' }]);
    for (const part of Object.values(value)) waiting.push(part);
  }
}

function flatten(error: ValidationError, path: string): FieldError[] {
  const field = path ? `${path}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, reason]) => ({
    field,
    reason: rule === 'whitelistValidation' ? 'is not known' : withoutName(reason, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, field))];
}

/** class-validator begins its messages with the property's name, which stands before them already. */
const withoutName = (reason: string, property: string): string =>
  reason.startsWith(`${property} `) ? reason.slice(property.length + 1) : reason;

/**
 * The one pipe at every edge: a body whose class has class-validator's marks is made and checked; everything else passes.
 */
export class ValidationPipe implements PipeTransform {
  readonly #marked = new WeakMap<object, boolean>();

  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    return metatype !== undefined && this.#isMarked(metatype) ? validated(metatype as Class<object>, value) : value;
  }

  #isMarked(metatype: object & (new (...args: never[]) => unknown)): boolean {
    let marked = this.#marked.get(metatype);
    if (marked === undefined) {
      marked = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false).length > 0;
      this.#marked.set(metatype, marked);
    }
    return marked;
  }
}
