import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './child.js';
import { Supervisor } from './supervisor.js';

const READY = `process.send({ type: 'ready' });`;
const STOPS = `process.on('message', (m) => { if (m.type === 'stop') { require('fs').appendFileSync(process.env.TOLD, process.env.NAME + ' ' + m.instances + '\\n'); process.exit(0); } });`;

describe('the supervisor', () => {
  let folder: string;
  let supervisor: Supervisor;
  let said: string[];
  let back: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-supervisor-'));
    said = [];
    back = () => {};
    supervisor = new Supervisor({
      died: (program, how) => said.push(`${program.name} died: ${how}`),
      back: (program) => {
        said.push(`${program.name} back`);
        back();
      },
      serves: (url) => said.push(`serves ${url}`),
      restart: (reason) => said.push(`restart: ${reason}`),
    });
  });
  afterEach(async () => {
    await supervisor.stop('leave', 2_000);
    rmSync(folder, { recursive: true });
  });

  const program = (name: string, script: string): Program => {
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, script);
    return {
      name,
      command: [process.execPath, file],
      env: { ...process.env, TOLD: join(folder, 'told'), NAME: name },
      logFile: join(folder, `${name}.log`),
      channel: true,
    };
  };

  it('starts a program again that was killed', async () => {
    await supervisor.start(program('a', `setInterval(() => {}, 1000); ${STOPS} ${READY}`));
    const first = supervisor.pid('a')!;
    const again = new Promise<void>((resolve) => (back = resolve));
    process.kill(first, 'SIGKILL');
    await again;
    expect(supervisor.pid('a')).not.toBe(first);
    expect(said).toEqual(['a died: SIGKILL', 'a back']);
  });

  it('hands on where a program is called, also after it was started again', async () => {
    const serves = `process.send({ type: 'ready', url: 'http://here:1' });`;
    await supervisor.start(program('a', `setInterval(() => {}, 1000); ${STOPS} ${serves}`));
    expect(said).toEqual(['serves http://here:1']);
    const again = new Promise<void>((resolve) => (back = resolve));
    process.kill(supervisor.pid('a')!, 'SIGKILL');
    await again;
    expect(said.slice(1)).toEqual(['a died: SIGKILL', 'serves http://here:1', 'a back']);
  });

  it('does not resolve before a program is ready, and rejects with its own words when it ends before', async () => {
    await expect(
      supervisor.start(
        program('bad', `process.send({ type: 'failed', message: 'no disk' }); setTimeout(() => process.exit(1), 50);`),
      ),
    ).rejects.toThrow('no disk');
    await expect(supervisor.start(program('silent', `console.error('oops'); process.exit(3);`))).rejects.toThrow(
      /silent ended with code 3; see .*silent\.log/,
    );
    expect(readFileSync(join(folder, 'silent.log'), 'utf8')).toContain('oops');
  });

  it('stops in the reverse order of the start, with the word on instances, and starts nothing again', async () => {
    for (const name of ['one', 'two', 'three'])
      await supervisor.start(program(name, `setInterval(() => {}, 1000); ${STOPS} ${READY}`));
    await supervisor.stop('stop');
    expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('three stop\ntwo stop\none stop\n');
    expect(said).toEqual([]);
  });

  it('ends by force what does not stop', async () => {
    await supervisor.start(program('deaf', `setInterval(() => {}, 1000); process.on('SIGTERM', () => {}); ${READY}`));
    const pid = supervisor.pid('deaf')!;
    await supervisor.stop('leave', 100);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('lets a program know when it has died itself', async () => {
    const child = join(folder, 'child.cjs');
    writeFileSync(
      child,
      `process.on('disconnect', () => { require('fs').writeFileSync(${JSON.stringify(join(folder, 'orphan'))}, ''); process.exit(); }); setInterval(() => {}, 1000); process.send({type:'ready'});`,
    );
    const spawnsIt = `const child = require('child_process').spawn(process.execPath, [${JSON.stringify(child)}], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }); child.on('message', () => process.send({ type: 'ready' })); process.on('message', () => process.exit());`;
    await supervisor.start(program('parent', spawnsIt));
    process.kill(supervisor.pid('parent')!, 'SIGKILL');
    for (let tries = 0; tries < 100 && !existsSync(join(folder, 'orphan')); tries++) await sleep(50);
    expect(existsSync(join(folder, 'orphan'))).toBe(true);
  });

  it('hands on that a program asks for the whole mesh to start again', async () => {
    await supervisor.start(
      program(
        'asks',
        `setInterval(() => {}, 1000); ${STOPS} ${READY} process.send({ type: 'restart', reason: 'a restore was staged' });`,
      ),
    );
    for (let tries = 0; tries < 100 && said.length === 0; tries++) await sleep(20);
    expect(said).toEqual(['restart: a restore was staged']);
  });
});
