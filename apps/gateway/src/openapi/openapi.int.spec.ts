import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { ERRORS } from '@slipway/contracts';
import { GatewayPlace } from '../testing/gateway-place.js';
import { SHOW_ROW, inMarkdown } from './error-table.js';
import { EXAMPLES } from './examples.js';
import { SCHEMAS } from './schemas.js';
import type { Schema } from './schemas/schema.js';

interface Operation {
  operationId: string;
  summary?: string;
  security?: unknown[];
  requestBody?: { content: Record<string, unknown> };
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema?: Schema; example?: unknown }> }>;
}
interface Document {
  openapi: string;
  info: { description: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
}

/** What the issue lists. */
const PROMISED = [
  ...[
    'POST /ops/provision',
    'POST /ops/deprovision',
    'POST /ops/import',
    'POST /ops/export',
    'POST /plans',
    'GET /requests',
    'GET /requests/{id}',
  ],
  ...['GET /requests/{id}/events', 'GET /requests/{id}/logs'],
  ...['cancel', 'retry', 'abandon', 'pause', 'resume'].map((verb) => `POST /requests/{id}/${verb}`),
  ...['instances', 'storages', 'databases', 'environments', 'snapshots'].flatMap((noun) => [`GET /${noun}`, `GET /${noun}/{id}`]),
  ...['resources', 'capabilities', 'requirements', 'wires'].map((noun) => `GET /environments/{id}/${noun}`),
  ...['POST /environments/{id}/pause', 'POST /environments/{id}/resume'],
  ...['DELETE /snapshots/{id}', 'GET /snapshots/{id}/content', 'POST /snapshots'],
  ...['POST /leases', 'GET /leases', 'GET /leases/{id}', 'POST /leases/reclaim', 'GET /resources', 'POST /resources'],
  ...['renew', 'release', 'reclaim'].map((verb) => `POST /leases/{id}/${verb}`),
  ...['PATCH /resources/{id}', 'DELETE /resources/{id}', 'GET /blueprints', 'GET /blueprints/{name}', 'PATCH /blueprints/{name}'],
  ...['GET /content', 'POST /content', 'PUT /content/{name}', 'DELETE /content/{name}', 'GET /content/{name}/package'],
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /definitions/{name}/{version}`),
  ...['POST /definitions', 'GET /capabilities'],
  ...['GET /provisioners', 'GET /provisioners/{name}'],
  ...['GET /events', 'GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /info', 'POST /backup', 'POST /restore'],
];

describe('the API’s documentation', () => {
  let place: GatewayPlace;
  let document: Document;
  let operations: { route: string; operation: Operation }[];
  beforeAll(async () => {
    place = await GatewayPlace.open();
    document = await place.json<Document>('GET', '/api/docs/json');
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
        operation,
      })),
    );
  });
  afterAll(() => place.close());

  it('is OpenAPI 3, with a page to read it', async () => {
    expect(document.openapi).toMatch(/^3\./);
    const page = await place.call('GET', '/api/docs');
    expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
    const html = await page.text();
    expect(html).not.toMatch(/(src|href)="https?:/);
    for (const asset of ['swagger-ui-bundle.js', 'swagger-ui.css', 'swagger-ui-init.js']) {
      const response = await place.call('GET', `/api/docs/${asset}`);
      expect([asset, response.status, (await response.text()).length > 0]).toEqual([asset, 200, true]);
    }
  });

  it('lists every route that is promised', () => {
    expect(operations.map(({ route }) => route)).toEqual(expect.arrayContaining(PROMISED));
  });

  it('lists every route that is served, and no other', () => {
    const server = place.gateway.app.getHttpAdapter().getInstance() as FastifyInstance;
    for (const { route } of operations) {
      const [method, path] = route.split(' ') as [never, string];
      expect([route, server.hasRoute({ method, url: `/api/v1${path.replace(/\{(\w+)\}/g, ':$1')}` })]).toEqual([route, true]);
    }
    const served = routesOf(server.printRoutes({ commonPrefix: false }));
    expect(served.filter((path) => path.startsWith('/api/v1')).toSorted()).toEqual(
      [...new Set(Object.keys(document.paths))].map((path) => path.replace(/\{(\w+)\}/g, ':$1')).toSorted(),
    );
  });

  it('says of each what it is for, what comes in, what comes out, and what may go wrong', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { route, operation } of operations) {
      expect([route, operation.summary]).toEqual([route, expect.stringMatching(/\w/)]);
      const answers = Object.entries(operation.responses);
      const wells = answers.filter(([status]) => status.startsWith('2'));
      expect([route, wells.length]).not.toEqual([route, 0]);
      for (const [, { content }] of wells) expect([route, Object.keys(content ?? {}).length]).not.toEqual([route, 0]);
      for (const [status, { content }] of answers.filter(([code]) => Number(code) >= 400)) {
        expect([route, status, Object.keys(content!)]).toEqual([route, status, ['application/problem+json']]);
      }
      if (!route.includes('/health/')) {
        expect([route, operation.responses['401'] !== undefined, operation.security]).toEqual([route, true, [{ key: [] }]]);
      }
      if (/^POST \/(ops|plans|requests)/.test(route)) expect([route, operation.requestBody]).toEqual([route, expect.anything()]);
      for (const name of route.match(/(?<=\{)\w+/g) ?? []) {
        expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: 'path' }));
      }
    }
  });

  it('refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
    expect(refs.length).toBeGreaterThan(20);
    for (const name of refs) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('has a table of all error codes', () => {
    for (const code of Object.keys(ERRORS)) expect(document.info.description).toContain(`\`${code}\``);
  });

  it('shows what is to be typed as code: nothing in angle brackets is lost as HTML', () => {
    const { description } = document.info;
    expect(description).toContain('Send `Authorization: Bearer <key>`; the key');
    expect(description).toContain('restore from a backup: `npx slipway restore <file>`.');
    const tags = [...description.replaceAll(/`[^`]*`/g, '').matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag);
    expect([...new Set(tags)].toSorted()).toEqual(['a', 'details', 'summary']);
    expect(inMarkdown('If a < b, npx slipway logs <request>.')).toBe('If a &lt; b, `npx slipway logs <request>`.');
  });

  it('folds the table up, and opens it at the row that is the type of a problem', async () => {
    const { description } = document.info;
    const table = description.slice(description.indexOf('<details>'), description.indexOf('</details>'));
    const { type } = await place.json<{ type: string }>('GET', '/nothing');
    expect(table).toContain(`<a id="${type.split('#')[1]}"></a>`);
    expect(await (await place.call('GET', '/api/docs')).text()).toContain(SHOW_ROW);
    for (const [hash, opened] of [
      ['#not-found', ['open', 'in view']],
      ['#/not-found', ['open', 'in view']],
      ['#/ops', []],
      ['', []],
    ] as const)
      expect([hash, shownAt(hash)]).toEqual([hash, opened]);
  });

  it.each(Object.keys(EXAMPLES))('has an example of %s that its schema allows', (name) => {
    expect(faults(EXAMPLES[name], SCHEMAS[name]!, name)).toEqual([]);
  });

  it('describes what is really answered', async () => {
    const position = await place.resource('instance', 'shop');
    const headers = { 'Slipway-At-Least': position };
    const answered: [string, string][] = [
      ['/instances', 'ResourcePage'],
      ['/instances/shop', 'ResourceView'],
      ['/events', 'EventPage'],
      ['/info', 'Info'],
      ['/nothing', 'Problem'],
      ['/health/live', 'Live'],
    ];
    for (const [path, schema] of answered) {
      expect([path, faults(await place.json('GET', path, { headers }), SCHEMAS[schema]!, schema)]).toEqual([path, []]);
    }
  });
});

/** What the page's own script does at an address once the row of `not-found` has been drawn. */
function shownAt(hash: string): string[] {
  const done: string[] = [];
  const row = {
    closest: () => ({ setAttribute: (name: string) => done.push(name) }),
    scrollIntoView: () => done.push('in view'),
  };
  let drawn = () => {};
  class MutationObserver {
    constructor(changed: (changes: [], observer: MutationObserver) => void) {
      drawn = () => changed([], this);
    }
    observe(): void {}
    disconnect(): void {
      drawn = () => {};
    }
  }
  const document = { body: {}, getElementById: (id: string) => (id === 'not-found' ? row : null) };
  runInNewContext(SHOW_ROW, { location: { hash }, document, addEventListener: () => {}, MutationObserver });
  drawn();
  drawn();
  return done;
}

/** Paths in Fastify's drawing of its routes. */
function routesOf(drawing: string): string[] {
  const stack: string[] = [];
  const paths: string[] = [];
  for (const line of drawing.split('\n')) {
    const match = /^((?:│ {3}| {4})*)(?:├──|└──) (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!match) continue;
    const depth = match[1]!.length / 4;
    stack.length = depth;
    stack.push(match[2]!);
    if (match[3]) paths.push(stack.join(''));
  }
  return paths;
}

/** What a value does that its schema does not allow. */
function faults(value: unknown, schema: Schema, path: string): string[] {
  if (schema.$ref) return faults(value, SCHEMAS[schema.$ref.split('/').at(-1)!]!, path);
  if (value === null) return schema.nullable ? [] : [`${path} is null`];
  if (schema.oneOf)
    return schema.oneOf.some((one) => faults(value, one, path).length === 0) ? [] : [`${path} is none of its kinds`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is ${String(value)}`];
  if (schema.type === 'array')
    return (value as unknown[]).flatMap((item, index) => faults(item, schema.items!, `${path}.${index}`));
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (schema.type && type !== (schema.type === 'integer' ? 'number' : schema.type)) return [`${path} is a ${type}`];
  if (schema.type !== 'object' || !schema.properties) return [];
  const fields = value as Record<string, unknown>;
  return [
    ...(schema.required ?? []).filter((name) => !(name in fields)).map((name) => `${path}.${name} is missing`),
    ...Object.entries(fields).flatMap(([name, field]) =>
      schema.properties![name] ? faults(field, schema.properties![name], `${path}.${name}`) : [`${path}.${name} is not known`],
    ),
  ];
}
