import { badInput } from '@slipway/contracts';

/** What one operation of a filter asks of one attribute, whose name is in lower case. */
export type Operation =
  | { kind: 'present'; attribute: string }
  | { kind: 'equal' | 'approx' | 'atLeast' | 'atMost'; attribute: string; value: string }
  /** Pieces between the asterisks: `a*b` is `['a', 'b']`, `*b*` is `['', 'b', '']`. */
  | { kind: 'substring'; attribute: string; pieces: readonly string[] };
/** `and` and `or` of so many, `not` of one, of what stands before. */
export type Connective = { kind: 'and'; count: number } | { kind: 'or'; count: number } | { kind: 'not' };

/**
 * A filter of OSGi Core 8 §3.2.7. Its parts stand in postfix order, so that neither reading nor matching nor writing one recurses:
 * no depth of nesting can exhaust the stack.
 */
export interface Filter {
  text: string;
  parts: readonly (Operation | Connective)[];
  /** Equalities that must hold whatever else does: an index may look for them. */
  equalities: readonly { attribute: string; value: string }[];
}

interface Open {
  kind: 'and' | 'or' | 'not';
  count: number;
  at: number;
}

/**
 * Reads a filter such as `(&(version>=2)(!(edition=trial)))`. Throws `bad-input` that names `field`, the place (characters from
 * 1) and what was expected there. Escapes are a backslash before any character, not RFC 4515's `\2a`.
 */
export function parseFilter(text: string, field = 'filter'): Filter {
  return new Parser(text, field).filter();
}

class Parser {
  #at = 0;
  readonly #parts: (Operation | Connective)[] = [];
  readonly #equalities: { attribute: string; value: string }[] = [];
  readonly #open: Open[] = [];
  /** How many of the open ones are no `and`. */
  #weak = 0;

  constructor(
    private readonly text: string,
    private readonly field: string,
  ) {}

  filter(): Filter {
    const { text } = this;
    if (text.trim() === '') this.#fail('is empty: leave it out where everything of the namespace will do', 0);
    do this.#one();
    while (this.#open.length > 0);
    this.#skipSpace();
    if (this.#at < text.length) this.#fail('nothing may follow the filter');
    return { text, parts: this.#parts, equalities: this.#equalities };
  }

  /** Opens a list, reads an operation, or closes lists, whichever is next. */
  #one(): void {
    this.#skipSpace();
    if (this.#open.length > 0 && this.text[this.#at] === ')') return this.#close();
    const last = this.#open.at(-1);
    if (last?.kind === 'not' && last.count === 1) this.#fail('expected ")": "!" takes one filter');
    this.#expect('(');
    this.#skipSpace();
    const kind = this.#connective();
    if (kind === undefined) {
      this.#operation();
      this.#expect(')');
      if (last) last.count++;
    } else {
      if (kind !== 'and') this.#weak++;
      this.#open.push({ kind, count: 0, at: this.#at });
    }
  }

  #close(): void {
    const { kind, count, at } = this.#open.pop()!;
    if (count === 0) this.#fail('expected a filter in parentheses', at);
    this.#at++;
    if (kind !== 'and') this.#weak--;
    this.#parts.push(kind === 'not' ? { kind } : { kind, count });
    const outer = this.#open.at(-1);
    if (outer) outer.count++;
  }

  /** `&`, `|` or `!` before a parenthesis; otherwise such a character begins an attribute's name. */
  #connective(): Open['kind'] | undefined {
    const kind = CONNECTIVES.get(this.text[this.#at] ?? '');
    if (kind === undefined) return undefined;
    let behind = this.#at + 1;
    while (isSpace(this.text[behind])) behind++;
    if (this.text[behind] !== '(' && this.text[behind] !== ')') return undefined;
    this.#at = behind;
    return kind;
  }

  #operation(): void {
    const from = this.#at;
    while (this.#at < this.text.length && !'=<>~()'.includes(this.text[this.#at]!)) this.#at++;
    const attribute = this.text.slice(from, this.#at).trim().toLowerCase();
    if (attribute === '') this.#fail('expected the name of an attribute', from);
    const sign = /^(?:=|~=|>=|<=)/.exec(this.text.slice(this.#at, this.#at + 2))?.[0];
    if (sign === undefined) this.#fail('expected one of = ~= >= <=');
    this.#at += sign.length;
    if (sign === '=') return this.#equalOrWild(attribute);
    const begin = this.#at;
    const value = this.#value(false)[0]!;
    if (value === '') this.#fail('expected a value', begin);
    this.#parts.push({ kind: SIGNS[sign as keyof typeof SIGNS], attribute, value });
  }

  #equalOrWild(attribute: string): void {
    const pieces = this.#value(true);
    if (pieces.length === 1) {
      const equality = { attribute, value: pieces[0]! };
      this.#parts.push({ kind: 'equal', ...equality });
      if (this.#weak === 0) this.#equalities.push(equality);
    } else if (pieces.length === 2 && pieces.every((piece) => piece === '')) this.#parts.push({ kind: 'present', attribute });
    else this.#parts.push({ kind: 'substring', attribute, pieces });
  }

  /** Up to the closing parenthesis, which stays; apart at asterisks where these are wild. */
  #value(wild: boolean): string[] {
    const pieces: string[] = [];
    let piece = '';
    for (; ; this.#at++) {
      const next = this.text[this.#at];
      if (next === undefined) this.#fail('expected ")"');
      if (next === ')') break;
      if (next === '(') this.#fail('a "(" in a value is written "\\("');
      if (next === '*' && wild) {
        pieces.push(piece);
        piece = '';
      } else if (next === '\\') {
        this.#at++;
        if (this.#at >= this.text.length) this.#fail('expected a character behind "\\"');
        piece += this.text[this.#at];
      } else piece += next;
    }
    return [...pieces, piece];
  }

  #skipSpace(): void {
    while (isSpace(this.text[this.#at])) this.#at++;
  }

  #expect(character: string): void {
    if (this.text[this.#at] !== character) this.#fail(`expected "${character}"`);
    this.#at++;
  }

  #fail(reason: string, at = this.#at): never {
    throw badInput([{ field: this.field, reason: `character ${at + 1}: ${reason}` }]);
  }
}

const isSpace = (character: string | undefined): boolean => character !== undefined && /\s/.test(character);
const CONNECTIVES: ReadonlyMap<string, Open['kind']> = new Map([
  ['&', 'and'],
  ['|', 'or'],
  ['!', 'not'],
]);
const SIGNS = { '~=': 'approx', '>=': 'atLeast', '<=': 'atMost' } as const;
