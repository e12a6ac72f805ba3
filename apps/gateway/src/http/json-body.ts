import { badInput, assertPlain } from '@slipway/mesh';

/** Reads a JSON body. Throws `bad-input`, naming a key that has no business there. */
export function readJson(text: string): unknown {
  if (text === '') throw wrong('the body is empty, but its Content-Type says JSON');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const [where] = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message) ?? ['at its end'];
    throw wrong(`the body is not valid JSON: wrong ${where}`);
  }
  assertPlain(body);
  return body;
}

/** The body as a whole has no name. */
const wrong = (reason: string) => badInput([{ field: '', reason }]);
