import {
  canonicalJson,
  type Comparison,
  type DriftedField,
  type InspectAnswer,
  type Json,
  type JsonObject,
  type Repair,
} from '@slipway/contracts';
import type { Driver } from '../driver.js';

/** What a resource's stream says of what is at the place. */
export interface Recorded {
  observed: JsonObject;
  outputs: JsonObject;
  /** Whether it is to run, of what runs. */
  runs: boolean;
}

/** What is found at the place. */
export interface Found extends InspectAnswer {
  /** What it gives out now, as far as its driver tells. */
  outputs?: JsonObject;
}

/** What of a value is shown, in characters. */
const SHOWN = 200;

/**
 * How what is found is other than what was recorded. Pure. A field that holds fields is compared field by field, `limits.cpus`; a list is
 * compared as a whole. What is to run was recorded once, and may be meant to stand still since: that is what counts.
 */
export function compare({ observed, outputs, runs }: Recorded, found: Found): Pick<Comparison, 'drift' | 'differences'> {
  const state: DriftedField[] = found.state === 'present' ? [] : [{ field: 'state', recorded: 'present', found: found.state }];
  if (isGone(found)) return { drift: 'missing', differences: state };
  const expected = Object.hasOwn(observed, 'running') ? { ...observed, running: runs } : observed;
  const differences = [...state, ...fieldDifferences(expected, found.observed), ...outputDifferences(outputs, found.outputs)];
  if (differences.length === 0) return { differences };
  const drift = kindOf(expected, found.observed);
  // Of what is gone below its mark nothing else can be said.
  return { drift, differences: drift === 'missing' ? differences.filter(({ field }) => field === 'exists') : differences };
}

/** How it can be brought back: what does not stand at all is made again in its place, else its driver says what an update changes back. */
export function repairOf(
  { updatable, repairs = [] }: Pick<Driver, 'updatable' | 'repairs'>,
  { drift, differences }: Pick<Comparison, 'drift' | 'differences'>,
  found: Found,
): Repair | undefined {
  if (!drift) return undefined;
  if (isGone(found)) return 'ensure';
  return updatable && areAmong(differences, repairs) ? 'update' : undefined;
}

/** Whether all that differs is among some fields, or below them. */
export const areAmong = (differences: readonly DriftedField[], fields: readonly string[]): boolean =>
  differences.every(({ field }) => fields.includes(field.split('.')[0]!));

const isGone = ({ state, observed }: Found): boolean => state !== 'present' && Object.keys(observed).length === 0;

function kindOf(expected: JsonObject, found: JsonObject): Exclude<Comparison['drift'], undefined> {
  if (expected['exists'] === true && found['exists'] === false) return 'missing';
  if (expected['running'] === true && found['running'] === false) return 'stopped';
  return expected['running'] === false && found['running'] === true ? 'running' : 'changed';
}

/** Of outputs that nobody tells nothing is known. */
function outputDifferences(recorded: JsonObject, found: JsonObject = {}): DriftedField[] {
  const told = Object.entries(recorded).filter(([name]) => Object.hasOwn(found, name));
  return fieldDifferences(Object.fromEntries(told), found, 'outputs.');
}

function fieldDifferences(recorded: JsonObject, found: JsonObject, before = ''): DriftedField[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(found)])].toSorted();
  return names.flatMap((name): DriftedField[] => {
    const [was, is] = [own(recorded, name), own(found, name)];
    if (isObject(was) && isObject(is)) return fieldDifferences(was, is, `${before}${name}.`);
    if (was !== undefined && is !== undefined && canonicalJson(was) === canonicalJson(is)) return [];
    const field = `${before}${name}`;
    return [{ field, ...(was !== undefined && { recorded: shown(was) }), ...(is !== undefined && { found: shown(is) }) }];
  });
}

const own = (object: JsonObject, name: string): Json | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What is long is cut, so that an answer stays small. */
function shown(value: Json): Json {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : value;
}
