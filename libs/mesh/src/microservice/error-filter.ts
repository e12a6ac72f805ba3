import { Catch, type ExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { SlipwayError, causeOf } from '@slipway/contracts';
import type { Logger } from 'pino';

/**
 * Turns whatever a handler throws into a {@link Cause}, which the strategy sends. What is not ours is `internal`, and the
 * only kind that is logged here: the others are answers.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown): Observable<never> {
    if (!(error instanceof SlipwayError) || error.code === 'internal') {
      this.logger.error({ err: error }, 'A message handler failed');
    }
    return throwError(() => causeOf(error));
  }
}
