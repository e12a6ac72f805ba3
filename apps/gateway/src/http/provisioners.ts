import { Controller, Get, Inject, Param } from '@nestjs/common';
import { SlipwayError, type Offerings } from '@slipway/contracts';
import type { ProvisionerView } from '@slipway/contracts/http';
import { CONFIG, type MeshConfig, type Presence } from '@slipway/mesh';
import { ApiNoun, ApiOfferings, ApiProvisioner, ApiProvisioners } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { flag, one, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
import { provisionerViews } from './provisioner-views.js';
import { PRESENCE } from './tokens.js';

/** What of a job says what can be chosen. */
const ASKED = ['definition', 'guestLocation', 'clusterId', 'snapshot'];

function notFound(name: string, all: ProvisionerView[]): never {
  const known = all.map((view) => view.name).join(', ');
  throw new SlipwayError('not-found', `There is no provisioner ${name.slice(0, 64)}; there are: ${known}`, { name });
}

/** Who provisions: what is configured, and what of it is announced. */
@ApiNoun('provisioners')
@Controller('provisioners')
export class ProvisionersController {
  constructor(
    @Inject(CONFIG) private readonly config: MeshConfig,
    @Inject(PRESENCE) private readonly presence: Presence,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
  ) {}

  @ApiProvisioners()
  @Get()
  list(@Call() call: HttpCall): { items: ProvisionerView[] } {
    onlyKnown(call.query, []);
    return { items: provisionerViews(this.config, this.presence) };
  }

  @ApiProvisioner()
  @Get(':name')
  get(@Param('name') name: string, @Call() call: HttpCall): ProvisionerView {
    onlyKnown(call.query, []);
    const all = provisionerViews(this.config, this.presence);
    return all.find((view) => view.name === name) ?? notFound(name, all);
  }

  /** What can be chosen by a job that names the same: of the provisioner, the guest location and the definition together. */
  @ApiOfferings()
  @Get(':name/offerings')
  offerings(@Param('name') name: string, @Call() call: HttpCall): Promise<Offerings> {
    onlyKnown(call.query, [...ASKED, 'snapshotId']);
    const snapshotId = flag(call.query, 'snapshotId');
    const all = provisionerViews(this.config, this.presence);
    if (!all.some((view) => view.name === name)) notFound(name, all);
    const asked = ASKED.flatMap((field) => {
      const value = one(call.query, field);
      return value === undefined ? [] : [[field, value] as const];
    });
    return this.orchestrator.offerings(call.context, {
      provisioner: name,
      ...Object.fromEntries(asked),
      ...(snapshotId !== undefined && { snapshotId }),
    });
  }
}
