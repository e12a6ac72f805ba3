import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { HEADERS } from './context.js';
import { ERRORS } from './errors.js';
import { MESSAGES } from './messages.js';
import { asyncApi } from './reference/asyncapi.js';
import { askedRows, toldRows } from './reference/messages.js';
import { SCHEMAS } from './schemas.js';
import { VERBS } from './subjects.js';
import { Declarations } from './testing/declarations.js';
import { ReferencePage } from './testing/reference-page.js';

const page = new ReferencePage('messages');
const docs = new URL('../../../docs/reference/', import.meta.url);
const sources = new Declarations([
  ...[
    'commands.ts',
    'credentials.ts',
    'desired.ts',
    'instance-log.ts',
    'steps.ts',
    'plan.ts',
    'snapshot.ts',
    'content.ts',
    'drift.ts',
    'leases.ts',
    'http/views.ts',
  ],
  ...['completions.ts', 'live.ts', 'errors.ts'],
]);

describe('the reference of messages', () => {
  it('is what scripts/reference.mjs makes of the table of messages', () => {
    const text = readFileSync(new URL('messages.md', docs), 'utf8');
    for (const rows of [askedRows(), toldRows()]) expect(text).toContain(`| --- |\n${rows.join('\n')}\n\n`);
  });

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

describe('the schemas of messages', () => {
  it.each(Object.keys(SCHEMAS))('%s has the fields of its type', (name) => {
    const { properties, required } = SCHEMAS[name as keyof typeof SCHEMAS] as unknown as Shape;
    const fields = Object.keys(properties).map((field) => (required.includes(field) ? field : `${field}?`));
    expect(fields.toSorted()).toEqual(sources.fieldsOf(name));
  });

  it('are those of a message, an error, or nothing', () => {
    const { asked, told } = MESSAGES;
    const used = [...asked.flatMap(({ body, answer }) => [body, answer]), ...told.map(({ body }) => body), 'Cause'];
    expect(new Set(used.filter((name) => name !== undefined))).toEqual(new Set(Object.keys(SCHEMAS)));
  });

  it('are JSON Schema', () => {
    const ajv = new Ajv2020();
    for (const schema of Object.values(SCHEMAS)) expect(() => ajv.compile(schema)).not.toThrow();
  });
});

describe('asyncapi.yaml', () => {
  const document = parse(readFileSync(new URL('asyncapi.yaml', docs), 'utf8')) as Record<string, unknown>;

  it('is what scripts/reference.mjs makes of the table of messages', () => expect(document).toEqual(asyncApi()));

  it('is valid AsyncAPI 3.0', () => {
    const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json') as object;
    // The bundle holds draft-07 itself.
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    expect([ajv.validate(schema, document), ajv.errors]).toEqual([true, null]);
    expect(ajv.validate(schema, { ...document, channels: { here: { address: 7 } } })).toBe(false);
  });

  it('refers to nothing that is not in it', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!);
    const at = (path: string) =>
      path.split('/').reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], document);
    expect(references.filter((path) => at(path) === undefined)).toEqual([]);
    expect(references.length).toBeGreaterThan(100);
  });
});

interface Shape {
  properties: object;
  required: string[];
}
