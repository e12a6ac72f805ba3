import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE_MS } from '../testing/contract-setting.js';
import { eventStoreContract } from '../testing/index.js';
import { openSqliteEventLog } from './index.js';

eventStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  return {
    open: (options) => openSqliteEventLog({ timeLimitMs: PATIENCE_MS, ...options, folder }),
    remove: () => rm(folder, { recursive: true }),
  };
});
