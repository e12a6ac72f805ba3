import type { Json } from '@slipway/contracts';
import {
  LineCounter,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { AliasRefused, checkAliases } from './aliases.js';

/** One thing that is wrong with a content package, and where. Line and column count from 1. */
export interface Problem {
  /** Relative to the content folder. */
  file: string;
  line?: number;
  column?: number;
  /** Path of the field: `definitions.2.spec.command`. */
  field?: string;
  reason: string;
}

/** `samples/package.yaml:12:9: definitions.2.version must be …` */
export const problemLine = ({ file, line, column, field, reason }: Problem): string =>
  `${file}${line === undefined ? '' : `:${line}:${column}`}: ${field ? `${field} ` : ''}${reason}`;

const MAX_BYTES = 4 * 1024 * 1024;
/** Lists and objects within each other; definitions need less than ten. */
const DEEPEST = 64;
const NO_STACK = /call stack|stack overflow/i;
const TOO_DEEP = `is nested more than ${DEEPEST} deep`;

/** Keys that JavaScript gives a meaning of its own: none of them comes through a message either. */
const FORBIDDEN_KEYS = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

/** A YAML or JSON file as a value that knows where each of its fields stands. */
export class ContentDocument {
  readonly problems: Problem[] = [];
  /** JSON only; undefined while there are problems. */
  readonly value: Json | undefined;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(
    readonly file: string,
    text: string,
  ) {
    const isJson = file.endsWith('.json');
    // YAML 1.2's core schema only: no dates, no sets, no tags of its own. JSON is read as YAML too, for the positions.
    this.#document = parseDocument(Buffer.byteLength(text) > MAX_BYTES ? '' : text, {
      lineCounter: this.#lines,
      schema: isJson ? 'json' : 'core',
      resolveKnownTags: false,
      prettyErrors: false,
    });
    if (Buffer.byteLength(text) > MAX_BYTES) this.problems.push({ file, reason: `has more than ${MAX_BYTES} bytes` });
    else if (isJson) this.#checkJson(text);
    const found = [...this.#document.errors, ...this.#document.warnings];
    // Far deeper than any that is good the parser itself comes to its end, and says so as if it were a fault of syntax.
    if (found.some(({ message }) => NO_STACK.test(message))) this.problems.push({ file, reason: TOO_DEEP });
    else for (const { message, pos } of found) this.#add(pos[0], firstLine(message));
    if (this.problems.length === 0) this.#checkNodes();
    if (this.problems.length === 0) this.value = this.#toJson();
  }

  /** A problem with a field (`['definitions', '2', 'spec']`), at the place of the nearest thing that is there. */
  problemAt(path: readonly string[], reason: string): Problem {
    return { file: this.file, ...this.placeOf(path), field: path.join('.'), reason };
  }

  /** Where the field begins, or the nearest thing that is there. */
  placeOf(path: readonly string[]): { line: number; column: number } {
    const keys = path.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    let node: unknown;
    let length = keys.length;
    while (node === undefined && length >= 0) node = this.#document.getIn(keys.slice(0, length--), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    const { line, col: column } = this.#lines.linePos(offset ?? 0);
    return { line, column };
  }

  #add(offset: number, reason: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({ file: this.file, line, column: col, reason });
  }

  #checkJson(text: string): void {
    try {
      JSON.parse(text);
    } catch (error) {
      this.problems.push({ file: this.file, reason: `is not JSON: ${(error as Error).message}` });
    }
  }

  /** What YAML can say and JSON cannot. */
  #checkNodes(): void {
    const at = (node: Node) => node.range?.[0] ?? 0;
    visit(this.#document, (_, node, path) => {
      if (path.filter(isCollection).length > DEEPEST) {
        this.#add(at(path.findLast(isCollection)!), TOO_DEEP);
        return visit.BREAK;
      }
      if (isPair(node)) {
        const key = node.key as Node;
        if (!isScalar(key) || typeof key.value !== 'string') this.#add(at(key), 'a field’s name must be a text');
        else if (FORBIDDEN_KEYS.has(key.value)) this.#add(at(key), `"${key.value}" cannot be a field’s name`);
      } else if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value))
        this.#add(at(node), 'must be a finite number');
      return undefined;
    });
    const root = this.#document.contents;
    if (!isMap(root)) this.#add(0, `must be an object with the fields of a content package${isSeq(root) ? ', not a list' : ''}`);
  }

  #toJson(): Json | undefined {
    try {
      checkAliases(this.#document.contents, { made: MAX_BYTES, deepest: DEEPEST });
      // Through text: a tree without cycles, and no object in it twice, whatever aliases (*name) say.
      return JSON.parse(JSON.stringify(this.#document.toJS({ maxAliasCount: -1 }))) as Json;
    } catch (error) {
      this.#add(error instanceof AliasRefused ? error.offset : 0, firstLine((error as Error).message));
      return undefined;
    }
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
