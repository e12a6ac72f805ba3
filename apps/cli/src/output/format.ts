import Table from 'cli-table3';
import { Document, visit } from 'yaml';
import { printable } from './printable.js';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** A column: its heading and how a row's cell is written. */
export type Column<Row> = [heading: string, cell: (row: Row) => string | number | undefined];

const NO_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
);

/** A line, or several, on standard output. */
export const print = (text: string): void => void process.stdout.write(printable(text.endsWith('\n') ? text : `${text}\n`));

/** What is said beside the result: a line on standard error, so that standard output stays the result's. */
export const note = (text: string): void => void process.stderr.write(printable(`${text}\n`));

/** What is shown of a last column at least, however wide those before it are. */
const LEAST = 30;

/**
 * Rows as a table, or all that is known of them as JSON or YAML. `width`: the terminal's; so that the last column does not wrap,
 * it is cut where a line of the terminal ends. 0 where it is not known.
 */
export function printRows<Row>(
  rows: Row[],
  columns: Column<Row>[],
  format: Format,
  none: string,
  width = process.stdout.columns ?? 0,
): void {
  if (format !== 'table') return printValue(rows, format);
  if (rows.length === 0) return print(none);
  const table = new Table({
    head: columns.map(([heading]) => heading),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => columns.map(([, cell]) => printable(String(cell(row) ?? '')))));
  const lines = table.toString().split('\n');
  const last = lines[0]!.lastIndexOf(columns.at(-1)![0]);
  const longest = width > 0 ? width * Math.ceil((last + LEAST) / width) : Infinity;
  print(lines.map((line) => cut(line.trimEnd(), longest)).join('\n'));
}

/** A line that is no longer than `longest`. */
export const cut = (line: string, longest: number): string => (line.length > longest ? `${line.slice(0, longest - 1)}…` : line);

/** A value as JSON or YAML; as YAML too where a table is asked for: it reads best for one thing. */
export function printValue(value: unknown, format: Format): void {
  print(format === 'json' ? JSON.stringify(value, null, 2) : inYaml(value));
}

/** Quoted where it holds what is escaped when it is printed: only there is an escape one. */
function inYaml(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && printable(scalar.value) !== scalar.value) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** `2026-11-21T10:27:57.123Z` → `2026-11-21 10:27:57`, in UTC as everywhere. */
export const time = (value: string | undefined): string => (value ? value.slice(0, 19).replace('T', ' ') : '');
