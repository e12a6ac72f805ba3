import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from './exit.js';
import { ran } from './testing/ran.js';

/** An address at which nobody answers. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('a gateway that does not answer', () => {
  let data: string;
  let url: string;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
    for (const folder of ['run', 'slipwayd', 'other']) mkdirSync(join(data, folder));
    url = await nobody();
    writeFileSync(join(data, 'run/gateway.url'), url);
  });
  afterEach(async () => {
    await ended();
    rmSync(data, { recursive: true });
  });
  const ended = async () => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  /** What has left its number as the folder's supervisor. */
  const supervisor = async (program: 'slipwayd' | 'other') => {
    const file = join(data, program, 'main.mjs');
    writeFileSync(file, `console.log('up'); setInterval(() => {}, 1000);`);
    child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(join(data, 'run/slipwayd.pid'), String(child.pid));
    await once(child.stdout!, 'data');
  };
  const said = async (address = url) => {
    const { code, text } = await ran(address, '--data', data, 'instances');
    expect(code).toBe(EXIT.notReachable);
    return text;
  };
  const AWAY = /^No Slipway gateway answers at \S+\.\nStart it with npm start/;

  it('is being brought back while the mesh of the data folder runs, and by whom is said', async () => {
    await supervisor('slipwayd');
    expect(await said()).toMatch(
      new RegExp(
        `^No Slipway gateway answers at ${url} just now\\.\n.*slipwayd, process ${child!.pid}\\).* try again in a moment`,
      ),
    );
    const doctor = await ran(url, '--data', data, 'doctor');
    expect(doctor).toMatchObject({ code: EXIT.failed, stdout: expect.stringContaining(`slipwayd, process ${child!.pid}`) });
    // Another mesh is nothing that this one brings back.
    expect(await said(await nobody())).toMatch(AWAY);
  });

  it('is to be started when that mesh has ended, also when its number is another program’s by now', async () => {
    expect(await said()).toMatch(AWAY);
    await supervisor('slipwayd');
    await ended();
    expect(await said()).toMatch(AWAY);
    if (process.platform !== 'linux') return;
    await supervisor('other');
    expect(await said()).toMatch(AWAY);
  });
});
