import type { JsonObject } from './json.js';

/**
 * What a caller should do with an error: change the call (`refuse`), call again later (`retry`), or wait for a person
 * (`pause`).
 */
export type Advice = 'refuse' | 'retry' | 'pause';

interface ErrorEntry {
  /** One line for a person, the same wherever the error shows. */
  title: string;
  /** The way out. */
  hint: string;
  advice: Advice;
}

/**
 * Every error that crosses a border, by its code: REST (problem+json), NATS (`Slipway-Error`), CLI and events use the
 * same ones. HTTP's numbers stand at the gateway's edge, exit codes at the CLI's. A retired code is never used again.
 */
export const ERRORS = {
  'bad-input': {
    title: 'The input is not valid',
    hint: 'Correct the fields that are named and send it again.',
    advice: 'refuse',
  },
  unauthenticated: {
    title: 'No valid key was given',
    hint: 'Send "Authorization: Bearer <key>"; the key stands in gateway.key in the data folder.',
    advice: 'refuse',
  },
  forbidden: {
    title: 'This caller may not do that',
    hint: 'Call as somebody who may, from where one may: the reason names who can allow it.',
    advice: 'refuse',
  },
  'not-found': {
    title: 'There is no such thing',
    hint: 'Check the name, the environment and the time you look at.',
    advice: 'refuse',
  },
  gone: {
    title: 'That position is of another log or older than what is kept',
    hint: 'Start again without a cursor or position.',
    advice: 'refuse',
  },
  'name-taken': {
    title: 'The name is taken',
    hint: 'Choose another name; where a request works on it, wait until that has ended.',
    advice: 'refuse',
  },
  'no-blueprint': {
    title: 'No blueprint makes that',
    hint: 'Look at the types that there are: slipway blueprints.',
    advice: 'refuse',
  },
  'lease-impossible': {
    title: 'No resource like that can be leased, now or later',
    hint: 'Each reason says what is not possible: ask for something else; where it is a limit, have that raised.',
    advice: 'refuse',
  },
  'lease-unavailable': {
    title: 'Nothing like that is free now',
    hint: 'Wait for it (`--wait`), or try again later; the reasons say what it waits for.',
    advice: 'retry',
  },
  'lease-not-active': {
    title: 'The lease is not active',
    hint: 'One that is not over can be waited for; one that is over stays so: ask for a new one.',
    advice: 'refuse',
  },
  'quota-exceeded': {
    title: 'The owner has as many leases as he may',
    hint: 'Release one, or have the quota raised.',
    advice: 'refuse',
  },
  'key-reused': {
    title: 'The idempotency key was used with another body',
    hint: 'Use a new key for a new request.',
    advice: 'refuse',
  },
  'not-possible': {
    title: 'Its state does not allow this',
    hint: 'Where what is said will pass, wait and try again; where a request has ended, ask anew; else there is nothing to do.',
    advice: 'refuse',
  },
  unsatisfied: { title: 'What is required cannot be satisfied', hint: 'Look at the unsatisfied requirements.', advice: 'refuse' },
  undecided: {
    title: 'It was not decided within the limit',
    hint: 'Neither a plan was found nor that there is none. Ask for less at once, or name versions; try again where much else is going on.',
    advice: 'refuse',
  },
  'wrong-revision': { title: 'The stream has moved on', hint: 'Read it again and decide again.', advice: 'retry' },
  'not-owner': {
    title: 'This service does not own that category of streams',
    hint: 'Send a command to the service that owns it.',
    advice: 'refuse',
  },
  'too-large': {
    title: 'It is larger than what is allowed',
    hint: 'Send less at once: a body and a message hold at most 512 KiB, an event 64 KiB; larger things go as archives or blobs.',
    advice: 'refuse',
  },
  'log-unavailable': {
    title: 'The event log cannot be written or read now',
    hint: 'Nothing was recorded. Try again when the reason given is mended.',
    advice: 'retry',
  },
  'log-damaged': {
    title: 'The event log is damaged',
    hint: 'Stop, and restore from a backup: npx slipway restore <file>.',
    advice: 'pause',
  },
  'blob-damaged': {
    title: 'A blob does not have the content its name promises',
    hint: 'Restore it from a backup, or store it again.',
    advice: 'pause',
  },
  'blob-missing': { title: 'A blob is not there', hint: 'Restore it from a backup, or store it again.', advice: 'pause' },
  'blob-unavailable': {
    title: 'The store of blobs cannot be written or read now',
    hint: 'Nothing was stored. Try again when the reason given is mended.',
    advice: 'retry',
  },
  'secret-missing': {
    title: 'A secret is not there',
    hint: 'It may have been emptied by a destroy; make the resource anew.',
    advice: 'pause',
  },
  'secret-damaged': {
    title: 'A secret cannot be opened',
    hint: 'Give back the key file that sealed it, or restore the folder of secrets from a backup.',
    advice: 'pause',
  },
  'secret-unavailable': {
    title: 'The store of secrets cannot be written or read now',
    hint: 'Nothing was stored. Try again when the reason given is mended.',
    advice: 'retry',
  },
  'event-too-new': { title: 'An event was written by a newer version', hint: 'Upgrade this service.', advice: 'pause' },
  'no-server': {
    title: 'No server for this location',
    hint: 'Start a replica of the service at that location.',
    advice: 'retry',
  },
  unreachable: {
    title: 'The message system cannot be reached',
    hint: 'Nothing was recorded. Start NATS, or wait until it is back.',
    advice: 'retry',
  },
  'timed-out': {
    title: 'No answer in time',
    hint: 'Ask for the state before you try again; with the same idempotency key nothing happens twice.',
    advice: 'retry',
  },
  'message-malformed': {
    title: 'The message is not JSON of the expected form',
    hint: 'Send bare JSON as the message reference describes.',
    advice: 'refuse',
  },
  'too-busy': { title: 'Too much is waiting', hint: 'Try again later.', advice: 'retry' },
  'too-slow': { title: 'The call did not arrive in time', hint: 'Send it faster, as a whole.', advice: 'retry' },
  'wrong-content-type': {
    title: 'That kind of content is not taken here',
    hint: 'Send JSON with "Content-Type: application/json"; a backup or a snapshot with "Content-Type: application/x-tar".',
    advice: 'refuse',
  },
  'not-ready': {
    title: 'Slipway is not ready',
    hint: 'Look at the checks that say why, and try again later.',
    advice: 'retry',
  },
  behind: {
    title: 'The read model has not caught up to that position yet',
    hint: 'Try again after the seconds in Retry-After.',
    advice: 'retry',
  },
  'instance-away': {
    title: 'The instance does not answer',
    hint: 'Look at its health and its log: npx slipway instances <name>, npx slipway instances logs <name>.',
    advice: 'retry',
  },
  'instance-slow': {
    title: 'The instance does not answer in time',
    hint: 'Look at its log: npx slipway instances logs <name>.',
    advice: 'retry',
  },
  'driver-unknown': { title: 'No such driver here', hint: 'Use one of the drivers that are named.', advice: 'refuse' },
  'driver-failed': {
    title: 'The driver could not do it',
    hint: "The reason says what failed; a request's steps say more in their logs: npx slipway logs <request>.",
    advice: 'retry',
  },
  'driver-unavailable': {
    title: 'What the driver needs is not on this machine',
    hint: 'Install what is named, or configure one that runs elsewhere; then retry the request.',
    advice: 'refuse',
  },
  'spec-invalid': { title: "The definition's spec is not valid", hint: 'Correct the definition.', advice: 'refuse' },
  'not-portable': {
    title: 'That driver cannot do it with the data',
    hint: 'Use a driver that can: npx slipway provisioners tells which can export, and what each can begin from.',
    advice: 'refuse',
  },
  'not-updatable': {
    title: 'That driver cannot change it',
    hint: 'Export the instance, deprovision it, and provision it anew as wanted.',
    advice: 'refuse',
  },
  'archive-invalid': {
    title: 'The archive is not what a snapshot must be',
    hint: 'Nothing was changed. Take another copy of the archive, or export again.',
    advice: 'refuse',
  },
  'content-invalid': {
    title: 'The content package is not valid',
    hint: 'Nothing was changed. Correct what is named, by file, line and field, and send it again.',
    advice: 'refuse',
  },
  'layer-refuses': {
    title: 'The layers of content do not allow that',
    hint: 'Nothing was changed. Take another name or version, or change what holds it in the layer that is named.',
    advice: 'refuse',
  },
  'no-space': {
    title: 'There is not enough free space',
    hint: 'Nothing of it is kept. Free some space there, or take another place; then try again.',
    advice: 'refuse',
  },
  'generation-old': {
    title: 'This generation of the resource is over',
    hint: 'This one changes nothing any more. Where it is still wanted, make a new request.',
    advice: 'refuse',
  },
  'epoch-old': {
    title: 'Another replica has taken over this resource',
    hint: 'Nothing needs doing: it carries on there.',
    advice: 'refuse',
  },
  foreign: {
    title: 'What stands there carries no mark of ours',
    hint: 'Move it away, or choose another name or place.',
    advice: 'refuse',
  },
  'wrong-location': {
    title: 'That is not a place of this replica',
    hint: 'Send it to a replica that serves the location.',
    advice: 'retry',
  },
  'port-taken': { title: 'The port is taken', hint: 'Stop what uses it, or choose another with --port.', advice: 'refuse' },
  'no-port-free': {
    title: 'No port of the range is free',
    hint: 'Widen instances.ports in the configuration, or deprovision something.',
    advice: 'retry',
  },
  'health-failed': {
    title: 'The health check did not pass in time',
    hint: "The end of what the service wrote stands in the step's log: npx slipway logs <request>.",
    advice: 'retry',
  },
  'handler-failed': {
    title: 'A handler could not handle an event',
    hint: 'Mend what is named, then: npx slipway handlers retry <handler> <event>.',
    advice: 'retry',
  },
  'output-lost': {
    title: 'A part of what a call said was lost on its way',
    hint: 'It may have done what it was to do. Where all of its output matters, let it write that to a file, and read the file.',
    advice: 'refuse',
  },
  'step-cancelled': { title: 'The step was cancelled', hint: 'Retry the request if it is still wanted.', advice: 'refuse' },
  'step-timed-out': {
    title: "The step's deadline passed",
    hint: "Look at the step's reason; raise its time limit in the configuration.",
    advice: 'retry',
  },
  cancelled: { title: 'The request was cancelled', hint: 'Make a new request if it is still wanted.', advice: 'refuse' },
  'plan-stale': { title: 'What the plan was based on has changed', hint: 'Make the plan anew.', advice: 'retry' },
  'plan-changed': {
    title: 'What would be done now is not what was planned',
    hint: 'Nothing was started. Look at the difference; then make the plan anew, or allow that with --or-replan (`ifChanged: "replan"`).',
    advice: 'refuse',
  },
  'limit-reached': {
    title: 'A limit on concurrent requests is reached',
    hint: 'It waits in the queue; nothing needs doing.',
    advice: 'retry',
  },
  'config-invalid': { title: 'The configuration is not valid', hint: 'Correct the settings that are named.', advice: 'refuse' },
  'shutting-down': { title: 'This replica is shutting down', hint: 'Send it again.', advice: 'retry' },
  internal: {
    title: 'Something went wrong inside Slipway',
    hint: 'The request id leads to the log lines; report it with them.',
    advice: 'retry',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a string from outside is one of our codes. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code);

/** An error as it stands in events, messages and bodies. */
export interface Cause {
  code: ErrorCode;
  message: string;
  hint: string;
  /** What the message speaks about, for programs: `{field, reason}`, `{holder}`, ... */
  details?: JsonObject;
}

/**
 * An error with a code of the table. Across a wire compare `code`, never the class.
 */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError';
  constructor(
    readonly code: ErrorCode,
    /** What happened here; the table's title when left out. */
    message: string = ERRORS[code].title,
    readonly details?: JsonObject,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
  /** As it is recorded and sent. */
  toCause(): Cause {
    return {
      code: this.code,
      message: this.message,
      hint: ERRORS[this.code].hint,
      ...(this.details && { details: this.details }),
    };
  }
  static from(cause: Cause): SlipwayError {
    return new SlipwayError(cause.code, cause.message, cause.details);
  }
}

/** Any thrown value as a {@link Cause}; what is not ours becomes `fallback` with its message. */
export function causeOf(error: unknown, fallback: ErrorCode = 'internal'): Cause {
  if (error instanceof SlipwayError) return error.toCause();
  return new SlipwayError(fallback, error instanceof Error ? error.message : String(error)).toCause();
}
