import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { newEvent, PATIENCE_MS } from '../testing/contract-setting.js';
import { auditLog, LOG_FILE, openSqliteEventLog } from './index.js';

const histories = join(dirname(fileURLToPath(import.meta.url)), 'histories');
const kept = readdirSync(histories).filter((file) => file.endsWith('.sql'));

describe('a log that an older release wrote', () => {
  it.each(kept)('%s is read as it was recorded, and goes on', async (file) => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
    const db = new DatabaseSync(join(folder, LOG_FILE));
    db.exec(readFileSync(join(histories, file), 'utf8'));
    db.close();
    const log = await openSqliteEventLog({ folder, timeLimitMs: PATIENCE_MS });
    const expected = JSON.parse(readFileSync(join(histories, file.replace('.sql', '.json')), 'utf8'));
    const { events } = await log.as(null).readAll({ limit: 5_000 });
    expect(events).toEqual(expected);
    const appended = await log.as('orchestrator').append('request-new', -1, [newEvent()]);
    expect(appended.position > events.at(-1)!.position).toBe(true);
    await log.close();
    expect(auditLog(join(folder, LOG_FILE))).toBe(events.length + 1);
    rmSync(folder, { recursive: true });
  });
});
