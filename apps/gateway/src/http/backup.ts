import type { Readable } from 'node:stream';
import { Controller, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError } from '@slipway/contracts';
import { RUNTIME, type Runtime } from '@slipway/mesh';
import { stageRestore, type Restored } from '../backup/stage-restore.js';
import { writeBackup } from '../backup/write-backup.js';
import { ApiBackup, ApiNoun, ApiRestore } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { drain } from './drain.js';
import { VERSION } from './info.js';
import { one, onlyKnown, type Query as QueryString } from './list-query.js';
import { LogReader } from './log-reader.js';
import { TAR } from './server.js';
import { VIEWS } from './tokens.js';

/** All that cannot be made again, out as one tar and in again. */
@ApiNoun('backup')
@Controller()
export class BackupController {
  #restoring = false;

  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  @ApiBackup()
  @HttpCode(200)
  @Post('backup')
  async backup(@Res() reply: FastifyReply): Promise<void> {
    const tar = await writeBackup(this.runtime, this.views, VERSION);
    const name = `slipway-${this.runtime.config.mesh}-${new Date(this.runtime.clock.now()).toISOString().slice(0, 10)}.tar`;
    await reply.headers({ 'Content-Type': TAR, 'Content-Disposition': `attachment; filename="${name}"` }).send(tar);
  }

  @ApiRestore()
  @HttpCode(202)
  @Post('restore')
  async restore(
    @Query() query: QueryString,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Restored & { staged: true; restarting: boolean }> {
    onlyKnown(query, ['replace']);
    const archive = request.body as Readable | undefined;
    if (typeof archive?.pipe !== 'function') throw new SlipwayError('wrong-content-type', `A backup is sent as ${TAR}`);
    try {
      if (one(query, 'replace') !== 'true') await this.#refuseUnlessEmpty();
      return await this.#stage(archive, reply);
    } catch (error) {
      drain(request, reply, this.runtime.clock);
      throw error;
    }
  }

  async #stage(archive: Readable, reply: FastifyReply): Promise<Restored & { staged: true; restarting: boolean }> {
    if (this.#restoring) throw new SlipwayError('not-possible', 'Another restore is under way');
    this.#restoring = true;
    try {
      const restored = await stageRestore(this.runtime.config.dataFolder, archive);
      const restarting = this.runtime.requestRestart !== undefined;
      reply.raw.once('finish', () => this.runtime.requestRestart?.('A backup was restored'));
      return { staged: true, restarting, ...restored };
    } finally {
      this.#restoring = false;
    }
  }

  /** What somebody asked for must not vanish by mistake. */
  async #refuseUnlessEmpty(): Promise<void> {
    const page = await this.log.all({ limit: 1, filter: { categories: ['request'] } });
    if (page.events.length === 0) return;
    throw new SlipwayError(
      'not-possible',
      'There are requests here already; restore with ?replace=true to put the backup in their place',
    );
  }
}
