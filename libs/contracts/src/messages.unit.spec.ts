import { describe, expect, it } from '@jest/globals';
import { HEADERS } from './context.js';
import { ERRORS } from './errors.js';
import { VERBS } from './subjects.js';
import { Declarations } from './testing/declarations.js';
import { ReferencePage } from './testing/reference-page.js';

const page = new ReferencePage('messages');
const sources = new Declarations(['commands.ts', 'steps.ts', 'plan.ts', 'http/views.ts']);

describe('the reference of messages', () => {
  it('tells every verb, and none that is not there', () => {
    expect(new Set(page.named('Verbs', 'verb'))).toEqual(new Set(Object.values(VERBS)));
  });

  it.each([
    ['body', 'Bodies', 2],
    ['answer', 'Answers', 3],
  ])('tells the fields of each %s that a verb has, and no others', (header, heading, column) => {
    const used = page.rows('Verbs', 'verb').flatMap((cells) => cells[column]!.filter((word) => /^[A-Z]\w+$/.test(word)));
    const told = new Map(page.rows(heading, header).map((cells) => [cells[0]![0]!, cells[1]!]));
    expect([...told.keys()]).toEqual(expect.arrayContaining([...new Set(used)]));
    for (const [name, words] of told) {
      const fields = sources.fieldsOf(name);
      const known = words.includes('StepCommand') ? sources.fieldsOf('StepCommand') : [];
      const missing = fields.filter((field) => !words.includes(field) && !known.includes(field));
      expect([name, missing]).toEqual([name, []]);
      // Each field is named before a remark in brackets; what is remarked is no field.
      expect([name, words.filter((word) => word.endsWith('?') && !fields.includes(word))]).toEqual([name, []]);
    }
  });

  it('tells every header, and none that is not there', () => {
    expect(page.named('Headers', 'header').toSorted()).toEqual(Object.values(HEADERS).toSorted());
  });

  it('names error codes that exist', () => {
    const codes = page.named('Errors', 'code');
    expect(Object.keys(ERRORS)).toEqual(expect.arrayContaining(codes));
  });
});
