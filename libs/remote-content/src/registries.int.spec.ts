import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract, pack } from 'tar-stream';
import { DownloadCache } from './cache/download-cache.js';
import { RemoteAway } from './failures.js';
import { localLayout, remoteLayout } from './maven/layout.js';
import { mavenRepository } from './maven/maven.js';
import { Fetcher } from './net/fetcher.js';
import { npmRepository } from './npm/npm.js';
import type { PackageBytes, RemoteRepository } from './remote-repository.js';
import { openOtherServer, sends, type OtherServer } from './testing/other-server.js';

const MAX = 1024 ** 2;
const digest = (algorithm: string, content: Buffer | string, as: 'hex' | 'base64' = 'hex') =>
  createHash(algorithm).update(content).digest(as);

async function tarball(files: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** The files that a package brings. */
async function filesOf({ content, kind, file }: PackageBytes): Promise<Record<string, string>> {
  const bytes = await buffer(content);
  if (kind !== 'tar') return { [file]: bytes.toString() };
  const files: Record<string, string> = {};
  const entries = extract();
  entries.end(bytes);
  for await (const entry of entries) files[entry.header.name] = (await buffer(entry as never)).toString('latin1');
  return files;
}

let other: OtherServer;
let folder: string;
let cache: DownloadCache;
let fetcher: Fetcher;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-registries-'));
  other = await openOtherServer();
  cache = new DownloadCache({ folder: join(folder, 'cache'), maxBytes: MAX });
  fetcher = new Fetcher({ base: other.url, privateHosts: ['127.0.0.1'] });
});
afterEach(async () => {
  await fetcher.close();
  await other.close();
  await cache.settled();
  await rm(folder, { recursive: true });
});
const ids = async (from: RemoteRepository) => (await from.list()).packages.map(({ id }) => id);

