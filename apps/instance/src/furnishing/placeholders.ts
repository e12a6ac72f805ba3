import { SlipwayError, beforeLastBrace, type JsonObject } from '@slipway/contracts';

const PLACEHOLDER = /\$\{([^}]*)\}/g;

/**
 * Fills `${…}` into a text of a spec's `field`. Values by placeholder: `port`, `host`, `instance.name`, `<requirement>.<output>`,
 * `secret.<name>`. Throws `spec-invalid` naming the field and what could have been meant.
 */
export function fillIn(field: string, template: string, values: Record<string, string>): string {
  const text = String(template);
  const within = beforeLastBrace(text);
  const replaced = within.replace(PLACEHOLDER, (_, placeholder: string) => {
    const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined;
    if (value === undefined) {
      const known = Object.keys(values).toSorted().join(', ');
      throw specInvalid(field, `nothing is known as \${${placeholder}}; known are ${known}`);
    }
    return value;
  });
  const filled = replaced + text.slice(within.length);
  if (filled.includes('\0')) throw specInvalid(field, 'it holds a NUL');
  return filled;
}

export function specInvalid(field: string, reason: string): SlipwayError {
  return new SlipwayError('spec-invalid', `${field}: ${reason}`, { field, reason });
}

/** `<requirement>.<output>` of all that is no object. */
export function valuesOf(inputs: Record<string, JsonObject>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([input, outputs]) =>
      Object.entries(outputs)
        .filter(([, value]) => typeof value !== 'object')
        .map(([output, value]) => [`${input}.${output}`, String(value)]),
    ),
  );
}
