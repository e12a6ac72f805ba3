import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract } from '../testing/index.js';
import { openSqliteEventLog } from './index.js';

/** A busy machine is not what the contract is about: processes.int.spec.ts shows how soon an append is refused. */
const PATIENCE_MS = 10_000;

eventStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  return {
    open: (options) => openSqliteEventLog({ timeLimitMs: PATIENCE_MS, ...options, folder }),
    remove: () => rm(folder, { recursive: true }),
  };
});
