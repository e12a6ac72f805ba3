/** Names of the embedded log's files in its folder (SQLite adds `-wal` and `-shm` while it is open). */
export const LOG_FILE = 'events.sqlite';
export const HEAD_FILE = 'events.head';
