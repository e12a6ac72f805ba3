export { beginEpoch } from './identity.js';
export { connect, type Client } from './client.js';
export { openKurrentEventLog, type KurrentOptions } from './kurrent-event-log.js';
