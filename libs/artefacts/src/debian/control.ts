import { refused, shown } from '../refusal.js';

/** Fields of a paragraph by their names in lower case. */
export type Fields = ReadonlyMap<string, string>;

const CONTROL = 'control';
const NAME = /^[!-9;-~]+$/;

/**
 * Reads the one paragraph of a binary package's control file (Debian Policy §5.1). A line that begins with a space or a tab continues
 * the field before. Throws `bad-input` that names the line.
 */
export function parseControl(text: string): Fields {
  const fields = new Map<string, string[]>();
  let current: string[] | undefined;
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  while (lines.at(-1)?.trim() === '') lines.pop();
  for (const [index, line] of lines.entries()) {
    const fail = (reason: string) => refused(CONTROL, `line ${index + 1}: ${reason}`);
    if (/^[ \t]/.test(line)) {
      if (!current) throw fail('it continues nothing');
      current.push(line.trim());
      continue;
    }
    if (line === '') throw fail('a binary package has one paragraph only');
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!NAME.test(name) || /^[#-]/.test(name)) throw fail(`expected a field, ":" and its value, but it is ${shown(line)}`);
    if (fields.has(name.toLowerCase())) throw fail(`${name} is there twice`);
    current = [line.slice(colon + 1).trim()];
    fields.set(name.toLowerCase(), current);
  }
  return new Map([...fields].map(([name, value]) => [name, value.join('\n')]));
}

/** Debian Policy §5.6.1, §5.6.12, §5.6.8. */
const IDENTITY = {
  name: { field: 'Package', pattern: /^[a-z0-9][a-z0-9+.-]{1,127}$/ },
  version: { field: 'Version', pattern: /^(?:\d{1,9}:)?\d[A-Za-z0-9.+~-]{0,127}$/ },
  architecture: { field: 'Architecture', pattern: /^[a-z0-9][a-z0-9-]{1,63}$/ },
} as const;

/** What a package is called. Throws `bad-input` that names the field. */
export function identityOf(fields: Fields): { name: string; version: string; architecture: string } {
  const read = ({ field, pattern }: { field: string; pattern: RegExp }): string => {
    const value = fields.get(field.toLowerCase());
    if (value === undefined || !pattern.test(value))
      throw refused(
        `${CONTROL}: ${field}`,
        value === undefined ? 'it is not there' : `${shown(value)} is none that a package has`,
      );
    return value;
  };
  return { name: read(IDENTITY.name), version: read(IDENTITY.version), architecture: read(IDENTITY.architecture) };
}
