export { HEAD_FILE, LOG_FILE, openSqliteEventLog } from './sqlite-event-log.js';
