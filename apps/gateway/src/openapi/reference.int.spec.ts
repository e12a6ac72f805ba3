import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS, HTTP_HEADERS, type ErrorCode } from '@slipway/contracts';
import { statusOf } from '../problem/status.js';
import { GatewayPlace } from '../testing/gateway-place.js';

type Content = Record<string, { schema: { $ref?: string } }>;
interface Operation {
  operationId: string;
  summary: string;
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties: object; required?: string[] }> };
}

const page = readFileSync(new URL('../../../../docs/reference/rest.md', import.meta.url), 'utf8');
const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** The cells of the table under a heading, row by row. */
function rows(heading: string): string[][] {
  const lines = page.slice(page.indexOf(`\n## ${heading}\n`)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('| ')) + 2;
  return lines.slice(first, lines.indexOf('', first)).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const schemaOf = (content: Content | undefined): string =>
  /\w+$/.exec(content?.['application/json']?.schema.$ref ?? '')?.[0] ?? '';

describe('the REST reference', () => {
  let place: GatewayPlace;
  let document: Document;
  beforeAll(async () => {
    place = await GatewayPlace.open();
    document = await place.json<Document>('GET', '/api/docs/json');
  });
  afterAll(() => place.close());

  it('tells every route that is served with its action, purpose, body and answers, and no other', () => {
    const served = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { operationId, summary, requestBody, responses }]) => {
        const answers = Object.entries(responses).filter(([status]) => status < '300');
        return [
          `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
          operationId,
          summary,
          schemaOf(requestBody?.content),
          ...answers.map(([status, { content }]) => `${status} ${schemaOf(content)}`.trim()).toSorted(),
        ];
      }),
    );
    const told = rows('Routes').map(([route, action, summary, body, answers]) => [
      ...words(route!),
      ...words(action!),
      summary,
      words(body!)[0] ?? '',
      ...answers!
        .split(/, (?=\d)/)
        .map((answer) => `${answer.slice(0, 3)} ${words(answer)[0] ?? ''}`.trim())
        .toSorted(),
    ]);
    expect(told).toEqual(served);
  });

  it.each(['Bodies', 'Answers'])('tells every field of what stands under %s, and none that is not there', (heading) => {
    const told = new Map<string, string[]>();
    for (const [name, text] of rows(heading)) told.set(words(name!)[0]!, words(text!.replaceAll(/\([^)]*\)/g, '')));
    expect(told.size).toBeGreaterThan(5);
    for (const [name, said] of told) {
      const { properties, required = [] } = document.components.schemas[name]!;
      const fields = Object.keys(properties).map((field) => (required.includes(field) ? field : `${field}?`));
      // "as `ProvisionJob`, and": its fields, but those that are told otherwise.
      const like = said.flatMap((word) => told.get(word) ?? []).filter((field) => !said.some((one) => one === `${field}?`));
      const named = [...said.filter((word) => !told.has(word)), ...like];
      expect([name, [...new Set(named)].toSorted()]).toEqual([name, fields.toSorted()]);
    }
  });

  it('has every type of body and answer that a route names', () => {
    const named = rows('Routes').flatMap((cells) => words(cells.slice(3).join(' ')));
    const types = new Set(named.map((name) => name.replace(/Page$/, 'View')));
    const told = [...rows('Bodies'), ...rows('Answers')].map(([name]) => words(name!)[0]);
    expect(told).toEqual(expect.arrayContaining([...types]));
  });

  it('tells every header of our own', () => {
    expect(rows('Headers').flatMap(([name]) => words(name!))).toEqual(expect.arrayContaining(Object.values(HTTP_HEADERS)));
  });

  it('tells the status of every error code', () => {
    const told = rows('Errors').flatMap(([status, codes]) => words(codes!).map((code) => [code, Number(status)]));
    const codes = Object.keys(ERRORS) as ErrorCode[];
    expect(told.toSorted()).toEqual(codes.map((code) => [code, statusOf(code)]).toSorted());
  });
});
