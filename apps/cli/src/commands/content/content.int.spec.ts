import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { ran } from '../../testing/ran.js';

const YAML = 'name: greetings\nversion: 1.0.0\n';
const recorded = { name: 'greetings', version: '1.0.0', layer: 'dynamic', definitions: 1, position: 'p' };
const greetings = {
  ...{ name: 'greetings', version: '1.0.0', layer: 'dynamic', overwritable: false, writable: false, source: 'upload by ada' },
  ...{ counts: { definitions: 1, overridden: 0, capabilities: 0, requirements: 1, artefacts: 0 }, hash: 'h' },
};

const upstream = {
  ...{ name: 'upstream', kind: 'slipway', source: 'https://slipway.example', packages: 3, definitions: 12 },
  ...{ awaySince: '2026-01-05T10:00:00.000Z', problems: ['upstream is away since'] },
};
let server: Server;
let url: string;
let folder: string;
/** Of what was asked: route with query, kind of content, body. */
let calls: { route: string; type: string | undefined; body: Buffer }[];
let refuses: object | undefined;

async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(asked);
  const route = `${asked.method} ${asked.url!.replace('/api/v1', '')}`;
  calls.push({ route, type: asked.headers['content-type'], body });
  const json = (value: object, status = 200) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (refuses) return void json(refuses, 400);
  if (route.startsWith('GET /content/greetings/package')) {
    response.writeHead(200, { 'Content-Length': YAML.length, 'Content-Disposition': 'attachment; filename="p.yaml"' });
    return void response.end(YAML);
  }
  if (route.startsWith('POST /content/refresh')) return void json({ items: [upstream], position: 'p' });
  if (route.startsWith('GET /content/')) return void json(greetings);
  if (route.startsWith('GET /content'))
    return void json({ items: [greetings], problems: ['bad.yaml:1:1: version must be'], delegates: [upstream] });
  if (/^GET \/definitions(\?|$)/.test(route)) {
    const item = { name: 'a', version: '1.0.0', title: 'One', layer: 'delegated', package: 'p' };
    return void json({ items: [item], ...(!route.includes('cursor') && { next: 'more' }) });
  }
  if (route.startsWith('GET /definitions')) return void json({ definition: { name: 'a', version: '1.0.0' }, layer: 'dynamic' });
  if (route.startsWith('GET /capabilities')) {
    const item = { attributes: { engine: 'x' }, definition: { name: 'a', version: '1.0.0' }, layer: 'basic' };
    if (route.includes('cursor')) return void json({ items: [{ ...item, namespace: 'second' }] });
    return void json({ items: [{ ...item, namespace: 'first' }], next: 'more' });
  }
  json(route.startsWith('PUT') ? { ...recorded, repeated: true } : recorded);
}