describe('the npm registry', () => {
  const npm = (...only: string[]) => npmRepository({ fetcher, cache, only, target: 'process', maxBytes: MAX });

  /** Publishes versions of a package, as a registry has them. */
  async function publishes(
    name: string,
    versions: Record<string, { manifest?: object; files?: Record<string, string>; listed?: object; said?: object }>,
  ) {
    const at = `/${name.replace('/', '%2f')}`;
    const listed: Record<string, object> = {};
    for (const [version, { manifest = {}, files = {}, listed: more = {}, said = {} }] of Object.entries(versions)) {
      const content = await tarball({ 'package/package.json': JSON.stringify({ name, version, ...manifest }), ...files });
      const path = `/files/${name}-${version}.tgz`;
      other.routes.set(path, sends(content));
      const dist = { tarball: `${other.url}${path.slice(1)}`, integrity: `sha512-${digest('sha512', content, 'base64')}` };
      listed[version] = { name, version, dist, ...more };
      other.routes.set(`${at}/${version}`, sends(JSON.stringify({ name, version, dist, ...manifest, ...said })));
    }
    const latest = Object.keys(versions).at(-1);
    other.routes.set(at, sends(JSON.stringify({ name, 'dist-tags': { latest }, versions: listed })));
  }

  it('gives the newest of a package, or all in a range, without what is deprecated', async () => {
    await publishes('@acme/tool', { '1.0.0': {}, '2.0.0': {}, '2.1.0': { listed: { deprecated: 'do not' } }, '2.0.5': {} });
    expect(await ids(npm('@acme/tool'))).toEqual(['@acme/tool@2.0.5']);
    expect(await ids(npm('@acme/tool@>=1 <3'))).toEqual(['@acme/tool@2.0.5', '@acme/tool@2.0.0', '@acme/tool@1.0.0']);
  });

  it('gives what can be run as an instance that npm installs, and what cannot with its tarball', async () => {
    await publishes('tool', { '1.0.0': { manifest: { bin: 'cli.js' } } });
    await publishes('@acme/lib', { '1.0.0': { manifest: { description: 'A library' } } });
    const { packages } = await npm('tool', '@acme/lib').list();
    const [tool, lib] = await Promise.all(packages.map(async (one) => filesOf(await one.open())));
    expect(JSON.parse(tool!['tool.json']!)).toMatchObject({
      definitions: [{ name: 'tool', version: '1.0.0', spec: { npm: { package: 'tool', version: '1.0.0' }, command: ['tool'] } }],
    });
    expect(Object.keys(lib!)).toEqual(['package.json', 'acme__lib-1.0.0.tgz']);
    expect(JSON.parse(lib!['package.json']!)).toMatchObject({
      ...{ name: 'acme__lib', version: '1.0.0', definitions: [{ spec: { artefact: 'acme__lib-1.0.0.tgz' } }] },
    });
    const integrity = digest('sha512', Buffer.from(lib!['acme__lib-1.0.0.tgz']!, 'latin1'));
    expect(packages[1]!.stamp).toContain(integrity);
  });

  it('gives the content package that a package of npm brings', async () => {
    const files = { 'package/content/package.yaml': 'name: acme\n', 'package/content/app/a.mjs': '1', 'package/other.js': '2' };
    await publishes('@acme/content', { '1.0.0': { manifest: { slipway: { content: './content' } }, files } });
    const [one] = (await npm('@acme/content').list()).packages;
    expect(await filesOf(await one!.open())).toEqual({ 'package.yaml': 'name: acme\n', 'app/a.mjs': '1' });
  });

  it('believes the tarball, which has a checksum, and not what the registry says of it', async () => {
    const said = { bin: 'evil.js', description: 'Evil', slipway: { content: './evil' }, dependencies: { evil: '*' } };
    const files = { 'package/evil/package.yaml': 'name: evil\n' };
    await publishes('lib', { '1.0.0': { manifest: { description: 'A library' }, files, said, listed: said } });
    const [one] = (await npm('lib').list()).packages;
    const given = await filesOf(await one!.open());
    expect(JSON.parse(given['package.json']!)).toMatchObject({
      definitions: [{ driver: 'artefact', description: 'A library', dependencies: [] }],
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['of another name', { 'package/package.json': '{"name": "other", "version": "1.0.0"}' }, /of another package/],
    ['of another version', { 'package/package.json': '{"name": "lib", "version": "2.0.0"}' }, /of another version/],
    ['that is no JSON', { 'package/package.json': '{' }, /its package.json is no JSON/],
    ['that comes twice', { 'other/package.json': '{}' }, /has package.json twice/],
    ['that is too long', { 'package/package.json': ' '.repeat(MAX + 1) }, /its package.json has more than 1048576 bytes/],
  ])('gives nothing with a package.json %s', async (_what, files, refusal) => {
    await publishes('lib', { '1.0.0': { files } });
    const [one] = (await npm('lib').list()).packages;
    await expect(one!.open()).rejects.toThrow(refusal);
  });

  it('gives nothing that is not what its integrity says, or has none that can be relied on', async () => {
    await publishes('lib', { '1.0.0': {} });
    other.routes.set('/files/lib-1.0.0.tgz', sends('hacked'));
    const [one] = (await npm('lib').list()).packages;
    await expect(one!.open()).rejects.toThrow('lib@1.0.0 sha512-');
    await publishes('weak', { '1.0.0': { listed: { dist: { tarball: 'x', integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' } } } });
    expect((await npm('weak').list()).problems).toEqual(['weak: weak@1.0.0 has no checksum that can be relied on']);
  });

  it('tells what it cannot take, and takes the others; that it is away is no such thing', async () => {
    await publishes('lib', { '1.0.0': {} });
    const { packages, problems } = await npm('nothing', 'lib@^2', 'lib@not', '../up', 'lib').list();
    expect([packages.map(({ id }) => id), problems]).toEqual([
      ['lib@1.0.0'],
      [
        expect.stringMatching(/^nothing: .*answered 404/),
        expect.stringMatching(/^lib@\^2: .*no version of it in that range/),
        expect.stringMatching(/^lib@not: .*no range/),
        expect.stringMatching(/^\.\.\/up: .*no name/),
      ],
    ]);
    await other.close();
    await expect(npm('lib').list()).rejects.toBeInstanceOf(RemoteAway);
  });
});

describe('a Maven layout', () => {
  const JAR = 'a jar';
  const PATH = 'org/example/shop';
  const maven = (where: 'http' | 'folder', ...only: string[]) => {
    const layout = where === 'http' ? remoteLayout(fetcher, MAX) : localLayout(join(folder, 'm2'));
    return mavenRepository({ layout, cache, only, target: 'tomcat', close: async () => undefined });
  };
  async function puts(path: string, content: string): Promise<void> {
    other.routes.set(`/${path}`, sends(content));
    await mkdir(dirname(join(folder, 'm2', path)), { recursive: true });
    await writeFile(join(folder, 'm2', path), content);
  }
  beforeEach(async () => {
    const versions = ['1.0', '1.1.Final', '2.0-SNAPSHOT', '2.0'];
    await puts(
      `${PATH}/maven-metadata.xml`,
      `<metadata><versioning><versions>${versions.map((one) => `<version>${one}</version>`).join('')}</versions></versioning></metadata>`,
    );
    for (const version of versions) {
      const path = `${PATH}/${version}/shop-${version}.jar`;
      await puts(path, `${JAR} ${version}`);
      await puts(`${path}.sha1`, `${digest('sha1', `${JAR} ${version}`)}  shop.jar\n`);
    }
  });

  for (const where of ['http', 'folder'] as const) {
    it(`gives each version with its file, into a target, with a semantic version (${where})`, async () => {
      const { packages, problems } = await maven(where, 'org.example:shop').list();
      expect([packages.map(({ id }) => id), problems]).toEqual([
        ['2.0', '1.1.Final', '1.0'].map((version) => `org.example:shop:${version}@jar`),
        [],
      ]);
      const files = await filesOf(await packages[1]!.open());
      expect(files['shop-1.1.Final.jar']).toBe(`${JAR} 1.1.Final`);
      expect(JSON.parse(files['package.json']!)).toEqual({
        ...{ name: 'org.example.shop', version: '1.1.0' },
        definitions: [
          {
            ...{
              name: 'org.example.shop',
              version: '1.1.0',
              type: 'instance',
              driver: 'artefact',
              spec: { artefact: 'shop-1.1.Final.jar' },
            },
            capabilities: [
              {
                namespace: 'maven',
                attributes: { group: 'org.example', artifact: 'shop', version: '1.1.0', 'released-as': '1.1.Final' },
              },
            ],
            requirements: [{ namespace: 'slipway.target', name: 'target', attributes: { type: 'tomcat' } }],
          },
        ],
      });
      expect(await ids(maven(where, 'org.example:shop:^1.1'))).toEqual(['org.example:shop:1.1.Final@jar']);
    });

    it(`gives nothing that is not what the checksum beside it says; the strongest counts (${where})`, async () => {
      await puts(`${PATH}/2.0/shop-2.0.jar.sha256`, digest('sha256', 'another jar'));
      const [newest] = (await maven(where, 'org.example:shop').list()).packages;
      await expect(newest!.open()).rejects.toThrow('its sha256 is');
    });

    it(`tells what it has not, and takes the others (${where})`, async () => {
      const { packages, problems } = await maven(
        where,
        'org.example:none',
        'nothing',
        'org.example:shop:^9',
        'org.example:shop:^2',
      ).list();
      expect([packages.length, problems.length]).toEqual([1, 3]);
      expect(problems[1]).toMatch(/^nothing: nothing is no group:artifact/);
    });
  }

  it('over HTTP gives nothing without a checksum; of a folder the file itself is what it is', async () => {
    await puts(`org/example/bare/maven-metadata.xml`, '<versions><version>1.0</version></versions>');
    await puts(`org/example/bare/1.0/bare-1.0.war`, 'a war');
    expect((await maven('http', 'org.example:bare@war').list()).problems).toEqual([
      expect.stringContaining('bare-1.0.war has no checksum beside it'),
    ]);
    const [one] = (await maven('folder', 'org.example:bare@war').list()).packages;
    expect(one!.stamp).toContain(digest('sha256', 'a war'));
    expect((await filesOf(await one!.open()))['bare-1.0.war']).toBe('a war');
  });

  it('that is away, by HTTP or as a folder, says so', async () => {
    await other.close();
    await rm(join(folder, 'm2'), { recursive: true });
    await expect(maven('http', 'org.example:shop').list()).rejects.toThrow('connection refused');
    await expect(maven('folder', 'org.example:shop').list()).rejects.toBeInstanceOf(RemoteAway);
  });

  it('reads nothing but versions from a document of somebody else', async () => {
    const bomb = `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><versions><version>&x;</version><version>../../up</version><version>1.0</version></versions>`;
    await puts(`${PATH}/maven-metadata.xml`, bomb);
    expect(await ids(maven('http', 'org.example:shop'))).toEqual(['org.example:shop:1.0@jar']);
  });
});
