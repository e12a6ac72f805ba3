import type { PipeTransform } from '@nestjs/common';
import type { Schema } from '@slipway/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { badInput, assertPlain, type FieldError } from './validation.js';

// The schemas are our own, and a test of contracts shows that they are JSON Schema: no process compiles that of schemas to see it.
const ajv = new Ajv2020({ allErrors: true, verbose: true, meta: false, validateSchema: false });

/**
 * Checks a message's body by its JSON Schema, compiled once, when the first message comes: messages come by the thousand, and most
 * kinds of them never. Lets it pass as it is, or throws `bad-input` with `details.fields`.
 */
export class SchemaPipe implements PipeTransform {
  constructor(private readonly schema: Schema) {}

  transform(body: unknown): unknown {
    assertPlain(body);
    const check: ValidateFunction = ajv.compile(this.schema); // Ajv keeps what it has compiled of each schema.
    if (check(body)) return body;
    throw badInput(check.errors!.map(fieldError));
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
