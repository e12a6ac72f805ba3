import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { VERBS, causeOf, type RequestContext, type StepLog, type StepLogQuery } from '@slipway/contracts';
import type { RequestView, StepView } from '@slipway/contracts/http';
import type { Blobs } from '@slipway/blobs';
import { BLOBS, BUS, type Bus } from '@slipway/mesh';

/** The largest log of one step that is shown; it is checked as a whole before a byte of it is served. */
const LARGEST = 16 * 1024 * 1024;
/** How long a sub-provisioner may take to hand out the log of a running step. */
const ASK_MS = 900;

export interface LogOptions {
  /** Only this step. */
  step?: string | undefined;
  /** JSON lines `{step, line}` instead of text. */
  asLines: boolean;
}

/** Logs of a request's steps: of ended ones from the blobs, of running ones from the sub-provisioner that runs them. */
@Injectable()
export class StepLogs {
  constructor(
    @Inject(BLOBS) private readonly blobs: Blobs,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /** One step after the other, in the plan's order, under a heading each. What can't be had is named in its place. */
  stream(context: RequestContext, request: RequestView, options: LogOptions): Readable {
    return Readable.from(this.#parts(context, request, options));
  }

  async *#parts(context: RequestContext, request: RequestView, { step: only, asLines }: LogOptions): AsyncGenerator<string> {
    for (const step of request.steps) {
      if (only !== undefined && step.id !== only) continue;
      try {
        const text = await this.#logOf(context, request, step);
        if (text !== null) yield asLines ? jsonLines(step, text) : headed(step, text);
      } catch (error) {
        const cause = causeOf(error);
        yield asLines
          ? `${JSON.stringify({ step: step.id, error: cause })}\n`
          : headed(step, `(${cause.code}: ${cause.message})`);
      }
    }
  }

  /** `null`: it has none. */
  async #logOf(context: RequestContext, request: RequestView, step: StepView): Promise<string | null> {
    if (step.status === 'running' || step.status === 'undoing') {
      const resource = { environment: request.environment, kind: step.kind, name: step.name };
      const query: StepLogQuery = { requestId: request.id, stepId: step.id, resource };
      const { text } = await this.bus.request<StepLog>(step.kind, VERBS.log, query, {
        context,
        location: step.location,
        timeoutMs: ASK_MS,
      });
      return text;
    }
    return step.log ? (await this.blobs.read(step.log.sha256, LARGEST)).toString('utf8') : null;
  }
}

const headed = ({ id, status, try: attempt }: StepView, text: string): string =>
  `==> ${id} (${status}, try ${attempt}) <==\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}`;

const jsonLines = ({ id }: StepView, text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${JSON.stringify({ step: id, line })}\n`)
    .join('');
