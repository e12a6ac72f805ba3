import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Command } from '../command.js';
import { localCommand } from '../local/local-command.js';
import { localFilesystem } from '../local/local-filesystem.js';
import { whyNoNginx } from '../testing/nginx.js';
import type { Httpd } from './httpd.js';
import { nginxHttpd } from './nginx.js';

jest.setTimeout(60_000);

const missing = whyNoNginx();
const suite = missing === undefined ? describe : describe.skip;

suite(`a web server on nginx${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let folder: string;
  let httpd: Httpd;
  let other: Server;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-nginx-'));
    await chmod(folder, 0o711);
    for (const name of ['www', 'docs']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'www/index.html'), 'one');
    await writeFile(join(folder, 'docs/page.txt'), 'a page');
    const inner = localCommand();
    const command: Command = {
      ...inner,
      exec: (line, options) => inner.exec(line, { cwd: folder, ...options }),
      execOrThrow: (line, options) => inner.execOrThrow(line, { cwd: folder, ...options }),
    };
    const files = localFilesystem();
    const at = (path: string) => (isAbsolute(path) ? path : join(folder, path));
    const filesystem = Object.fromEntries(
      Object.entries(files).map(([name, method]) => [
        name,
        (path: string, ...rest: unknown[]) =>
          (method as (...args: unknown[]) => unknown)(at(path), ...(name === 'rename' ? [at(String(rest[0]))] : rest)),
      ]),
    ) as unknown as typeof files;
    httpd = nginxHttpd({ command, filesystem, address: '127.0.0.1', host: '127.0.0.1' });
    other = createServer((request, response) => response.end(`other: ${request.url}`)).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
  });
  afterAll(async () => {
    const pid = await readFile(join(folder, 'httpd/pid'), 'utf8').catch(() => undefined);
    // Its master ends its workers, and takes its number away last.
    if (pid !== undefined) process.kill(Number(pid), 'SIGTERM');
    while (existsSync(join(folder, 'httpd/pid'))) await sleep(20);
    other.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const get = async (path: string) => (await fetch(await httpd.getUri(path), { redirect: 'manual' })).text();
  const takenPort = () => (other.address() as AddressInfo).port;

  test('has no address before it is configured, and cannot be restarted', async () => {
    await expect(httpd.getUri('/')).rejects.toMatchObject({ code: 'not-possible' });
    await expect(httpd.restart()).rejects.toMatchObject({ code: 'not-possible' });
    expect(await httpd.logs()).toEqual([]);
  });

  test('a first site whose port is taken is refused, and is not there afterwards', async () => {
    await expect(httpd.configure({ port: takenPort(), routes: { '/': { folder: 'www' } } })).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ is taken: choose another port/),
    });
    await expect(httpd.getUri('/')).rejects.toMatchObject({ code: 'not-possible' });
  });

  test('serves files, what others answer, and the way to somewhere else, as an unprivileged user', async () => {
    const routes = {
      '/': { folder: 'www' },
      '/docs/': { folder: 'docs' },
      '/api/': { proxy: `http://127.0.0.1:${takenPort()}/v1/` },
      '/old': { redirect: 'https://example.org/new' },
    };
    await httpd.configure({ port: freePort(), routes });
    expect(await get('/')).toBe('one');
    expect(await get('/docs/page.txt')).toBe('a page');
    expect(await get('/api/x?y=1')).toBe('other: /v1/x?y=1');
    expect((await fetch(await httpd.getUri('/old'), { redirect: 'manual' })).headers.get('location')).toBe(
      'https://example.org/new',
    );
    expect((await fetch(await httpd.getUri('/nothing'))).status).toBe(404);
    expect((await httpd.logs('access', 2)).join('\n')).toMatch(/GET \/old[^]*GET \/nothing/);
    const pid = (await readFile(join(folder, 'httpd/pid'), 'utf8')).trim();
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\s/m);
  });

  test('a site that is wrong leaves what was there serving: one that nginx refuses, one whose port is taken', async () => {
    const before = await httpd.getUri('/');
    const routes = { '/': { proxy: 'http://no-such-host.invalid/' } };
    await expect(httpd.configure({ port: freePort(), routes })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/host not found in upstream "no-such-host.invalid"/),
    });
    await expect(httpd.configure({ port: takenPort(), routes: { '/': { folder: 'docs' } } })).rejects.toMatchObject({
      code: 'not-possible',
    });
    expect(await httpd.getUri('/')).toBe(before);
    expect(await get('/')).toBe('one');
    await httpd.restart();
    expect(await get('/')).toBe('one');
  });

  test('who is being served is served to the end while it is configured anew', async () => {
    const asked = Promise.all(Array.from({ length: 20 }, () => get('/docs/page.txt')));
    const before = await httpd.getUri('/');
    await httpd.configure({
      port: Number(new URL(before).port),
      routes: { '/': { folder: 'docs' }, '/docs/': { folder: 'docs' } },
    });
    expect(await asked).toEqual(Array.from({ length: 20 }, () => 'a page'));
    expect(await get('/page.txt')).toBe('a page');
  });

  test.each([
    [{ port: 80, routes: { '/': { folder: 'www' } } }, 'site.port'],
    [{ port: 8080, routes: {} }, 'site.routes'],
    [{ port: 8080, routes: { '/ { return 200; } location /': { folder: 'www' } } }, 'site.routes./ { return 200; } location /'],
    [{ port: 8080, routes: { '/': { folder: '../..' } } }, 'site.routes./.folder'],
    [{ port: 8080, routes: { '/': { proxy: 'http://a; include /etc/passwd' } } }, 'site.routes./.proxy'],
    [{ port: 8080, routes: { '/': { redirect: 'javascript:alert(1)' } } }, 'site.routes./.redirect'],
    [{ port: 8080, routes: { '/': { root: '/' } } }, 'site.routes./'],
  ])('%j is refused by its field', async (site, field) => {
    await expect(httpd.configure(site as never)).rejects.toMatchObject({ code: 'bad-input', details: { field } });
  });

  test('an address is of its own site only', async () => {
    const { origin } = new URL(await httpd.getUri('/'));
    expect(new URL(await httpd.getUri('//evil.example/x')).origin).toBe(origin);
    await expect(httpd.getUri('@evil.example/')).rejects.toMatchObject({ code: 'bad-input' });
  });
});

/** One that was free just now. */
function freePort(): number {
  const script = "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})";
  return Number(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);
}
