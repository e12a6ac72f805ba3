import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { SlipwayError } from '@slipway/contracts';
import { newEvents, PATIENCE_MS, refusal } from '../testing/contract-setting.js';
import { auditLog } from './audit.js';
import { LOG_FILE, openSqliteEventLog } from './index.js';

const folder = await mkdtemp(join(tmpdir(), 'slipway-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
afterAll(async () => {
  if (mounted) spawnSync('umount', [folder]);
  await rmdir(folder);
});

const name = mounted ? 'a full disk' : 'a full disk (skipped: only root may mount a small file system for it)';
(mounted ? describe : describe.skip)(name, () => {
  it('is said, nothing is half recorded, and it goes on without restart when there is room again', async () => {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(300_000));
    const log = await openSqliteEventLog({ folder, timeLimitMs: PATIENCE_MS });
    const store = log.as('orchestrator');
    const acknowledged: string[] = [];
    let refused: SlipwayError | undefined;
    while (!refused) {
      const events = newEvents(3).map((event) => ({ ...event, data: { text: 'x'.repeat(2_000) } }));
      await store.append('request-1', acknowledged.length - 1, events).then(
        () => acknowledged.push(...events.map((event) => event.id)),
        (error: SlipwayError) => (refused = error),
      );
    }
    expect(refused).toMatchObject({ code: 'log-unavailable', details: { reason: 'the disk is full' } });
    const ids = async () => (await store.read('request-1')).map((event) => event.id);
    expect(await ids()).toEqual(acknowledged);
    expect(await refusal(store.append('request-2', -1, newEvents(200)))).toMatchObject({ code: 'log-unavailable' });

    rmSync(ballast);
    const events = newEvents(3);
    await store.append('request-1', acknowledged.length - 1, events);
    expect(await ids()).toEqual([...acknowledged, ...events.map((event) => event.id)]);
    await log.close();
    expect(auditLog(join(folder, LOG_FILE))).toBe(acknowledged.length + 3);
  });
});
