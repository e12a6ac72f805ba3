/** A named point at which a real process kills itself, the first time that it passes it. */
export interface Death {
  when: 'before' | 'after';
  /**
   * `append`: the commit of a transaction of the embedded log; `effect`: a change of a file or folder at a place, or a program's
   * run there; `message`: the bytes of a NATS message, or of a call over HTTP, to the socket.
   */
  what: 'append' | 'effect' | 'message';
  /**
   * Which of them, as a regular expression: the types of the events in the transaction (`StepSucceeded StepRequested`), the
   * call (`rename /…/g1`, `run /usr/bin/psql -X …` and what it reads), or the frame (`PUB slipway.dev.storage.local.ensure …
   * {"requestId":…`, `PUT /bucket/ HTTP/1.1`).
   */
  matches: string;
}

/** The environment variable that tells the preload module `die-at.js` of a {@link Death}, as JSON. */
export const DEATH = 'SLIPWAY_TEST_DIES';
