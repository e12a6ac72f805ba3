import { Controller, Get, Inject, Param } from '@nestjs/common';
import { SlipwayError } from '@slipway/contracts';
import type { ProvisionerView } from '@slipway/contracts/http';
import { CONFIG, type MeshConfig, type Presence } from '@slipway/mesh';
import { ApiNoun, ApiProvisioner, ApiProvisioners } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { onlyKnown } from './list-query.js';
import { provisionerViews } from './provisioner-views.js';
import { PRESENCE } from './tokens.js';

/** Who provisions: what is configured, and what of it is announced. */
@ApiNoun('provisioners')
@Controller('provisioners')
export class ProvisionersController {
  constructor(
    @Inject(CONFIG) private readonly config: MeshConfig,
    @Inject(PRESENCE) private readonly presence: Presence,
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
    const view = all.find((one) => one.name === name);
    if (!view) {
      const known = all.map((one) => one.name).join(', ');
      throw new SlipwayError('not-found', `There is no provisioner ${name.slice(0, 64)}; there are: ${known}`, { name });
    }
    return view;
  }
}
