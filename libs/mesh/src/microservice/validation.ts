import 'reflect-metadata';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { badInput, type FieldError } from '@slipway/contracts';

export { badInput, type FieldError };

type Class<T> = abstract new (...args: never[]) => T;

/** All that is wrong with `value` as an instance of a class-validator class; unknown fields are wrong too. */
export function fieldErrors(instance: object): FieldError[] {
  const lists = listsForObjects(instance, '');
  if (lists.length > 0) return lists;
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
  });
  return errors.flatMap((error) => flatten(error, ''));
}

/** Lists where an object of a class belongs: class-validator looks at what is in them, and at an empty one not at all. */
function listsForObjects(instance: object, path: string): FieldError[] {
  const nested = getMetadataStorage()
    .getTargetValidationMetadatas(instance.constructor, '', true, false)
    .filter(({ type }) => type === 'nestedValidation');
  return nested.flatMap(({ propertyName, each }): FieldError[] => {
    const value = (instance as Record<string, unknown>)[propertyName];
    const field = path ? `${path}.${propertyName}` : propertyName;
    const below = (one: unknown, at: string): FieldError[] => {
      if (Array.isArray(one)) return [{ field: at, reason: 'must be an object, not a list' }];
      return one !== null && typeof one === 'object' ? listsForObjects(one, at) : [];
    };
    // Anything else than a list, where there is to be one, is told by the rule that says so.
    if (each) return Array.isArray(value) ? value.flatMap((one, index) => below(one, `${field}.${index}`)) : [];
    return below(value, field);
  });
}

/** `value` as a checked instance of `type`. Throws `bad-input` with `details.fields`. */
export function validated<T extends object>(type: Class<T>, value: unknown): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw badInput([{ field: '', reason: 'must be a JSON object' }]);
  }
  assertPlain(value);
  const instance = plainToInstance(type as new () => T, value, { exposeUnsetFields: false });
  const errors = fieldErrors(instance);
  if (errors.length > 0) throw badInput(errors);
  return instance;
}

/** Names that every object has: as keys they could change what all objects have in common, or be passed over unseen. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Lists and objects within each other; what may stand in a message needs a few dozen at most. Whoever reads it by recursion is safe then. */
const DEEPEST = 128;

/**
 * Throws `bad-input` for what no input of ours has: a key, at whatever depth, that has no business there (`__proto__`, `constructor`, ...; it is
 * named), and lists or objects without end.
 */
export function assertPlain(input: unknown): void {
  // Without recursion: how deep an input goes is up to who sends it.
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) throw badInput([{ field: '', reason: `lists and objects are nested more than ${DEEPEST} deep` }]);
    const below: unknown[] = [];
    for (const value of level) {
      if (value === null || typeof value !== 'object') continue;
      const field = Object.keys(value).find((key) => INHERITED.has(key));
      if (field !== undefined) throw badInput([{ field, reason: 'is a key that is not allowed anywhere' }]);
      for (const part of Object.values(value)) below.push(part);
    }
    level = below;
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
