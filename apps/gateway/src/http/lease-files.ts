import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HeldBlobs } from '@slipway/blobs';
import { SlipwayError, type BlobRef, type JsonObject } from '@slipway/contracts';
import { RUNTIME, badInput, type Runtime } from '@slipway/mesh';
import { ApiReadFile, ApiWriteFile } from '../openapi/lease-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { bounded } from './bounded.js';
import { Call, HttpCall } from './call.js';
import { drain } from './drain.js';
import { KnownLeases } from './known-leases.js';
import { LeaseCalls } from './lease-calls.js';
import { tokenOf } from './lease-interfaces.js';
import { one, onlyKnown } from './list-query.js';
import { BYTES } from './server.js';

/**
 * Files on what is leased, however large. Each is handed over as a blob, which the call's own id holds: it is removed with the call, and what a
 * crash has left a day later.
 */
@ApiNoun('leases')
@Controller('leases')
export class LeaseFilesController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(KnownLeases) private readonly known: KnownLeases,
    @Inject(LeaseCalls) private readonly calls: LeaseCalls,
  ) {}

  @ApiReadFile()
  @Get(':id/files')
  async read(@Param('id') id: string, @Call() call: HttpCall, @Res() reply: FastifyReply): Promise<void> {
    onlyKnown(call.query, ['environment', 'path']);
    const { held, gone, filesystem } = this.#handover(id, call, reply);
    const remove = () => this.#remove(held);
    try {
      const { sha256, bytes } = (await filesystem('get', { path: pathOf(call) })) as unknown as BlobRef;
      const content = await held.open(sha256);
      reply.raw.once('close', remove);
      if (gone.aborted) throw new SlipwayError('cancelled');
      await reply.headers({ 'Content-Type': BYTES, 'Content-Length': bytes, 'Cache-Control': 'no-store' }).send(content);
    } catch (error) {
      remove();
      throw error;
    }
  }

  @ApiWriteFile()
  @HttpCode(200)
  @Put(':id/files')
  async write(
    @Param('id') id: string,
    @Call() call: HttpCall,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ bytes: number }> {
    onlyKnown(call.query, ['environment', 'path', 'mode']);
    const to = { path: pathOf(call), ...modeOf(call) };
    const { held, filesystem } = this.#handover(id, call, reply);
    const content = request.body as Readable | undefined;
    if (typeof content?.pipe !== 'function') throw new SlipwayError('wrong-content-type', `A file is sent as ${BYTES}`);
    const limit = this.runtime.config.snapshots.maxUploadBytes;
    const tooLarge = new SlipwayError('too-large', `A file may have at most ${limit} bytes (snapshots.maxUploadBytes)`);
    try {
      if (Number(call.headers['content-length'] ?? 0) > limit) throw tooLarge;
      const { sha256, bytes } = await held.put(bounded(content, limit, tooLarge));
      await filesystem('put', { ...to, blob: sha256 });
      return { bytes };
    } catch (error) {
      drain(request, reply, this.runtime.clock);
      throw error;
    } finally {
      this.#remove(held);
    }
  }

  /** What one call needs to hand a file over. */
  #handover(id: string, call: HttpCall, reply: FastifyReply) {
    const callId = randomUUID();
    const leaseId = this.known.idOf('leases', id, call);
    const token = tokenOf(call);
    const gone = new AbortController();
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort());
    const filesystem = async (method: string, given: JsonObject) => {
      const command = { leaseId, token, interface: 'filesystem', method, arguments: given };
      return (await this.calls.call(call.context, command, { callId, signal: gone.signal })).result;
    };
    return { held: this.runtime.blobs.of(callId), gone: gone.signal, filesystem };
  }

  #remove(held: HeldBlobs): void {
    held.remove().catch((error: unknown) => {
      this.runtime.logger.warn({ err: error }, 'A file that was handed over could not be removed; it goes a day later');
    });
  }
}

function pathOf({ query }: HttpCall): string {
  const path = one(query, 'path') ?? '';
  if (path !== '' && path.length <= 4096 && !path.includes('\0')) return path;
  throw badInput([{ field: 'path', reason: 'must be the path of a file, of at most 4096 characters' }]);
}

/** Permission bits, as chmod(1) has them. */
function modeOf({ query }: HttpCall): { mode?: number } {
  const mode = one(query, 'mode');
  if (mode === undefined) return {};
  if (/^0?[0-7]{3}$/.test(mode)) return { mode: Number.parseInt(mode, 8) };
  throw badInput([{ field: 'mode', reason: 'must be permission bits in octal, such as 755' }]);
}
