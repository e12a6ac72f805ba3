import type { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError, archiveName, hashOf, type SnapshotRecorded } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { archiveBytes, writeArchive } from '@slipway/snapshots';
import { ApiDeleteSnapshot, ApiSnapshotContent, ApiUploadSnapshot } from '../openapi/snapshot-operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { drain } from './drain.js';
import { KnownSnapshots } from './known-snapshots.js';
import { listQuery, one, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
import { ReadYourWrites } from './read-your-writes.js';
import { TAR } from './server.js';
import { VIEWS } from './tokens.js';
import { Uploads } from './uploads.js';

/** What exports have made, and what came from elsewhere. */
@ApiNoun('snapshots')
@Controller('snapshots')
export class SnapshotsController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(KnownSnapshots) private readonly known: KnownSnapshots,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(Uploads) private readonly uploads: Uploads,
  ) {}

  @ApiList('snapshots')
  @Get()
  async list(@Call() call: HttpCall): Promise<string> {
    await this.yourWrites.reached('snapshots', call);
    return call.page(await this.views.listText('snapshots', listQuery(call.query)));
  }

  @ApiGet('snapshots')
  @Get(':id')
  async get(@Param('id') id: string, @Call() call: HttpCall): Promise<SnapshotView> {
    onlyKnown(call.query, ['asOf', 'atLeast']);
    return call.at(await this.known.get(id, call));
  }

  @ApiSnapshotContent()
  @Get(':id/content')
  async content(@Param('id') id: string, @Call() call: HttpCall, @Res() reply: FastifyReply): Promise<void> {
    onlyKnown(call.query, []);
    const { manifest, holder } = await this.known.holding(id);
    const tag = `"${hashOf(manifest)}"`;
    const blobs = this.runtime.blobs.of(holder);
    for (const { sha256, file } of manifest.parts)
      if (!(await blobs.has(sha256))) throw new SlipwayError('blob-missing', `${file} of the snapshot ${id} is not there`);
    await reply
      .headers({ 'Content-Type': TAR, 'Content-Length': archiveBytes(manifest), ETag: tag })
      .header('Content-Disposition', `attachment; filename="${archiveName(manifest)}"`)
      .send(writeArchive(manifest, blobs));
  }

  @ApiUploadSnapshot()
  @HttpCode(201)
  @Post()
  async upload(
    @Call() call: HttpCall,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SnapshotRecorded> {
    onlyKnown(call.query, []);
    const archive = request.body as Readable | undefined;
    if (typeof archive?.pipe !== 'function') throw new SlipwayError('wrong-content-type', `A snapshot is sent as ${TAR}`);
    try {
      const recorded = await this.uploads.receive(archive, Number(call.headers['content-length'] ?? 0), call.context);
      return call.recorded(recorded, `snapshots/${recorded.snapshotId}`);
    } catch (error) {
      drain(request, reply, this.runtime.clock);
      throw error;
    }
  }

  @ApiDeleteSnapshot()
  @Delete(':id')
  async delete(@Param('id') id: string, @Call() call: HttpCall): Promise<SnapshotRecorded> {
    onlyKnown(call.query, ['reason']);
    const reason = one(call.query, 'reason');
    return call.at(
      await this.orchestrator.deleteSnapshot(call.context, { snapshotId: id, ...(reason !== undefined && { reason }) }),
    );
  }
}
