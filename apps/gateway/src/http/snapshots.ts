import { Controller, Delete, Get, Inject, Param } from '@nestjs/common';
import type { SnapshotRecorded } from '@slipway/contracts';
import type { SnapshotView } from '@slipway/contracts/http';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import { ApiDeleteSnapshot } from '../openapi/snapshot-operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { KnownSnapshots } from './known-snapshots.js';
import { listQuery, one, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** What exports have made, and what came from elsewhere. */
@ApiNoun('snapshots')
@Controller('snapshots')
export class SnapshotsController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(KnownSnapshots) private readonly known: KnownSnapshots,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
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
