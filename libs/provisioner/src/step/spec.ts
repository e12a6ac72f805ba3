import { plainToInstance } from 'class-transformer';
import { SPEC_OF, SlipwayError, type JsonObject, type ResourceKind } from '@slipway/contracts';
import { fieldErrors } from '@slipway/mesh';

/** Throws `spec-invalid` that names each field that is wrong, and why; unknown fields are wrong too. */
export function assertSpec(kind: ResourceKind, spec: JsonObject): void {
  const type: new () => object = SPEC_OF[kind];
  const fields = fieldErrors(plainToInstance(type, spec, { exposeUnsetFields: false }));
  if (fields.length === 0) return;
  const text = fields.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  throw new SlipwayError('spec-invalid', `The ${kind}'s spec is not valid: ${text}`, {
    fields: fields.map((field) => ({ ...field })),
  });
}