beforeAll(async () => {
  server = createServer((asked, response) => void answer(asked, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
  [calls, refuses] = [[], undefined];
});
afterEach(() => rm(folder, { recursive: true }));

describe('content', () => {
  it('is listed and shown, and what is not in force is said beside it', async () => {
    const { stdout, stderr } = await ran(url, 'content', '--layer=dynamic');
    for (const cell of ['greetings', '1.0.0', 'dynamic', 'upload by ada', 'no']) expect(stdout).toContain(cell);
    expect(stderr).toBe('Not in force: bad.yaml:1:1: version must be\n');
    expect(JSON.parse((await ran(url, 'content', 'show', 'greetings', '-o', 'json')).stdout)).toEqual(greetings);
    expect(calls.map(({ route }) => route)).toEqual(['GET /content?layer=dynamic', 'GET /content/greetings']);
    expect((await ran(url, 'content', '--layer=top')).code).not.toBe(0);
  });

  it('is uploaded as the file that it is', async () => {
    for (const name of ['p.yaml', 'p.json', 'a strange name.yml']) {
      await writeFile(join(folder, name), YAML);
      const { code, stdout } = await ran(url, 'content', 'upload', join(folder, name));
      expect([code, stdout]).toEqual([0, 'greetings@1.0.0 is in force (layer dynamic, 1 definition).\n']);
      const { route, type, body } = calls.at(-1)!;
      expect([route, type, body.toString()]).toEqual([
        `POST /content?file=${name.replaceAll(' ', '-')}`,
        'application/yaml',
        YAML,
      ]);
    }
  });

  it('is uploaded as a tar of its folder, or as the tar that it is', async () => {
    await mkdir(join(folder, 'whole', 'app'), { recursive: true });
    await writeFile(join(folder, 'whole', 'package.yaml'), YAML);
    await writeFile(join(folder, 'whole', 'app', 'run.sh'), 'x', { mode: 0o755 });
    await ran(url, 'content', 'upload', join(folder, 'whole'));
    const { route, type, body } = calls.at(-1)!;
    expect([route, type]).toEqual(['POST /content?file=whole.tar', 'application/x-tar']);
    const entries: [string, string, number | undefined][] = [];
    for await (const entry of Readable.from([body]).pipe(extract()))
      entries.push([entry.header.name, await text(entry), entry.header.mode]);
    expect(entries).toEqual([
      ['app/', '', 0o755],
      ['app/run.sh', 'x', 0o755],
      ['package.yaml', YAML, 0o644],
    ]);
    await writeFile(join(folder, 'p.tar.gz'), body);
    await ran(url, 'content', 'upload', join(folder, 'p.tar.gz'));
    expect(calls.at(-1)).toEqual({ route: 'POST /content?file=p.tar.gz', type: 'application/x-tar', body });
  });

  it.each([
    ['is not there', 'gone.yaml', /There is no file or folder/],
    ['is no package', 'README.md', /neither YAML nor JSON nor a tar/],
    ['holds a link', 'linked', /linked\/passwd is a link or no file/],
  ])('that %s is not sent', async (_what, name, message) => {
    await writeFile(join(folder, 'README.md'), 'x');
    await mkdir(join(folder, 'linked'));
    await symlink('/etc/passwd', join(folder, 'linked', 'passwd'));
    expect(await ran(url, 'content', 'upload', join(folder, name))).toMatchObject({
      code: 2,
      text: expect.stringMatching(message),
    });
    expect(calls).toEqual([]);
  });

  it('that is refused is told by file, line and field, with the way out', async () => {
    await writeFile(join(folder, 'p.yaml'), YAML);
    const detail = 'p.yaml:1:1: definitions must be an array\np.yaml:2:1: version must be';
    refuses = { code: 'content-invalid', detail, hint: 'Correct it.', title: 'x' };
    const { code, text: told } = await ran(url, 'content', 'upload', join(folder, 'p.yaml'));
    expect([code, told]).toEqual([1, `${detail} (content-invalid)\nCorrect it.`]);
  });

  it('takes the place of one of its name, and is removed with a reason', async () => {
    await writeFile(join(folder, 'p.yaml'), YAML);
    const replaced = await ran(url, 'content', 'replace', 'greetings', join(folder, 'p.yaml'));
    expect(replaced.stdout).toBe('greetings@1.0.0 is in force already (layer dynamic, 1 definition).\n');
    const removed = await ran(url, 'content', 'remove', 'greetings', '--reason=old', '-o', 'json');
    expect(JSON.parse(removed.stdout)).toEqual(recorded);
    expect(calls.map(({ route }) => route)).toEqual([
      'PUT /content/greetings?file=p.yaml',
      'DELETE /content/greetings?reason=old',
    ]);
  });

  it('is downloaded as a whole: into a folder by its own name, or into a file; nothing is taken away', async () => {
    const { stdout } = await ran(url, 'content', 'download', 'greetings', folder, '--layer=dynamic');
    expect([stdout, await readFile(join(folder, 'p.yaml'), 'utf8')]).toEqual([`${join(folder, 'p.yaml')}\n`, YAML]);
    expect(calls.at(-1)!.route).toBe('GET /content/greetings/package?layer=dynamic');
    await writeFile(join(folder, 'p.yaml'), 'mine');
    expect((await ran(url, 'content', 'download', 'greetings', folder)).code).toBe(2);
    expect(await readFile(join(folder, 'p.yaml'), 'utf8')).toBe('mine');
    await ran(url, 'content', 'download', 'greetings', join(folder, 'new', 'q.yaml'));
    await ran(url, 'content', 'download', '--force', 'greetings', folder);
    expect([await readFile(join(folder, 'p.yaml'), 'utf8'), await readdir(join(folder, 'new'))]).toEqual([YAML, ['q.yaml']]);
  });
});

describe('other repositories', () => {
  it('are told, and asked now: all, or one; what is away is told beside', async () => {
    for (const command of [['delegates'], ['refresh'], ['refresh', 'upstream']]) {
      const { stdout, stderr, code } = await ran(url, 'content', ...command);
      for (const cell of ['upstream', 'slipway', 'https://slipway.example', '12', '2026-01-05T10:00:00.000Z', 'not yet'])
        expect(stdout).toContain(cell);
      expect([stderr, code]).toEqual(['Not in force: upstream is away since\n', 0]);
    }
    expect(calls.map(({ route }) => route)).toEqual([
      ...['GET /content', 'POST /content/refresh', 'POST /content/refresh?delegate=upstream'],
    ]);
  });
});

describe('definitions and capabilities', () => {
  it('are created, updated and deleted one by one', async () => {
    const path = join(folder, 'a.yaml');
    await writeFile(path, 'name: a\nversion: 1.0.0\ntitle: One\n');
    expect((await ran(url, 'definitions', 'create', path)).stdout).toBe('greetings@1.0.0 is in force (layer dynamic).\n');
    await ran(url, 'definitions', 'update', path);
    await ran(url, 'definitions', 'delete', 'a@1.0.0', '--reason=old');
    expect(calls.map(({ route, body }) => [route, body.toString()])).toEqual([
      ['POST /definitions', '{"name":"a","version":"1.0.0","title":"One"}'],
      ['PUT /definitions/a/1.0.0', '{"name":"a","version":"1.0.0","title":"One"}'],
      ['DELETE /definitions/a/1.0.0?reason=old', ''],
    ]);
    calls = [];
    await writeFile(path, '- a\n');
    for (const wrong of [path, join(folder, 'gone.yaml')]) expect((await ran(url, 'definitions', 'create', wrong)).code).toBe(2);
    expect(calls).toEqual([]);
  });

  it('are listed, all pages', async () => {
    const { stdout } = await ran(url, 'definitions', '--name=a', '--layer=delegated');
    for (const cell of ['a@1.0.0', 'One', 'delegated', 'p']) expect(stdout).toContain(cell);
    expect(calls.map(({ route }) => route)).toEqual([
      'GET /definitions?name=a&layer=delegated',
      'GET /definitions?name=a&layer=delegated&cursor=more',
    ]);
  });

  it('are shown, all pages', async () => {
    const shown = await ran(url, 'definitions', 'show', 'a@1.0.0', '-o', 'json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ definition: { name: 'a' } });
    expect((await ran(url, 'definitions', 'show', 'a')).code).toBe(2);
    const { stdout } = await ran(url, 'capabilities', '--namespace=database', '--filter=(engine=x)');
    for (const cell of ['first', 'second', 'a@1.0.0', '{"engine":"x"}', 'basic']) expect(stdout).toContain(cell);
    expect(calls.map(({ route }) => route)).toEqual([
      'GET /definitions/a/1.0.0',
      'GET /capabilities?namespace=database&filter=%28engine%3Dx%29',
      'GET /capabilities?namespace=database&filter=%28engine%3Dx%29&cursor=more',
    ]);
  });
});
