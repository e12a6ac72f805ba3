import { SlipwayError } from '@slipway/contracts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PLACEHOLDER = /\$\{([^}]*)\}/g;

/**
 * Fills `${…}` into an instance's environment. Values by placeholder: `port`, `host`, `instance.name`, `<requirement>.<output>`,
 * `secret.<name>`. Throws `spec-invalid` naming the field and what could have been meant.
 */
export function fillEnvironment(environment: Record<string, string>, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, template]) => {
      if (!VARIABLE.test(name)) throw invalid(name, 'it is not a name of letters, digits and _');
      if (name.startsWith('SLIPWAY_')) throw invalid(name, 'names that begin with SLIPWAY_ are kept for Slipway');
      const filled = String(template).replace(PLACEHOLDER, (_, placeholder: string) => {
        const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined;
        if (value === undefined) {
          throw invalid(name, `nothing is known as \${${placeholder}}; known are ${Object.keys(values).toSorted().join(', ')}`);
        }
        return value;
      });
      if (filled.includes('\0')) throw invalid(name, 'it holds a NUL');
      return [name, filled];
    }),
  );
}

function invalid(name: string, reason: string): SlipwayError {
  const field = `environment.${name}`;
  return new SlipwayError('spec-invalid', `${field}: ${reason}`, { field, reason });
}
