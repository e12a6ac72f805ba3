import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract } from '../testing/index.js';
import { openSqliteEventLog } from './index.js';

eventStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  return { open: (options) => openSqliteEventLog({ ...options, folder }), remove: () => rm(folder, { recursive: true }) };
});
