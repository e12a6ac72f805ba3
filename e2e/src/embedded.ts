/** Whether the meshes under test keep their log in a file of this machine: only that can be held, damaged or filled here. */
export const embedded = !/^(kurrentdb|esdb)/.test(process.env.SLIPWAY_EVENT_LOG ?? '');

/** Behind the name of a test that only the embedded log can be put to. */
export const elsewhere = embedded ? '' : ' (skipped: the log is not the embedded one)';
