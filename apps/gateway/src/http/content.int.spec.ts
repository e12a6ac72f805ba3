import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  SlipwayError,
  VERBS,
  type ContentQuery,
  type ContentRecorded,
  type JsonObject,
  type StoreContentCommand,
} from '@slipway/contracts';
import { GatewayPlace } from '../testing/gateway-place.js';

const YAML = { 'Content-Type': 'application/yaml' };

describe('content', () => {
  let place: GatewayPlace;
  let refuses: SlipwayError | undefined;
  /** What the resolver was asked to store, with the bytes that it could read then. */
  let stored: (Omit<StoreContentCommand, 'holder' | 'upload'> & { text: string })[] = [];
  const holders: string[] = [];
  const asked: [string, unknown][] = [];

  beforeAll(async () => {
    place = await GatewayPlace.open();
    place.runtime.config.content.maxUploadBytes = 1024 * 1024;
    place.bus.serve('resolver', VERBS.storeContent, async (body): Promise<ContentRecorded> => {
      const { holder, upload, ...rest } = body as StoreContentCommand;
      holders.push(holder);
      const bytes = await place.blobs.of(holder).read(upload.sha256, 2 * 1024 * 1024);
      stored.push({ ...rest, text: bytes.toString() });
      if (refuses) throw refuses;
      return { name: 'p', version: '1.0.0', layer: 'dynamic', definitions: 1, position: 'p1' };
    });
    const answers: Record<string, (body: JsonObject) => object> = {
      [VERBS.content]: (body) => ({
        items: (body as ContentQuery).name === 'nothing' ? [] : [{ name: 'p', ...body }],
        problems: [],
      }),
      [VERBS.removeContent]: ({ name }) => ({ name, version: '1.0.0', layer: 'dynamic', definitions: 0, position: 'p2' }),
      [VERBS.definition]: (body) => ({ definition: body, hash: 'h', layer: 'default', package: 'p', overrides: [] }),
      [VERBS.writeDefinition]: ({ definition }) => ({ ...(definition as JsonObject), layer: 'writable', position: 'p3' }),
      [VERBS.deleteDefinition]: (body) => ({ ...body, layer: 'writable', position: 'p4' }),
      [VERBS.refreshContent]: (body) => ({ items: [], position: JSON.stringify(body) }),
      [VERBS.definitions]: (body) => ({ items: [], next: JSON.stringify(body) }),
      [VERBS.capabilities]: (body) => ({ items: [], next: JSON.stringify(body) }),
    };
    for (const [verb, answer] of Object.entries(answers))
      place.bus.serve('resolver', verb, async (body) => {
        asked.push([verb, body]);
        return answer(body as JsonObject);
      });
  });
  afterAll(() => place.close());
  afterEach(() => {
    [refuses, stored, asked.length] = [undefined, [], 0];
  });
  const nothingIsHeld = async () => {
    for (const { holder } of await place.blobs.holders()) expect(holders).not.toContain(holder);
  };

  it.each([
    ['YAML', 'application/yaml', '?file=greetings.yml', { kind: 'yaml', file: 'greetings.yml' }],
    ['YAML without a name', 'application/yaml; charset=utf-8', '', { kind: 'yaml', file: 'package.yaml' }],
    ['JSON by its name', 'application/yaml', '?file=p.json', { kind: 'json', file: 'p.json' }],
    ['JSON by its type', 'application/json', '', { kind: 'json', file: 'package.json' }],
    ['a tar', 'application/x-tar', '?file=p.tar.gz', { kind: 'tar', file: 'p.tar.gz' }],
  ])('is sent as %s, and given to the resolver byte by byte', async (_what, type, query, expected) => {
    const text = '{"name":  "p",\n"version": "1.0.0"}';
    const response = await place.call('POST', `/content${query}`, { headers: { 'Content-Type': type }, body: text });
    expect([response.status, response.headers.get('Location'), response.headers.get('Slipway-Position')]).toEqual([
      ...[201, '/api/v1/content/p', 'p1'],
    ]);
    expect(await response.json()).toMatchObject({ name: 'p', layer: 'dynamic' });
    expect(stored).toEqual([{ ...expected, text }]);
    await nothingIsHeld();
  });

  it('takes the place of one of its name', async () => {
    const response = await place.call('PUT', '/content/p?file=p.yaml', { headers: YAML, body: 'name: p' });
    expect([response.status, stored]).toEqual([200, [{ kind: 'yaml', file: 'p.yaml', replaces: 'p', text: 'name: p' }]]);
  });

  it('that is refused is told by file, line and field, and nothing of it is held', async () => {
    refuses = new SlipwayError('content-invalid', 'p.yaml:5:14: definitions.0.version must be', {
      problems: [{ file: 'p.yaml', line: 5, column: 14, field: 'definitions.0.version', reason: 'must be' }],
    });
    const response = await place.call('POST', '/content', { headers: YAML, body: 'name: p' });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'content-invalid', detail: refuses.message, details: refuses.details }),
    ]);
    await nothingIsHeld();
  });

  it.each([
    ['larger than what is allowed', '/content', YAML, 'x'.repeat(1024 * 1024 + 1), 413, 'too-large'],
    ['of another kind', '/content', { 'Content-Type': 'text/plain' }, 'x', 415, 'wrong-content-type'],
    ['without a body', '/content', {}, undefined, 415, 'wrong-content-type'],
    ['under a name that is a path', '/content?file=../p.yaml', YAML, 'name: p', 400, 'bad-input'],
    ['with a parameter that is not known', '/content?layer=basic', YAML, 'name: p', 400, 'bad-input'],
    ['as an archive that is called YAML', '/content?file=p.tgz', YAML, 'name: p', 400, 'bad-input'],
  ])('%s is refused before anybody is asked', async (_what, path, headers, body, status, code) => {
    const response = await place.call('POST', path, { headers: headers as Record<string, string>, body });
    expect([response.status, ((await response.json()) as JsonObject)['code'], stored]).toEqual([status, code, []]);
    await nothingIsHeld();
  });

  it('of a length that nobody told is refused where it becomes too large, and nothing of it is held', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let count = 0; count < 20; count++) controller.enqueue(new Uint8Array(100_000));
        controller.close();
      },
    });
    const headers = { ...YAML, Authorization: `Bearer ${place.key}` };
    const url = `${place.gateway.url}/api/v1/content`;
    const response = await fetch(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expect([response.status, stored]).toEqual([413, []]);
    await nothingIsHeld();
  });

  it('YAML is taken nowhere else', async () => {
    const response = await place.call('POST', '/ops/provision', { headers: YAML, body: 'instanceId: shop' });
    expect([response.status, ((await response.json()) as JsonObject)['code']]).toEqual([415, 'wrong-content-type']);
  });

  it('is listed and shown, all or of one layer, and removed with a reason', async () => {
    expect(await place.json('GET', '/content?layer=dynamic')).toMatchObject({ items: [{ name: 'p', layer: 'dynamic' }] });
    expect(await place.json('GET', '/content/p')).toMatchObject({ name: 'p' });
    expect((await place.call('GET', '/content/nothing')).status).toBe(404);
    expect((await place.call('GET', '/content?layer=top')).status).toBe(400);
    const removed = await place.call('DELETE', '/content/p?reason=old');
    expect([removed.status, removed.headers.get('Slipway-Position')]).toEqual([200, 'p2']);
    expect(asked.at(-1)).toEqual([VERBS.removeContent, { name: 'p', reason: 'old' }]);
  });

  it('of others is asked for anew, all or of one', async () => {
    const asking = async (path: string) => (await place.call('POST', path)).headers.get('Slipway-Position');
    expect([await asking('/content/refresh'), await asking('/content/refresh?delegate=upstream')]).toEqual([
      ...['{}', '{"name":"upstream"}'],
    ]);
    expect((await place.call('POST', '/content/refresh?name=upstream')).status).toBe(400);
  });

  it('is given out as the resolver has packed it', async () => {
    const blob = await place.blobs.put('name: p');
    place.bus.serve('resolver', VERBS.packContent, async () => ({ blob, kind: 'yaml', file: 'p.yaml' }));
    const response = await place.call('GET', '/content/p/package');
    const named = ['Content-Type', 'Content-Length', 'Content-Disposition'].map((name) => response.headers.get(name));
    expect([response.status, ...named, await response.text()]).toEqual([
      ...[200, 'application/yaml', '7', 'attachment; filename="p.yaml"', 'name: p'],
    ]);
  });

  it('definitions are created, updated and deleted one by one, as they are sent', async () => {
    const definition = { name: 'a', version: '1.0.0', title: 'One' };
    const created = await place.call('POST', '/definitions', { body: definition });
    expect([created.status, created.headers.get('Location'), created.headers.get('Slipway-Position')]).toEqual([
      ...[201, '/api/v1/definitions/a/1.0.0', 'p3'],
    ]);
    const updated = await place.call('PUT', '/definitions/a/1.0.0', { body: definition });
    const deleted = await place.call('DELETE', '/definitions/a/1.0.0?reason=old');
    expect([updated.status, deleted.status, deleted.headers.get('Slipway-Position')]).toEqual([200, 200, 'p4']);
    expect(asked).toEqual([
      [VERBS.writeDefinition, { change: 'create', definition }],
      [VERBS.writeDefinition, { change: 'update', definition }],
      [VERBS.deleteDefinition, { name: 'a', version: '1.0.0', reason: 'old' }],
    ]);
  });

  it.each([
    ['a list', 'POST', '/definitions', '[]'],
    ['another name than its path', 'PUT', '/definitions/a/1.0.0', '{"name": "b", "version": "1.0.0"}'],
    ['another version than its path', 'PUT', '/definitions/a/1.0.0', '{"name": "a"}'],
    ['a prototype key', 'POST', '/definitions', '{"name": "a", "__proto__": {}}'],
  ])('a definition that is %s is refused before anybody is asked', async (_what, method, path, body) => {
    expect([(await place.call(method, path, { body })).status, asked]).toEqual([400, []]);
  });

  it('definitions and capabilities are asked for with what was said, and nothing else', async () => {
    expect(await place.json('GET', '/definitions/hello/1.0.0')).toMatchObject({
      definition: { name: 'hello', version: '1.0.0' },
    });
    const askedFor = async (path: string) => JSON.parse((await place.json('GET', path)).next as string) as unknown;
    expect(await askedFor('/capabilities?namespace=database&filter=(engine=sqlite)&limit=2&cursor=abc')).toEqual({
      ...{ namespace: 'database', filter: '(engine=sqlite)', limit: 2, cursor: 'abc' },
    });
    expect(await askedFor('/definitions?name=hello&layer=delegated&limit=3')).toEqual({
      ...{ name: 'hello', layer: 'delegated', limit: 3 },
    });
    for (const path of [
      '/capabilities?limit=0',
      '/capabilities?name=x',
      '/definitions?layer=top',
      '/definitions/hello/1.0.0?layer=basic',
    ])
      expect([path, (await place.call('GET', path)).status]).toEqual([path, 400]);
  });
});
