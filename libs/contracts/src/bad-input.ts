import { SlipwayError } from './errors.js';

/** One thing that is wrong with an input: the field's path (`gateway.port`, `require.0.name`) or the parameter's name, and why. */
export interface FieldError {
  field: string;
  reason: string;
}

/** The error of an input with these faults. */
export function badInput(fields: readonly FieldError[]): SlipwayError {
  const text = fields.map(({ field, reason }) => (field ? `${field}: ${reason}` : reason)).join('; ');
  return new SlipwayError('bad-input', text, { fields: fields.map((field) => ({ ...field })) });
}
