import type { Readable } from 'node:stream';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { SlipwayError } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';
import { asCall } from './as-call.js';
import { operationsOf, type Operation } from './operations.js';

/** What an upgrade was admitted with; each of the connection's calls shows it at the door again. */
export interface Credentials {
  authorization: string;
  host: string;
  origin?: string;
}

/** The REST interface's answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  content: Readable;
  /** Ends it before its end. */
  cut(): void;
}

/**
 * All operations of the REST interface as actions: each is put to the server itself as the call that it stands for, and goes through
 * the same door, guard, checks and handler, and into the same log. So an operation that is added is an action at once.
 */
export class Actions {
  #operations: ReadonlyMap<string, Operation> | undefined;

  /** @param document the OpenAPI of what `server` serves */
  constructor(
    private readonly document: () => OpenAPIObject,
    private readonly server: FastifyInstance,
  ) {}

  /** Throws `bad-input`, `not-found` for an action that is none, and `wrong-content-type`; what the operation refuses is its answer. */
  async perform(frame: Record<string, unknown>, credentials: Credentials): Promise<Answer> {
    const { action } = frame;
    if (typeof action !== 'string') throw badInput([{ field: 'action', reason: 'must be the operationId of an operation' }]);
    this.#operations ??= operationsOf(this.document());
    const operation = this.#operations.get(action);
    if (!operation) {
      throw new SlipwayError(
        'not-found',
        `There is no action ${JSON.stringify(action.slice(0, 64))}; each is an operationId of /api/docs`,
      );
    }
    const { headers, ...call } = asCall(operation, frame);
    const answer = await this.server.inject({
      ...call,
      method: call.method as 'GET',
      headers: { ...headers, ...credentials },
      payloadAsStream: true,
    });
    const sent = Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(sent) as Record<string, string>,
      content: answer.stream(),
      cut: () => void answer.raw.res.destroy(),
    };
  }
}
