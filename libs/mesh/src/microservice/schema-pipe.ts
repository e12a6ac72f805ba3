import type { PipeTransform } from '@nestjs/common';
import type { Schema } from '@slipway/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { badInput, assertPlain, type FieldError } from './validation.js';

const ajv = new Ajv2020({ allErrors: true, verbose: true });
const checks = new WeakMap<Schema, ValidateFunction>();

/**
 * Checks a message's body by its JSON Schema, compiled once: messages come by the thousand. Lets it pass as it is, or throws
 * `bad-input` with `details.fields`.
 */
export class SchemaPipe implements PipeTransform {
  readonly #check: ValidateFunction;

  constructor(schema: Schema) {
    let check = checks.get(schema);
    if (!check) checks.set(schema, (check = ajv.compile(schema)));
    this.#check = check;
  }

  transform(body: unknown): unknown {
    assertPlain(body);
    if (this.#check(body)) return body;
    throw badInput(this.#check.errors!.map(fieldError));
  }
}

function fieldError({ instancePath, keyword, params, message, parentSchema }: ErrorObject): FieldError {
  const path = instancePath.split('/').slice(1);
  if (keyword === 'required') return { field: [...path, params['missingProperty']].join('.'), reason: 'is missing' };
  if (keyword === 'additionalProperties')
    return { field: [...path, params['additionalProperty']].join('.'), reason: 'is not known' };
  if (keyword === 'enum')
    return { field: path.join('.'), reason: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` };
  if (keyword === 'type' && params['type'] === 'object') return { field: path.join('.'), reason: 'must be a JSON object' };
  return { field: path.join('.'), reason: (parentSchema?.['description'] as string | undefined) ?? message! };
}
