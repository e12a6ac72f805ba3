import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { SkipBody, type ViewsState } from '@slipway/contracts/http';
import { ApiNoun, ApiSkip, ApiViews } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { VIEWS } from './tokens.js';

/** The read models themselves, for who must mend one: an event that makes no sense is skipped only by hand. */
@ApiNoun('views')
@Controller('views')
export class ViewsController {
  constructor(@Inject(VIEWS) private readonly views: Views) {}

  @ApiViews()
  @Get()
  state(): ViewsState {
    return { position: this.views.position(), building: this.views.building(), stopped: this.views.stopped() };
  }

  @ApiSkip()
  @HttpCode(200)
  @Post(':id/skip')
  async skip(@Param('id') view: string, @Body() { eventId }: SkipBody): Promise<ViewsState> {
    await this.views.skip(view, eventId);
    return this.state();
  }
}
