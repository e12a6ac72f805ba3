import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  DEFAULT_ENVIRONMENT,
  HTTP_HEADERS,
  SlipwayError,
  type LeaseRecorded,
  type LeasesReclaimed,
  type Owner,
  type RequestContext,
} from '@slipway/contracts';
import { ControlBody, LeaseBody, ReclaimBody, ReclaimLeasesBody, RenewBody, type LeaseView } from '@slipway/contracts/http';
import { badInput, validated } from '@slipway/mesh';
import { ApiAskLease, ApiLeaseAction, ApiReclaimLeases } from '../openapi/lease-operations.js';
import { ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Allocator } from './allocator.js';
import { Call, HttpCall } from './call.js';
import { idempotencyKey } from './idempotency-key.js';
import { KnownLeases } from './known-leases.js';
import { listQuery, onlyKnown } from './list-query.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** Claims on resources, from being asked for until they were taken back. */
@ApiNoun('leases')
@Controller('leases')
export class LeasesController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(KnownLeases) private readonly known: KnownLeases,
    @Inject(Allocator) private readonly allocator: Allocator,
  ) {}

  @ApiList('leases')
  @Get()
  async list(@Call() call: HttpCall): Promise<string> {
    await this.yourWrites.reached('leases', call);
    return call.page(await this.views.listText('leases', listQuery(call.query)));
  }

  @ApiAskLease()
  @HttpCode(202)
  @Post()
  async ask(@Body() body: LeaseBody, @Call() call: HttpCall): Promise<LeaseRecorded> {
    onlyKnown(call.query, []);
    const key = idempotencyKey(call.headers[HTTP_HEADERS.idempotencyKey.toLowerCase()]);
    const { environment = DEFAULT_ENVIRONMENT, ownerId, ownerType, wait = true, ...wanted } = body;
    const owner = ownerId === undefined && ownerType === undefined ? callerOf(call.context) : ownerOf(body);
    const command = { ...wanted, environment, owner, wait, key };
    return recorded(await this.allocator.command(call.context, 'askLease', command), call);
  }

  @ApiReclaimLeases()
  @HttpCode(202)
  @Post('reclaim')
  async reclaimAll(@Body() body: ReclaimLeasesBody, @Call() call: HttpCall): Promise<LeasesReclaimed> {
    onlyKnown(call.query, []);
    const { environment = DEFAULT_ENVIRONMENT, attributes, reason, ownerId, ownerType } = body;
    const ofOwner = ownerId !== undefined || ownerType !== undefined;
    const of = { ...(ofOwner && { owner: ownerOf(body) }), ...(attributes && { attributes }) };
    if (!ofOwner && Object.keys(attributes ?? {}).length === 0)
      throw badInput([{ field: 'ownerId', reason: 'is missing, and so are attributes: not all leases at once' }]);
    return call.at(await this.allocator.command(call.context, 'reclaimLeases', { environment, ...of, reason }));
  }

  @ApiGet('leases')
  @Get(':id')
  async get(@Param('id') id: string, @Call() call: HttpCall): Promise<LeaseView> {
    onlyKnown(call.query, ['environment', 'asOf', 'atLeast']);
    const view = await this.known.get('leases', id, call);
    return call.at(call.moment.asOf === undefined ? await this.#standing(view, call.context) : view);
  }

  @ApiLeaseAction('renew', RenewBody)
  @HttpCode(202)
  @Post(':id/renew')
  async renew(@Param('id') id: string, @Body() { until }: RenewBody, @Call() call: HttpCall): Promise<LeaseRecorded> {
    const leaseId = this.#idOf(id, call);
    return recorded(await this.allocator.command(call.context, 'renewLease', { leaseId, until }), call);
  }

  @ApiLeaseAction('release', ControlBody)
  @HttpCode(202)
  @Post(':id/release')
  async release(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<LeaseRecorded> {
    const leaseId = this.#idOf(id, call);
    const { reason } = validated(ControlBody, body ?? {});
    const command = { leaseId, ...(reason !== undefined && { reason }) };
    return recorded(await this.allocator.command(call.context, 'releaseLease', command), call);
  }

  @ApiLeaseAction('reclaim', ReclaimBody)
  @HttpCode(202)
  @Post(':id/reclaim')
  async reclaim(@Param('id') id: string, @Body() { reason }: ReclaimBody, @Call() call: HttpCall): Promise<LeaseRecorded> {
    const leaseId = this.#idOf(id, call);
    const command = { environment: leaseId.split('.', 1)[0]!, leaseId, reason };
    const { position, leaseIds } = await this.allocator.command(call.context, 'reclaimLeases', command);
    return recorded({ leaseId, position, ...(leaseIds.length === 0 && { repeated: true }) }, call);
  }

  @ApiLeaseAction('force', ReclaimBody)
  @HttpCode(202)
  @Post(':id/force')
  async force(@Param('id') id: string, @Body() { reason }: ReclaimBody, @Call() call: HttpCall): Promise<LeaseRecorded> {
    const leaseId = this.#idOf(id, call);
    return recorded(await this.allocator.command(call.context, 'forceLease', { leaseId, reason }), call);
  }

  #idOf(id: string, call: HttpCall): string {
    onlyKnown(call.query, ['environment', 'atLeast']);
    return this.known.idOf('leases', id, call);
  }

  /** With its place in the queue, while it is not usable yet: that changes without an event of its own, so the allocator is asked. */
  async #standing(view: LeaseView, context: RequestContext): Promise<LeaseView> {
    if (view.status !== 'pending' && view.status !== 'acquired') return view;
    try {
      const { status, place, reasons, estimate } = await this.allocator.standing(context, view.id);
      const told = { status, reasons, ...(place !== undefined && { place }), ...(estimate !== undefined && { estimate }) };
      return { ...view, standing: told };
    } catch (error) {
      // What the log says holds without it, also while nobody can be asked.
      if (error instanceof SlipwayError) return view;
      throw error;
    }
  }
}

const recorded = (answer: LeaseRecorded, call: HttpCall): LeaseRecorded => call.recorded(answer, `leases/${answer.leaseId}`);

/** Whose it is to be. Throws `bad-input` where only half of it is said. */
export function ownerOf({ ownerId, ownerType = 'user' }: { ownerId?: string; ownerType?: Owner['type'] }): Owner {
  if (ownerId === undefined) throw badInput([{ field: 'ownerId', reason: 'is missing, where ownerType is given' }]);
  return { id: ownerId, type: ownerType };
}

/** A caller as the owner of what he asks for. Throws `bad-input` for Slipway itself. */
function callerOf({ actor: { id, type } }: RequestContext): Owner {
  if (type === 'system') throw badInput([{ field: 'ownerId', reason: 'is missing: what the system asks for is somebody’s' }]);
  return { id, type };
}
