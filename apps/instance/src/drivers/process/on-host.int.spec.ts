import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { ask, eventually } from '../../testing/asking.js';
import { Rig, processesOf } from './testing/rig.js';

const missing = whyNoDebianHost();
const LONG = 120_000;

/** Tells what it sees, and writes down that it was asked. */
const APP = `
  import { appendFileSync, existsSync, readFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  createServer((_, response) => {
    appendFileSync(process.env.DATA + '/asked', 'x');
    response.end(JSON.stringify({
      host: readFileSync('/etc/of-the-host', 'utf8'),
      outside: existsSync(process.env.OUTSIDE),
      key: readFileSync(process.env.KEY, 'utf8').length,
      at: process.cwd(),
      home: process.env.HOME,
      uid: process.getuid(),
    }));
  }).listen(process.env.PORT, '127.0.0.1');`;

/** How much stands in a root. Its links lead out of it, to what of this machine comes and goes: they are not followed. */
const standingIn = (root: string): number =>
  execFileSync('find', [root], { encoding: 'utf8', maxBuffer: 16 * 1024 ** 2 }).split('\n').length;

const about = 'a process on a host whose root is another folder';
if (missing !== undefined) test.skip(`${about} (skipped: ${missing})`, () => {});
else
  describe(about, () => {
    const host = makeDebianHost();
    writeFileSync(join(host.root, 'etc/of-the-host'), 'another root');
    let rig: Rig;
    let outside: string;
    beforeEach(() => {
      rig = new Rig();
      outside = mkdtempSync(join(tmpdir(), 'slipway-outside-'));
      mkdirSync(join(outside, 'data'));
    });
    afterEach(async () => {
      await rig.close();
      rmSync(outside, { recursive: true, force: true });
    });
    afterAll(() => host.remove());

    const inputs = (): Record<string, JsonObject> => ({
      target: { type: 'host', root: host.root },
      data: { path: join(outside, 'data') },
    });
    const environment = { PORT: '${port}', DATA: '${data.path}', KEY: '${secret.key}', OUTSIDE: '' };

    test(
      'sees the host, its own folder, its secrets and what it is wired to, and nothing else of this machine',
      async () => {
        const before = standingIn(host.root);
        const meant = rig.target('shop');
        const spec = await rig.spec(
          { environment: { ...environment, OUTSIDE: outside }, secrets: { key: { bytes: 16 } } },
          { 'app.mjs': APP },
        );
        const { outputs, observed } = await rig.driver.ensure(meant, spec, inputs(), rig.context());
        const said = await ask<JsonObject>(Number(outputs['port']), '/');
        const { uid } = observed['user'] as { uid: number };
        expect(said).toEqual({
          host: 'another root',
          outside: false,
          key: expect.any(Number),
          at: '/mnt/instance/app',
          home: '/mnt/instance/home',
          uid,
        });
        expect(observed['root']).toBe(host.root);
        expect(readFileSync(join(outside, 'data/asked'), 'utf8')).toMatch(/^x+$/);
        // What was mounted is seen by nobody else, and nothing was made in the host.
        expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(host.root);
        expect(readdirSync(join(host.root, 'mnt'))).toEqual([]);
        await rig.driver.destroy(meant, rig.context());
        expect(processesOf(rig.home(meant))).toEqual([]);
        expect(statSync(join(outside, 'data')).uid).toBe(0);
        expect(standingIn(host.root)).toBe(before);
      },
      LONG,
    );

    test(
      'runs programs that packages of the host have brought, started again by its supervisor when they are killed',
      async () => {
        const program = '#!/bin/sh\nexec /mnt/node /usr/share/says/says.mjs\n';
        writeFileSync(join(host.root, 'usr/bin/says'), program, { mode: 0o755 });
        mkdirSync(join(host.root, 'usr/share/says'));
        const says = `import { createServer } from 'node:http'; createServer((_, r) => r.end(String(process.pid))).listen(process.env.PORT, '127.0.0.1');`;
        writeFileSync(join(host.root, 'usr/share/says/says.mjs'), says);
        const meant = rig.target('agent');
        const spec = { command: ['says'], environment: { PORT: '${port}' }, health: { path: '/', startSeconds: 60 } };
        const { outputs } = await rig.driver.ensure(meant, spec, inputs(), rig.context());
        const first = Number(await ask(Number(outputs['port']), '/'));
        process.kill(first, 'SIGKILL');
        await eventually('it was started again', async () => Number(await ask(Number(outputs['port']), '/')) !== first);
        await rig.driver.destroy(meant, rig.context());
        expect(processesOf(rig.home(meant))).toEqual([]);
      },
      LONG,
    );
  });
