import { wrongIn, type Clause, type Parameter } from './clauses.js';
import { parseOsgiRange, type OsgiRange } from './version.js';

/** A directive's value; undefined where it is left out. */
export const directive = ({ directives }: Clause, name: string): Parameter | undefined => directives.get(name);

/** One of these values, the first when left out. */
export function oneOf<const T extends string>(header: string, clause: Clause, name: string, values: readonly [T, ...T[]]): T {
  const written = directive(clause, name);
  if (!written) return values[0];
  const found = values.find((value) => value === written.text);
  if (found === undefined) throw wrongIn(header, written.at, `${name} is one of ${values.join(', ')}, not "${written.text}"`);
  return found;
}

/** `resolution:=optional` as a requirement writes it. */
export const resolutionOf = (header: string, clause: Clause): { resolution?: 'optional' } =>
  oneOf(header, clause, 'resolution', ['mandatory', 'optional']) === 'optional' ? { resolution: 'optional' } : {};

/** A directive that is a list of names. */
export const names = (clause: Clause, name: string): string[] | undefined =>
  directive(clause, name)
    ?.text.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

export function rangeOf(header: string, parameter: Parameter | undefined): OsgiRange | undefined {
  if (!parameter) return undefined;
  const range = parseOsgiRange(parameter.text);
  if (!range) throw wrongIn(header, parameter.at, `"${parameter.text}" is no range of versions such as "[1.2,2)" or "1.2"`);
  return range;
}
