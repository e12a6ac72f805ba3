import type { Attributes, Scalar, Value } from './attributes.js';
import { parseLong } from './attributes.js';
import type { Filter, Operation } from './filter.js';
import { compareVersions, parseVersion, Version } from './version.js';

/** Whether attributes match a filter (OSGi Core 8 §3.2.7). An attribute that is not there matches nothing. */
export function matchesFilter(attributes: Attributes, { parts }: Filter): boolean {
  const results: boolean[] = [];
  for (const part of parts)
    if (part.kind === 'not') results.push(!results.pop());
    else if (part.kind === 'and') results.push(results.splice(-part.count).every(Boolean));
    else if (part.kind === 'or') results.push(results.splice(-part.count).some(Boolean));
    else results.push(holds(part, attributes.get(part.attribute)));
  return results[0]!;
}

/** A list matches when one of its elements does. */
function holds(operation: Operation, value: Value | undefined): boolean {
  if (value === undefined) return false;
  if (operation.kind === 'present') return true;
  return Array.isArray(value) ? value.some((element) => compares(operation, element)) : compares(operation, value as Scalar);
}

type Comparison = Exclude<Operation, { kind: 'present' }>;

/** The attribute's type decides; a text in the filter that is no value of that type matches nothing. */
function compares(operation: Comparison, value: Scalar): boolean {
  if (operation.kind === 'substring') return typeof value === 'string' && hasPieces(value, operation.pieces);
  const { kind, value: text } = operation;
  if (typeof value === 'string')
    return kind === 'approx' ? roughly(value) === roughly(text) : ordered(kind, inTextOrder(value, text));
  if (typeof value === 'boolean') return value === (text.trim().toLowerCase() === 'true');
  if (value instanceof Version) {
    const other = parseVersion(text);
    return other !== undefined && ordered(kind, compareVersions(value, other));
  }
  const other = typeof value === 'bigint' ? parseLong(text.trim()) : parseDouble(text.trim());
  return other !== undefined && ordered(kind, value === other ? 0 : value < other ? -1 : value > other ? 1 : Number.NaN);
}

/** `order`: of the attribute against the filter's value, less than 0 when it is smaller; NaN matches nothing. */
function ordered(kind: Exclude<Comparison['kind'], 'substring'>, order: number): boolean {
  if (kind === 'atLeast') return order >= 0;
  return kind === 'atMost' ? order <= 0 : order === 0;
}

const inTextOrder = (a: string, b: string): number => Number(a > b) - Number(a < b);
/** Capitals and white space make no difference. */
const roughly = (text: string): string => text.toLowerCase().replaceAll(/\s/g, '');

const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const parseDouble = (text: string): number | undefined => (DOUBLE.test(text) ? Number(text) : undefined);

/** Whether a text begins with the first piece, ends with the last, and has the others between them, in order. */
function hasPieces(text: string, pieces: readonly string[]): boolean {
  const [first, ...middle] = pieces;
  const last = middle.pop()!;
  if (text.length < first!.length + last.length || !text.startsWith(first!) || !text.endsWith(last)) return false;
  let from = first!.length;
  for (const piece of middle) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return from <= text.length - last.length;
}
