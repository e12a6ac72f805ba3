import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContentList } from '@slipway/client';
import { TestMesh } from '@slipway/testing';
import { writeGreeter } from './greeter.js';
import { slipway } from './slipway.js';

describe('A mesh that delegates to another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-delegates-'));
  let upstream: TestMesh;
  let mesh: TestMesh;
  beforeAll(async () => {
    upstream = await TestMesh.start();
    const tokenFile = join(folder, 'upstream.key');
    writeFileSync(tokenFile, upstream.key, { mode: 0o600 });
    const delegates = {
      upstream: { kind: 'slipway', url: upstream.url, tokenFile, privateHosts: ['127.0.0.1'], packages: ['greeter'] },
    };
    mesh = await TestMesh.start({ settings: { content: { delegates, refreshSeconds: 3600 } } });
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    await upstream?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const cli = async (...args: string[]) => slipway(mesh, args);
  const provisioned = async (name: string) => {
    const { code, stderr } = await cli('provision', '--definition=greeter', 'ada', name);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    return (await mesh.client().instances.call(name, '/')).text();
  };

  it('provisions what the other one has, also when that is away, and after it was started again', async () => {
    writeGreeter(join(folder, 'greeter'), 'hello from upstream');
    expect((await slipway(upstream, ['content', 'upload', join(folder, 'greeter')])).code).toBe(0);
    expect((await cli('plan', 'ada', 'first', '--definition=greeter')).code).toBe(3);
    const refreshed = await cli('content', 'refresh', 'upstream');
    expect([refreshed.code, refreshed.stdout]).toEqual([0, expect.stringMatching(/upstream +slipway +http.* 1 +1 /)]);
    expect(await provisioned('first')).toBe('hello from upstream');

    await upstream.remove();
    await mesh.killEverything();
    await mesh.startEverything();
    await mesh.ready();
    const away = await cli('content', 'refresh');
    expect(away.stderr).toMatch(/^Not in force: upstream \(.*\) is away since .*: connection refused; what was fetched/);
    expect(await provisioned('second')).toBe('hello from upstream');
    const listed = JSON.parse((await cli('content', '--layer=delegated', '-o', 'json')).stdout) as ContentList['items'];
    expect(listed.map(({ name, layer }) => [name, layer])).toEqual([['greeter', 'delegated']]);
    const lacking = await cli('plan', 'ada', 'third', '--definition=nothing-here');
    expect([lacking.code, lacking.stdout + lacking.stderr]).toEqual([
      3,
      expect.stringContaining('It may be elsewhere: upstream'),
    ]);
    const { items: events } = await mesh.client().events({ category: ['content'], type: ['DelegateTaken'] } as never);
    expect(events.map(({ data }) => [data['name'], data['packages']])).toEqual([
      ['upstream', 0],
      ['upstream', 1],
    ]);
  }, 240_000);
});
