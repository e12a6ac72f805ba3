import { describe, expect, it } from '@jest/globals';
import { printSigned } from './paint.js';

describe('signs', () => {
  const printed = (hasColors: boolean, text: string, isTTY = true): string => {
    let out = '';
    const stream = { isTTY, write: (chunk: string) => (out += chunk), hasColors: () => hasColors };
    printSigned(text, stream as unknown as NodeJS.WriteStream);
    return out.replaceAll('\u001b', 'ESC');
  };
  const text = 'First:\n  + a (x)\n├─ data: - b';

  it('are in colour where a terminal watches', () => {
    expect(printed(true, text)).toBe('First:\n  ESC[32m+ a (x)ESC[39m\n├─ data: ESC[31m- bESC[39m\n');
  });
  it('are plain where a terminal has no colours, or nobody wants them', () => {
    expect(printed(false, text)).toBe('First:\n  + a (x)\n├─ data: - b\n');
  });
  it('are plain elsewhere; what a terminal would take as an order is shown', () => {
    expect(printed(true, `${text}\n  + \u001b[2J`, false)).toBe('First:\n  + a (x)\n├─ data: - b\n  + \\u001b[2J\n');
  });
});
