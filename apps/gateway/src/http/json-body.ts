import { SlipwayError } from '@slipway/contracts';
import { refuseInherited } from '@slipway/mesh';

/** Reads a JSON body. Throws `bad-input`, naming a key that has no business there. */
export function readJson(text: string): unknown {
  if (text === '') throw new SlipwayError('bad-input', 'The body is empty, but its Content-Type says JSON');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const [where] = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message) ?? ['at its end'];
    throw new SlipwayError('bad-input', `The body is not valid JSON: wrong ${where}`);
  }
  refuseInherited(body);
  return body;
}
