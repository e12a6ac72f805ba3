import type { SCHEMAS } from '../schemas.js';
import type { ServiceName } from '../services.js';
import type { VERBS } from '../subjects.js';

interface Message {
  /** Of its type, and of its schema in {@link SCHEMAS}; `undefined`: it needs none. */
  readonly body: keyof typeof SCHEMAS | undefined;
  readonly senders: readonly ServiceName[];
  readonly handlers: readonly ServiceName[];
  /** A sentence for a person. */
  readonly description: string;
}

/** A command or query, which one replica of a handler answers: at the subject that {@link subject} makes of its verb. */
export interface AskedMessage extends Message {
  readonly verb: (typeof VERBS)[keyof typeof VERBS];
  readonly answer: keyof typeof SCHEMAS;
}

/** What is published, to whoever listens. Without handlers: nobody of the mesh needs it. */
export interface ToldMessage extends Message {
  readonly subject: `slipway.<mesh>.${string}`;
  readonly body: keyof typeof SCHEMAS;
}
