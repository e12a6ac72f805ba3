import { SlipwayError } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';

/** Names that every object has: as keys they could change what all objects have in common, or be passed over unseen. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

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

/** Without recursion: how deep a body goes is up to who sends it. */
function refuseInherited(body: unknown): void {
  const waiting = [body];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (value === null || typeof value !== 'object') continue;
    const field = Object.keys(value).find((key) => INHERITED.has(key));
    if (field !== undefined) throw badInput([{ field, reason: 'is a key that is not allowed anywhere' }]);
    for (const part of Object.values(value)) waiting.push(part);
  }
}
