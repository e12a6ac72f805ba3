import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { whereBordersAre } from './modes.js';

whereBordersAre('An instance whose program ends while Slipway is down', ({ processes }) => {
  let mesh: TestMesh;
  afterEach(() => mesh?.remove(), 60_000);

  /** The guestbook's own program: not its supervisor, nor who reads its log. */
  const program = (): number | undefined =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find((pid) => {
        try {
          const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          return words[0] === 'server.mjs' && readlinkSync(`/proc/${pid}/cwd`).startsWith(join(mesh.data, 'places'));
        } catch {
          return false; // It has ended in the meantime.
        }
      });

  it('comes back by itself, and is adopted afterwards as it runs, the restart counted', async () => {
    mesh = await TestMesh.start({ processes });
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'lonely', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId, { timeoutMs: 60_000 })).status).toBe('succeeded');
    const { outputs } = await mesh.client().instances.get('default.lonely');
    const first = program()!;
    expect(first).toBeGreaterThan(0);
    await mesh.killEverything();

    process.kill(first, 'SIGKILL');
    const answers = () =>
      fetch(String(outputs.url)).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let tries = 0; tries < 600 && !(program() !== first && (await answers())); tries++) await sleep(50);
    const second = program();
    expect(second).not.toBe(first);
    expect(await answers()).toBe(true);
    for (const host of mesh.hosts.values()) expect(host.running).toBe(false);

    await mesh.startEverything();
    const look = () => mesh.client().instances.get('default.lonely');
    let seen = await look();
    for (let tries = 0; tries < 600 && !(seen.health === 'healthy' && seen.restarts === 1); tries++) {
      await sleep(50);
      seen = await look();
    }
    expect(seen).toMatchObject({ status: 'present', health: 'healthy', restarts: 1, generation: 1, outputs });
    expect(program()).toBe(second);
  }, 180_000);
});
