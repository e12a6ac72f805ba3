export { HEAD_FILE, LOG_FILE } from './files.js';
export { auditLog } from './audit.js';
export { restoreLog, type Restored } from './restore.js';
export { openSqliteEventLog, type SqliteOptions } from './sqlite-event-log.js';
