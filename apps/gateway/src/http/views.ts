import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { SkipBody } from '@slipway/contracts/http';
import { ApiNoun, ApiSkip, ApiViews } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { VIEWS } from './tokens.js';

/** How this gateway's read models stand. */
export interface ViewsState {
  /** Up to which all have been brought, but for those that have stopped. */
  position: string;
  building: ReturnType<Views['building']>;
  stopped: ReturnType<Views['stopped']>;
}

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
