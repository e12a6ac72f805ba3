import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from '../command.js';
import { localCommand } from '../local/local-command.js';
import { importNodeImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from '../testing/docker-engine.js';
import { Docker } from './docker.js';

const missing = whyNoDockerEngine();
const where = missing === undefined ? describe : describe.skip;

where(`a Docker engine${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let engine: TestEngine;
  let docker: Docker;
  let image: string;
  beforeAll(async () => {
    engine = await startDockerEngine();
    docker = new Docker(localCommand(), { host: engine.host });
    image = importNodeImage(engine.host);
  }, 180_000);
  afterAll(() => engine?.stop(), 60_000);

  test('what is there, what is not, and what carries a label', async () => {
    expect(await docker.inspect('volume', 'slipway-test-none')).toBeNull();
    expect(await docker.inspect('container', 'slipway-test-none')).toBeNull();
    expect(await docker.inspect('network', 'slipway-test-none')).toBeNull();
    expect(await docker.inspect('image', 'slipway-test-none')).toBeNull();
    expect(await docker.inspect('image', image)).toMatchObject({ RepoTags: [image] });
    const labels = { 'slipway.test': `${process.pid}`, 'slipway.other': 'a=b' };
    await docker.run([
      'volume',
      'create',
      ...Object.entries(labels).flatMap(([k, v]) => ['--label', `${k}=${v}`]),
      'slipway-test-v',
    ]);
    expect(await docker.inspect('volume', 'slipway-test-v')).toMatchObject({ Labels: labels });
    expect(await docker.list('volume', { 'slipway.test': `${process.pid}` })).toEqual([{ name: 'slipway-test-v', labels }]);
    expect(await docker.list('volume', { 'slipway.test': 'another' })).toEqual([]);
    expect(await docker.remove('volume', 'slipway-test-v')).toBe(true);
    expect(await docker.remove('volume', 'slipway-test-v')).toBe(false);
    await docker.run(['container', 'create', '--name', 'slipway-test-c', '--network', 'none', image]);
    expect(await docker.list('container', {})).toContainEqual({ name: 'slipway-test-c', labels: {} });
    expect(await docker.remove('container', 'slipway-test-c')).toBe(true);
    expect(await docker.remove('container', 'slipway-test-c')).toBe(false);
  });

  test('that answers can be used; where there is no client that is said', async () => {
    expect(await docker.whyUnusable()).toBeNull();
    const bin = mkdtempSync(join(tmpdir(), 'slipway-bin-'));
    try {
      symlinkSync('/bin/sh', join(bin, 'sh'));
      const local = localCommand();
      const exec: Command['exec'] = (line, options) => local.exec(line, { ...options, env: { PATH: bin } });
      const without = new Docker({ ...local, exec }, { host: engine.host });
      expect(await without.whyUnusable()).toBe('the docker client is not installed (Debian: docker.io)');
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  test('a failure says what the client said', async () => {
    await expect(docker.run(['container', 'start', 'slipway-test-none'])).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/docker container start failed.*No such container/s),
    });
  });
});

const client = missing === undefined || !missing.startsWith('the docker client');
(client ? test : test.skip)(`an engine that is not there is said so${client ? '' : ` (skipped: ${missing})`}`, async () => {
  const docker = new Docker(localCommand(), { host: 'unix:///nowhere/docker.sock' });
  await expect(docker.inspect('volume', 'any')).rejects.toMatchObject({
    code: 'driver-failed',
    message: expect.stringContaining('The Docker engine cannot be reached'),
  });
  await expect(docker.whyUnusable()).rejects.toMatchObject({
    code: 'driver-failed',
    message: expect.stringContaining('The Docker engine cannot be reached'),
  });
});
