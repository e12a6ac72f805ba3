import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { FORMATS, note, print, printRows, printValue } from './format.js';
import { printable } from './printable.js';
import { LiveProgress, PlainProgress } from './progress.js';

const CODES = [0, 7, 8, 0x0b, 0x0d, 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0x202a, 0x202e, 0x2066, 0x2069];
const HOSTILE = CODES.map((code) => `x${String.fromCharCode(code)}`).join('');
const ESCAPED = CODES.map((code) => `x\\u${code.toString(16).padStart(4, '0')}`).join('');

describe('what a terminal would obey', () => {
  const { stdout, stderr } = process;
  const before = { out: stdout.write, err: stderr.write };
  let text: string;
  beforeEach(() => {
    text = '';
    stdout.write = stderr.write = ((more: string) => ((text += more), true)) as typeof stdout.write;
  });
  afterEach(() => {
    stdout.write = before.out;
    stderr.write = before.err;
  });

  it('is escaped, and nothing else is', () => {
    expect(printable(HOSTILE)).toBe(ESCAPED);
    const harmless = 'Größe\t\u00a0→ 中 \ud83d\ude00 \u200f\r\nline\n';
    expect(printable(harmless)).toBe(harmless);
  });

  it('is escaped in lines, notes and tables, whose columns stay in line', () => {
    print(HOSTILE);
    note(HOSTILE);
    expect(text).toBe(`${ESCAPED}\n${ESCAPED}\n`);
    text = '';
    const rows = [{ name: HOSTILE, to: 'a' }];
    printRows(
      rows,
      [
        ['NAME', ({ name }) => name],
        ['TO', ({ to }) => to],
      ],
      'table',
      'none',
      0,
    );
    expect(text).toBe(`${'NAME'.padEnd(ESCAPED.length)}  TO\n${ESCAPED}  a\n`);
  });

  it.each(FORMATS)('is escaped in a value as %s, which reads as it was', (format) => {
    const value = { [HOSTILE]: HOSTILE, plain: ['a', 1, null] };
    printValue(value, format);
    expect(printable(text)).toBe(text);
    expect(format === 'json' ? JSON.parse(text) : parse(text)).toEqual(value);
  });

  it('is escaped in what is shown of a request, one line for each step', () => {
    const step = { id: 'instance/shop', action: 'ensure', try: 1, status: 'running' };
    const request = { id: 'r1', status: 'waiting', waiting: { reason: HOSTILE }, steps: [step] } as never;
    const told = { stepId: step.id, message: `${HOSTILE}\nand more` } as never;
    const failed = { id: 'r1', status: 'failed', steps: [{ ...step, status: 'failed', cause: { message: HOSTILE } }] } as never;
    const [plain, live] = [new PlainProgress(print), new LiveProgress((more) => (text += more.replace('\u001b[2A\u001b[J', '')))];
    for (const view of [plain, live]) {
      text = '';
      view.update(request);
      view.progress(told);
      view.update(failed);
      expect(printable(text)).toBe(text);
      expect(text).toContain(ESCAPED);
    }
    expect(text).toContain(`${ESCAPED} / and more\n`);
  });
});
