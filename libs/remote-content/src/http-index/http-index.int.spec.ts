import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sha256 } from '@slipway/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DownloadCache } from '../cache/download-cache.js';
import { RemoteAway } from '../failures.js';
import { Fetcher } from '../net/fetcher.js';
import { openOtherServer, sends, type OtherServer } from '../testing/other-server.js';
import { httpIndexRepository } from './http-index.js';

const YAML = 'name: greetings\nversion: 1.0.0\n';
const entry = { name: 'greetings', version: '1.0.0', file: 'packages/greetings.yaml', sha256: sha256(YAML) };

describe('an index over HTTP', () => {
  let other: OtherServer;
  let folder: string;
  let fetcher: Fetcher;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-index-'));
    other = await openOtherServer();
    fetcher = new Fetcher({ base: `${other.url}shelf`, privateHosts: ['127.0.0.1'] });
  });
  afterEach(async () => {
    await fetcher.close();
    await other.close();
    await rm(folder, { recursive: true });
  });
  const repository = (only?: string[]) =>
    httpIndexRepository({
      ...{ fetcher, index: 'index.json', cache: new DownloadCache({ folder, maxBytes: 10_000 }), maxBytes: 10_000 },
      ...(only && { only }),
    });
  const lists = (index: unknown) => other.routes.set('/shelf/index.json', sends(JSON.stringify(index)));

  it('lists packages by name, version and checksum; one is fetched, checked, and not asked for again', async () => {
    lists({ packages: [entry, { ...entry, name: 'more', file: 'more.tgz' }] });
    other.routes.set('/shelf/packages/greetings.yaml', sends(YAML));
    const { packages, problems } = await repository().list();
    expect(packages.map(({ id, stamp }) => [id, stamp])).toEqual([
      ['greetings@1.0.0', sha256(YAML)],
      ['more@1.0.0', sha256(YAML)],
    ]);
    expect(problems).toEqual([]);
    const { content, ...said } = await packages[0]!.open();
    expect([await text(content), said]).toEqual([YAML, { kind: 'yaml', file: 'greetings.yaml' }]);
    await other.close();
    expect(await text((await packages[0]!.open()).content)).toBe(YAML);
    await expect(repository().list()).rejects.toBeInstanceOf(RemoteAway);
  });

  it('gives nothing that has another checksum than its own', async () => {
    lists({ packages: [entry] });
    other.routes.set('/shelf/packages/greetings.yaml', sends(`${YAML}definitions: []\n`));
    const { packages } = await repository().list();
    await expect(packages[0]!.open()).rejects.toThrow('greetings@1.0.0 is not what was promised: its sha256 is');
  });

  it('is taken in part where that is said', async () => {
    lists({ packages: [entry, { ...entry, name: 'org.example.a' }, { ...entry, name: 'org.other' }] });
    const { packages } = await repository(['greetings', 'org.example.*']).list();
    expect(packages.map(({ id }) => id)).toEqual(['greetings@1.0.0', 'org.example.a@1.0.0']);
  });

  it.each<[string, object, string]>([
    ['name', { name: '../up' }, 'a content package: name is not as it must be'],
    ['version', { version: 1 }, 'greetings: version is not as it must be'],
    ['checksum', { sha256: undefined }, 'greetings@1.0.0: sha256 is missing'],
    ['file', { file: 'greetings.exe' }, 'greetings@1.0.0: file must end with the name of a .yaml, .json, .tar or .tgz'],
  ])('tells an entry whose %s is wrong, and takes the others', async (_what, wrong, problem) => {
    lists({
      packages: [
        { ...entry, ...wrong },
        { ...entry, name: 'good' },
      ],
    });
    const { packages, problems } = await repository().list();
    expect([packages.map(({ id }) => id), problems]).toEqual([['good@1.0.0'], [problem]]);
  });

  it.each<[string, unknown]>([
    ['is no object', []],
    ['has no list', {}],
    ['has a list of something else', { packages: ['greetings'] }],
    ['has too many', { packages: Array.from({ length: 10_001 }, () => ({})) }],
  ])('that %s is refused', async (_what, index) => {
    lists(index);
    await expect(repository().list()).rejects.toMatchObject({ name: 'RemoteRefused' });
  });

  it('that is no JSON is refused', async () => {
    other.routes.set('/shelf/index.json', sends('<html>'));
    await expect(repository().list()).rejects.toThrow(`${other.url}shelf/index.json is no JSON`);
  });
});
