import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The browser of this machine, if it has one of those that can be driven without a screen. */
export const browser: string | undefined = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));

/** For the name of what needs it. */
export const noBrowser = browser ? '' : ' (skipped: no Chromium on the PATH)';

const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
/** Says to the test what the page's program found, or how it failed. */
const ending = `.then((found) => ({ found }), (error) => ({ failed: String(error?.stack ?? error) }))
  .then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }));`;

/**
 * Opens a page in a headless browser, served from loopback with a folder's files below `/files/`, and resolves with what its
 * program returns: the body of an async function, after its `imports`.
 */
export async function inBrowser<T>(folder: string, imports: string, program: string): Promise<T> {
  const script = `${imports}\n(async () => {\n${program}\n})()${ending}`;
  let tell!: (result: { found?: T; failed?: string }) => void;
  const told = new Promise<{ found?: T; failed?: string }>((resolve) => (tell = resolve));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://page');
    const answer = (type: string, text: string) => response.writeHead(200, { 'Content-Type': type }).end(text);
    if (pathname === '/result') {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => tell(JSON.parse(text) as { found?: T }));
      answer('text/plain', '');
    } else if (pathname === '/') answer('text/html', PAGE);
    else if (pathname === '/page.js') answer('text/javascript', script);
    else if (pathname.startsWith('/files/'))
      answer('text/javascript', readFileSync(join(folder, pathname.slice('/files/'.length)), 'utf8'));
    else response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'slipway-browser-'));
  const child = spawn(
    browser!,
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update', `--user-data-dir=${profile}`],
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ],
    { stdio: 'ignore', detached: true },
  );
  const ended = once(child, 'close');
  try {
    const result = await Promise.race([told, ended.then(() => ({ failed: 'The browser ended before the page had.' }))]);
    if ('failed' in result) throw new Error(result.failed);
    return result.found as T;
  } finally {
    // Its helpers are of its own process group.
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
