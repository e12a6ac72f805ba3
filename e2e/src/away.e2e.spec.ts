import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { elsewhere, embedded } from './embedded.js';
import { inBothModes } from './modes.js';

inBothModes('What is away comes back without a restart', ({ processes }) => {
  let mesh: TestMesh;
  afterEach(() => mesh?.remove(), 60_000);

  const ask = (instanceId: string) =>
    fetch(`${mesh.url}/api/v1/ops/provision`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${mesh.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ownerId: 'ada', instanceId, definition: 'guestbook' }),
    });

  it('NATS: 503 with the reason while it is gone, then as before', async () => {
    mesh = await TestMesh.start({ processes });
    await mesh.nats.stop('SIGKILL');
    await sleep(200);
    const refused = await ask('while-away');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'unreachable', hint: expect.stringContaining('NATS') });
    const ready = await mesh.client().ready();
    expect(ready.ready).toBe(false);
    expect(ready.checks.find((check) => !check.ready)).toMatchObject({ reason: expect.any(String) });
    await mesh.nats.start();
    await mesh.ready();
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'while-away', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
  }, 180_000);

  it('NATS in the middle of requests: all of them end well', async () => {
    mesh = await TestMesh.start({ processes });
    const accepted = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        mesh.client().provision({ ownerId: 'ada', instanceId: `mid-${name}`, definition: 'guestbook' }),
      ),
    );
    await mesh.nats.stop('SIGKILL');
    await sleep(1_500);
    await mesh.nats.start();
    for (const { requestId } of accepted)
      expect((await mesh.client().wait(requestId, { timeoutMs: 90_000 })).status).toBe('succeeded');
  }, 180_000);

  // Only the embedded log is a file that somebody else can hold.
  (embedded ? it : it.skip)(
    `the log, its lock held by somebody else: 503 with the reason, nothing recorded, then as before${elsewhere}`,
    async () => {
      mesh = await TestMesh.start({ processes });
      const file = join(mesh.data, 'log/events.sqlite');
      expect(existsSync(file)).toBe(true);
      const other = new DatabaseSync(file);
      other.exec('BEGIN IMMEDIATE');
      try {
        const refused = await ask('while-locked');
        expect(refused.status).toBe(503);
        expect(await refused.json()).toMatchObject({ code: 'log-unavailable', detail: expect.any(String) });
      } finally {
        other.exec('ROLLBACK');
        other.close();
      }
      await mesh.ready();
      const { requestId } = await mesh
        .client()
        .provision({ ownerId: 'ada', instanceId: 'while-locked', definition: 'guestbook' });
      expect((await mesh.client().wait(requestId, { timeoutMs: 60_000 })).status).toBe('succeeded');
    },
    180_000,
  );
});
