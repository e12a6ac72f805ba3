import { StringDecoder } from 'node:string_decoder';

/** A line longer than this many characters is handed on in pieces. */
const LONGEST = 16 * 1024;

/** Cuts what comes in chunks into lines; a character that is split between two chunks stays whole. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#hand(line);
    while (this.#rest.length > LONGEST) {
      this.onLine(this.#rest.slice(0, LONGEST));
      this.#rest = this.#rest.slice(LONGEST);
    }
  }

  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last) this.#hand(last);
  }

  #hand(line: string): void {
    let rest = line.endsWith('\r') ? line.slice(0, -1) : line;
    for (; rest.length > LONGEST; rest = rest.slice(LONGEST)) this.onLine(rest.slice(0, LONGEST));
    this.onLine(rest);
  }
}
