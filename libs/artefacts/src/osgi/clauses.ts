import { refused } from '../refusal.js';

/** A piece of a header, and at which of its characters (from 1 on) it begins. */
export interface Placed {
  text: string;
  at: number;
}

/** A parameter's value; an attribute may say its type (`size:Long=5`). */
export interface Parameter extends Placed {
  type?: string;
}

/** One clause of a header: `org.example.api;org.example.spi;version=1.2;uses:="org.example"`. */
export interface Clause {
  paths: Placed[];
  /** By name. */
  attributes: Map<string, Parameter>;
  directives: Map<string, Parameter>;
}

/** What is wrong in a header, with the column. */
export const wrongIn = (header: string, at: number, reason: string) => refused(header, `character ${at}: ${reason}`);

/**
 * Reads a header's clauses (OSGi Core 8 §1.3.2):
 *
 *     header ::= clause ( ',' clause )*            clause ::= path ( ';' path )* ( ';' parameter )*
 *     parameter ::= directive | attribute          directive ::= token ':=' argument
 *     attribute ::= token [ ':' type ] '=' argument   argument ::= plain | '"' ( [^"\] | '\"' | '\\' )* '"'
 *
 * A plain argument may have all in it but `,` `;` and `"`, as frameworks take it. Throws `bad-input` that names the header and the column.
 */
export function parseClauses(header: string, text: string): Clause[] {
  return new Reader(header, text).clauses();
}

/** No bundle comes near; more of them would be there to exhaust who reads. */
const MOST_PIECES = 20_000;
const MOST_PARAMETERS = 100;
const TOKEN = /^[A-Za-z0-9_.-]+$/;

class Reader {
  #at = 0;
  #pieces = 0;
  /** Of the clause that is being read. */
  #paths = new Set<string>();

  constructor(
    private readonly header: string,
    private readonly text: string,
  ) {}

  clauses(): Clause[] {
    const clauses = [this.#clause()];
    while (this.#at < this.text.length) {
      this.#at++;
      clauses.push(this.#clause());
    }
    return clauses;
  }

  /** Up to the comma behind it, or to the end. */
  #clause(): Clause {
    const clause: Clause = { paths: [], attributes: new Map(), directives: new Map() };
    this.#paths = new Set();
    this.#piece(clause);
    while (this.text[this.#at] === ';') {
      this.#at++;
      this.#piece(clause);
    }
    return clause;
  }

  /** A path or a parameter. */
  #piece(clause: Clause): void {
    if (++this.#pieces > MOST_PIECES) this.#fail(`it has more than ${MOST_PIECES} paths and parameters`, this.#at + 1);
    const { text, at } = this.#until(/[,;="]/);
    const next = this.text[this.#at];
    if (next === '"') this.#fail('a quotation mark stands only behind "=" or ":="', this.#at + 1);
    if (next === '=') return this.#parameter(clause, text, at);
    if (text === '') this.#fail('something is missing here', at);
    if (clause.attributes.size + clause.directives.size > 0)
      this.#fail(`"${text}" has no value; a path stands before all parameters`, at);
    if (this.#paths.has(text)) this.#fail(`"${text}" is there twice in one clause`, at);
    this.#paths.add(text);
    clause.paths.push({ text, at });
  }

  #parameter(clause: Clause, written: string, at: number): void {
    this.#at++;
    if (clause.paths.length === 0) this.#fail('a clause begins with a path', at);
    const isDirective = written.endsWith(':');
    const [name = '', type, ...more] = (isDirective ? written.slice(0, -1) : written).split(':').map((part) => part.trim());
    if (!TOKEN.test(name) || more.length > 0 || (isDirective && type !== undefined))
      this.#fail(`"${written}" is no name of a parameter: letters, digits, "_", "-" and "."`, at);
    const known = isDirective ? clause.directives : clause.attributes;
    if (clause.attributes.size + clause.directives.size === MOST_PARAMETERS)
      this.#fail(`a clause has at most ${MOST_PARAMETERS} parameters`, at);
    if (known.has(name)) this.#fail(`"${name}" is there twice in one clause`, at);
    known.set(name, { ...this.#argument(), ...(type !== undefined && { type }) });
  }

  #argument(): Placed {
    this.#skipSpace();
    if (this.text[this.#at] === '"') return this.#quoted();
    const argument = this.#until(/[,;"]/);
    if (this.text[this.#at] === '"') this.#fail('a value with a quotation mark in it is quoted as a whole', this.#at + 1);
    if (argument.text === '') this.#fail('expected a value', argument.at);
    return argument;
  }

  #quoted(): Placed {
    const quote = this.#at + 1;
    let text = '';
    for (this.#at++; this.text[this.#at] !== '"'; this.#at++) {
      // A backslash before anything else is one: filters have their own (§3.2.7).
      if (this.text[this.#at] === '\\' && /["\\]/.test(this.text[this.#at + 1] ?? '')) this.#at++;
      if (this.#at >= this.text.length) this.#fail('this quotation mark is never closed', quote);
      text += this.text[this.#at];
    }
    this.#at++;
    this.#skipSpace();
    if (this.#at < this.text.length && !/[,;]/.test(this.text[this.#at]!))
      this.#fail('expected "," or ";" behind a quoted value', this.#at + 1);
    return { text, at: quote + 1 };
  }

  /** What stands before the next of these characters, or before the end, without white space around it. */
  #until(stop: RegExp): Placed {
    this.#skipSpace();
    const from = this.#at;
    while (this.#at < this.text.length && !stop.test(this.text[this.#at]!)) this.#at++;
    return { text: this.text.slice(from, this.#at).trim(), at: from + 1 };
  }

  #skipSpace(): void {
    while (/\s/.test(this.text[this.#at] ?? '')) this.#at++;
  }

  /** `at` from 1 on. */
  #fail(reason: string, at: number): never {
    throw wrongIn(this.header, at, reason);
  }
}
