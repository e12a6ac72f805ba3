import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, SlipwayError, type CallAnswer, type CallLines, type JsonObject } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';
import { ApiCallInterface } from '../openapi/lease-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { problemOf, toSlipwayError } from '../problem/problem.js';
import { Call, HttpCall } from './call.js';
import { KnownLeases } from './known-leases.js';
import { LeaseCalls } from './lease-calls.js';
import { onlyKnown } from './list-query.js';

export const NDJSON = 'application/x-ndjson';
const NAME = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;

type Asked = Parameters<LeaseCalls['call']>[1];

/** What is done with a leased resource, through the interfaces that its blueprint builds. */
@ApiNoun('leases')
@Controller('leases')
export class LeaseInterfacesController {
  constructor(
    @Inject(KnownLeases) private readonly known: KnownLeases,
    @Inject(LeaseCalls) private readonly calls: LeaseCalls,
  ) {}

  @ApiCallInterface()
  @HttpCode(200)
  @Post(':id/interfaces/:interface/:method')
  async call(
    @Param('id') id: string,
    @Param('interface') name: string,
    @Param('method') method: string,
    @Body() body: unknown,
    @Call() call: HttpCall,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    onlyKnown(call.query, ['environment']);
    const leaseId = this.known.idOf('leases', id, call);
    const asked = { leaseId, token: tokenOf(call), interface: name, method, arguments: argumentsOf(name, method, body) };
    const gone = new AbortController();
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort());
    if ((call.headers.accept ?? '').includes(NDJSON)) await this.#lines(asked, call, reply, gone);
    else await reply.send((await this.calls.call(call.context, asked, { signal: gone.signal })) satisfies CallAnswer);
  }

  /** Line by line as they come. What is refused before the first is a problem, not an answer that breaks off. */
  async #lines(asked: Asked, call: HttpCall, reply: FastifyReply, gone: AbortController): Promise<void> {
    const lines = new PassThrough();
    let began = () => {};
    const first = new Promise<void>((resolve) => {
      began = resolve;
    });
    let hasBegun = false;
    const tell = (line: object) => {
      hasBegun = true;
      if (lines.writable) lines.write(`${JSON.stringify(line)}\n`);
      began();
    };
    const onLines = async (said: CallLines) => {
      // He has enough to read.
      if (said.from === 'alive' && lines.writableNeedDrain) return;
      tell(said);
      if (lines.writableNeedDrain) await once(lines, 'drain', { signal: gone.signal }).catch(() => {});
    };
    const ended = this.calls.call(call.context, asked, { signal: gone.signal, onLines }).then(
      (answer) => tell(answer),
      (error: unknown) => {
        if (!hasBegun) throw error;
        tell({ error: problemOf(toSlipwayError(error), call.context.correlationId) });
      },
    );
    const whole = ended.then(() => void lines.end());
    await Promise.race([first, whole]);
    reply.header('Content-Type', `${NDJSON}; charset=utf-8`).header('Cache-Control', 'no-store');
    await reply.send(lines);
  }
}

/** The token that a call is made with. Throws `bad-input`. */
export function tokenOf({ headers }: HttpCall): number {
  const given = headers[HTTP_HEADERS.leaseToken.toLowerCase()];
  if (typeof given === 'string' && /^[1-9]\d{0,14}$/.test(given)) return Number(given);
  const reason = given === undefined ? 'is missing' : 'must be a number';
  throw badInput([{ field: HTTP_HEADERS.leaseToken, reason: `${reason}: the token of the lease, which its row shows` }]);
}

function argumentsOf(name: string, method: string, body: unknown): JsonObject {
  for (const part of [name, method])
    if (!NAME.test(part)) throw new SlipwayError('not-found', `There is no ${name.slice(0, 64)}.${method.slice(0, 64)}`);
  if (body === undefined || body === null) return {};
  if (typeof body === 'object' && !Array.isArray(body)) return body as JsonObject;
  throw badInput([{ field: '', reason: 'the body must be a JSON object of the arguments, by name' }]);
}
