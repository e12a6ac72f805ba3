import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sha256 } from '@slipway/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DownloadCache } from '../cache/download-cache.js';
import { Fetcher } from '../net/fetcher.js';
import { openOtherServer, sends, type OtherServer } from '../testing/other-server.js';
import { slipwayRepository } from './slipway.js';

const YAML = 'name: greetings\nversion: 1.0.0\n';
const hash = sha256('its definitions');
const HEADERS = {
  'Content-Type': 'application/yaml; charset=utf-8',
  'Content-Disposition': 'attachment; filename="greetings.yaml"',
  ETag: `"${sha256(YAML)}"`,
};

describe('another Slipway', () => {
  let other: OtherServer;
  let folder: string;
  let fetcher: Fetcher;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-slipway-'));
    other = await openOtherServer();
    fetcher = new Fetcher({ base: `${other.url}api/v1`, privateHosts: ['127.0.0.1'] });
  });
  afterEach(async () => {
    await fetcher.close();
    await other.close();
    await rm(folder, { recursive: true });
  });
  const repository = (...only: string[]) =>
    slipwayRepository({
      ...{ fetcher, cache: new DownloadCache({ folder, maxBytes: 10_000 }), maxBytes: 10_000 },
      ...(only.length > 0 && { only }),
    });
  const lists = (...items: object[]) => other.routes.set('/api/v1/content', sends(JSON.stringify({ items, problems: [] })));
  const gives = (body: string, headers: Record<string, string>) =>
    other.routes.set('/api/v1/content/greetings/package', sends(body, headers));
  const greetings = { name: 'greetings', version: '1.0.0', layer: 'dynamic', hash };

  it('has the packages of its layers, from the top down, without what it delegates to others itself', async () => {
    lists(
      greetings,
      { ...greetings, layer: 'default' },
      { ...greetings, name: 'more' },
      { ...greetings, name: 'its', layer: 'delegated' },
    );
    expect((await repository().list()).packages.map(({ id, stamp }) => [id, stamp])).toEqual([
      ['dynamic/greetings', hash],
      ['default/greetings', hash],
      ['dynamic/more', hash],
    ]);
    expect((await repository('more').list()).packages.map(({ id }) => id)).toEqual(['dynamic/more']);
  });

  it('gives a package as anybody may download it, of the layer that it stands in, once', async () => {
    lists(greetings);
    gives(YAML, HEADERS);
    const [one] = (await repository().list()).packages;
    for (let count = 0; count < 2; count++) {
      const { content, ...said } = await one!.open();
      expect([await text(content), said]).toEqual([YAML, { kind: 'yaml', file: 'greetings.yaml' }]);
    }
    expect(other.asked.at(-1)!.path).toBe('/api/v1/content/greetings/package?layer=dynamic');
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    ['is not what its ETag says', 'something else', HEADERS, /is not what was promised: its sha256 is/],
    ['has no checksum', YAML, { ...HEADERS, ETag: 'W/"x"' }, /greetings has no sha256/],
    ['says no kind', YAML, { ...HEADERS, 'Content-Type': 'text/html' }, /is not sent as a content package is/],
    [
      'has a path for a name',
      YAML,
      { ...HEADERS, 'Content-Disposition': 'filename="../up.yaml"' },
      /is not sent as a content package is/,
    ],
  ])('gives nothing that %s', async (_what, body, headers, refusal) => {
    lists(greetings);
    gives(body, headers);
    const [one] = (await repository().list()).packages;
    await expect(one!.open()).rejects.toThrow(refusal);
  });

  it('is asked for all pages of what it has, and no more than it has', async () => {
    const pages: Record<string, object> = {
      '/api/v1/content': { items: [greetings], next: 'a&b' },
      '/api/v1/content?cursor=a%26b': { items: [{ ...greetings, name: 'more' }], next: 'c' },
      '/api/v1/content?cursor=c': { items: [], next: 'c' },
    };
    other.routes.set('/api/v1/content', ({ url }, response) => response.end(JSON.stringify(pages[url!])));
    expect((await repository().list()).packages.map(({ id }) => id)).toEqual(['dynamic/greetings', 'dynamic/more']);
  });

  it('has 32 MiB for all its pages together, however many they are', async () => {
    const filler = 'x'.repeat(9 * 1024 ** 2);
    other.routes.set('/api/v1/content', ({ url }, response) => {
      const page = Number(new URL(url!, other.url).searchParams.get('cursor') ?? 0);
      response.end(JSON.stringify({ items: [greetings], filler, ...(page < 5 && { next: String(page + 1) }) }));
    });
    await expect(repository().list()).rejects.toThrow(
      /\/api\/v1\/content sends \d+ bytes; at most \d+ are taken|sends more than \d+ bytes/,
    );
    expect(other.asked).toHaveLength(4);
  });

  it('has one time for all its pages together, however quickly each comes', async () => {
    await fetcher.close();
    fetcher = new Fetcher({ base: `${other.url}api/v1`, privateHosts: ['127.0.0.1'], waits: { quiet: 15_000, whole: 500 } });
    other.routes.set('/api/v1/content', (_asked, response) =>
      setTimeout(() => response.end(JSON.stringify({ items: [greetings], next: 'more' })), 20),
    );
    await expect(repository().list()).rejects.toThrow('it takes too long');
  });

  it('lists what is no package as a problem, and no more than that', async () => {
    lists({ ...greetings, name: '../up' }, { ...greetings, layer: 'top' }, { ...greetings, hash: 'x' }, greetings);
    const { packages, problems } = await repository().list();
    expect([packages.length, problems]).toEqual([
      1,
      [
        'a content package: name is not as it must be',
        'greetings: layer is not as it must be',
        'greetings: hash is not as it must be',
      ],
    ]);
  });
});
