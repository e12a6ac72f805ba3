import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERRORS, SlipwayError, causeOf, isErrorCode } from './errors.js';

const page = new URL('../../../docs/reference/errors.md', import.meta.url);

/** Without the marks around what is to be typed. */
const bare = (text: string): string => text.replaceAll(/["`]/g, '');

describe('the error table', () => {
  it.each(Object.keys(ERRORS))('%s stands in the reference, with its title and its way out', (code) => {
    const { title, hint, advice } = ERRORS[code as keyof typeof ERRORS];
    expect(bare(readFileSync(page, 'utf8'))).toContain(bare(`| ${code} | ${title} | ${hint} | ${advice} |`));
  });

  it('shows what is to be typed as code in the reference: nothing in angle brackets is lost as HTML', () => {
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('`Authorization: Bearer <key>`');
    expect(text.replaceAll(/`[^`]*`/g, '')).not.toContain('<');
  });

  it('names nothing in the reference that does not exist', () => {
    const codes = [...readFileSync(page, 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
    expect(codes.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });

  it('survives a wire: code, message, hint and details', () => {
    const cause = new SlipwayError('name-taken', 'shop is taken', { holder: 'r1' }).toCause();
    expect(SlipwayError.from(JSON.parse(JSON.stringify(cause))).toCause()).toEqual(cause);
    expect(cause.hint).toBe(ERRORS['name-taken'].hint);
  });

  it('turns what is not ours into a code of ours, and no foreign code into one', () => {
    expect(causeOf(new Error('boom'))).toMatchObject({ code: 'internal', message: 'boom' });
    expect(causeOf('text', 'driver-failed')).toMatchObject({ code: 'driver-failed', message: 'text' });
    expect(isErrorCode('constructor')).toBe(false);
    expect(isErrorCode('gone')).toBe(true);
  });
});
