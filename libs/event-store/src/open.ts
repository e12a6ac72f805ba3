import type { EventLogOptions } from './event-log.js';
import type { EventLog } from './port.js';

export interface OpenEventLogOptions extends EventLogOptions {
  /** `sqlite`, or a KurrentDB connection string (`kurrentdb://host:port?tls=false`). */
  eventLog: string;
  /** Of the embedded log's files. */
  folder: string;
}

/** Opens the log that the configuration names; loads no other adapter. */
export async function openEventLog({ eventLog, folder, ...options }: OpenEventLogOptions): Promise<EventLog> {
  if (eventLog === 'sqlite') return (await import('./sqlite/index.js')).openSqliteEventLog({ ...options, folder });
  return (await import('./kurrentdb/index.js')).openKurrentEventLog({ ...options, connection: eventLog });
}
