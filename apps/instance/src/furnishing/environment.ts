import { fillIn, specInvalid } from './placeholders.js';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An instance's environment with its placeholders filled in. Throws `spec-invalid` naming the variable. */
export function fillEnvironment(environment: Record<string, string>, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, template]) => {
      const field = `environment.${name}`;
      if (!VARIABLE.test(name)) throw specInvalid(field, 'it is not a name of letters, digits and _');
      if (name.startsWith('SLIPWAY_')) throw specInvalid(field, 'names that begin with SLIPWAY_ are kept for Slipway');
      return [name, fillIn(field, template, values)];
    }),
  );
}
