/**
 * What is wrong with a filter of OSGi Core 8 §3.2.7, and at which character (from 1 on); undefined when nothing is. It does not
 * recurse, so no depth of nesting can exhaust the stack.
 */
export function filterFault(text: string): { at: number; reason: string } | undefined {
  const open: { kind: string; count: number; at: number }[] = [];
  let at = skipSpace(text, 0);
  do {
    const inner = open.at(-1);
    if (inner && text[at] === ')') {
      if (inner.count === 0) return { at: inner.at + 1, reason: 'expected a filter in parentheses' };
      open.pop();
      at++;
    } else {
      if (inner?.kind === '!' && inner.count === 1) return { at: at + 1, reason: 'expected ")": "!" takes one filter' };
      if (text[at] !== '(') return { at: at + 1, reason: 'expected "("' };
      if (inner) inner.count++;
      const list = LIST.exec(text.slice(at, at + LONGEST_LIST));
      if (list) {
        open.push({ kind: list[1]!, count: 0, at });
        at += list[0].length;
      } else {
        OPERATION.lastIndex = at;
        const operation = OPERATION.exec(text);
        if (!operation)
          return {
            at: at + 1,
            reason: 'expected "(attribute=value)", with one of = ~= >= <=, and \\ before ( ) * \\ in a value',
          };
        at += operation[0].length;
      }
    }
    at = skipSpace(text, at);
  } while (open.length > 0);
  return at < text.length ? { at: at + 1, reason: 'nothing may follow the filter' } : undefined;
}

/** `(&`, `(|`, `(!` before the next parenthesis. */
const LIST = /^\(\s*([&|!])\s*(?=[()])/;
const LONGEST_LIST = 64;
/** An attribute's name, a sign, a value whose parentheses are escaped; `=` alone takes an empty one. */
const OPERATION = /\(\s*[^=<>~()\s](?:[^=<>~()]*)(?:=(?:[^()\\]|\\[^])*|(?:~=|>=|<=)(?:[^()\\]|\\[^])+)\)/y;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

/** A value in a filter: what would be read as something else is escaped. */
export const filterValue = (text: string): string => text.replaceAll(/[\\()*]/g, '\\$&');

/** Operations as one filter. */
export const allOf = (operations: readonly string[]): string =>
  operations.length === 1 ? operations[0]! : `(&${operations.join('')})`;
