import type { Json, JsonObject } from '@slipway/contracts';
import { wrongIn, type Clause, type Parameter } from './clauses.js';
import { parseOsgiVersion, versionText } from './version.js';

const LONG = /^[+-]?\d{1,19}$/;
const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const LONGEST = 2n ** 63n;

/** How a text becomes a value of a definition's attribute; undefined where it is none of that type. */
const SCALARS: Readonly<Record<string, (text: string) => Json | undefined>> = {
  String: (text) => text,
  Version: (text) => {
    const version = parseOsgiVersion(text);
    return version && versionText(version);
  },
  Long: (text) => {
    if (!LONG.test(text.trim())) return undefined;
    const value = BigInt(text.trim().replace(/^\+/, ''));
    if (value < -LONGEST || value >= LONGEST) return undefined;
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  },
  Double: (text) => (DOUBLE.test(text.trim()) && Number.isFinite(Number(text)) ? Number(text) : undefined),
};
const TYPES = Object.keys(SCALARS).join(', ');

/**
 * An attribute of a clause as a definition writes it: the type behind the name where the value does not say it (`"size:Long": 5`,
 * `"api:List<Version>": ["1.0.0"]`; OSGi Core 8 §3.3.6, table 3.2). Throws `bad-input` with header and column.
 */
export function attributeJson(
  header: string,
  name: string,
  { type = 'String', text, at }: Parameter,
): [key: string, value: Json] {
  const [, list, element] = /^(List)(?:\s*<\s*(\w+)\s*>)?$/.exec(type) ?? [];
  const scalar = list ? (element ?? 'String') : type;
  const read = Object.hasOwn(SCALARS, scalar) ? SCALARS[scalar] : undefined;
  if (!read) throw wrongIn(header, at, `"${type}" is no type of an attribute: ${TYPES}, or List<…> of these`);
  const value = list ? listOf(text, read) : read(text);
  if (value === undefined) throw wrongIn(header, at, `"${text}" is no ${type}`);
  // What a definition reads `version` as when nothing is said is a version.
  const isPlain = type === 'String' ? name !== 'version' : type === 'Version' && name === 'version';
  return [isPlain ? name : `${name}:${list ? `List<${scalar}>` : type}`, value];
}

export const attributesJson = (header: string, { attributes }: Clause, without: readonly string[] = []): JsonObject =>
  Object.fromEntries(
    [...attributes]
      .filter(([name]) => !without.includes(name))
      .map(([name, parameter]) => attributeJson(header, name, parameter)),
  );

/** Elements are apart by commas; one in an element stands behind a backslash. */
function listOf(text: string, read: (text: string) => Json | undefined): Json[] | undefined {
  const written = [''];
  for (const [piece] of text.matchAll(/\\[^]|[^]/g)) {
    if (piece === ',') written.push('');
    else written[written.length - 1] += piece.length > 1 ? piece[1]! : piece;
  }
  const elements = written.map((element) => read(element.trim()));
  return elements.every((element) => element !== undefined) ? elements : undefined;
}
