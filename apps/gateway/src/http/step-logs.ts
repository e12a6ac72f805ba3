import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { VERBS, causeOf, type BlobRef, type RequestContext, type StepLog, type StepLogQuery } from '@slipway/contracts';
import type { RequestView, StepView } from '@slipway/contracts/http';
import type { Blobs } from '@slipway/blobs';
import type { RecordedEvent } from '@slipway/event-store';
import { BLOBS, BUS, type Bus } from '@slipway/mesh';

/** The largest log of one step that is shown; it is checked as a whole before a byte of it is served. */
const LARGEST = 16 * 1024 * 1024;
/** How long a sub-provisioner may take to hand out the log of a running step. */
const ASK_MS = 900;

/** A try of a step that has ended, and the log that it left. */
export interface EndedTry {
  stepId: string;
  try: number;
  status: StepView['status'];
  log: BlobRef;
}

export interface LogOptions {
  /** In the order in which they ended; see {@link endedTries}. */
  ended: EndedTry[];
  /** Those of running tries as well, as they are so far. */
  running: boolean;
  /** Only this step. */
  step?: string | undefined;
  /** JSON lines `{step, line}` instead of text. */
  asLines: boolean;
}

/** Logs of a request's steps, of every try: of ended ones from the blobs, of running ones from the sub-provisioner that runs them. */
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

  async *#parts(context: RequestContext, request: RequestView, options: LogOptions): AsyncGenerator<string> {
    for (const step of request.steps) {
      if (options.step !== undefined && step.id !== options.step) continue;
      const ended = options.ended.filter(({ stepId }) => stepId === step.id);
      for (const { status, try: attempt, log } of ended)
        yield* this.#part({ id: step.id, status, try: attempt }, options, async () => {
          return (await this.blobs.read(log.sha256, LARGEST)).toString('utf8');
        });
      if (options.running && (step.status === 'running' || step.status === 'undoing'))
        yield* this.#part(step, options, () => this.#running(context, request, step));
    }
  }

  async *#part(step: Heading, { asLines }: LogOptions, read: () => Promise<string>): AsyncGenerator<string> {
    try {
      const text = await read();
      yield asLines ? jsonLines(step, text) : headed(step, text);
    } catch (error) {
      const cause = causeOf(error);
      yield asLines ? `${JSON.stringify({ step: step.id, error: cause })}\n` : headed(step, `(${cause.code}: ${cause.message})`);
    }
  }

  async #running(context: RequestContext, request: RequestView, step: StepView): Promise<string> {
    const resource = { environment: request.environment, kind: step.kind, name: step.name };
    const query: StepLogQuery = { requestId: request.id, stepId: step.id, resource };
    const asked = { context, location: step.location, timeoutMs: ASK_MS };
    return (await this.bus.request<StepLog>(step.kind, VERBS.log, query, asked)).text;
  }
}

type Heading = Pick<StepView, 'id' | 'status' | 'try'>;

/** How a try ended, by the event that says so. */
const ENDED_AS: Record<string, StepView['status']> = {
  StepSucceeded: 'succeeded',
  StepRetryScheduled: 'failed',
  StepFailed: 'failed',
  StepUndone: 'undone',
  StepUndoFailed: 'undo-failed',
};

/** The logs of all tries that have ended, in order, as a request's own events tell them. */
export const endedTries = (events: readonly RecordedEvent[]): EndedTry[] =>
  events.flatMap(({ type, data }) => {
    const { stepId, try: attempt, log } = data as unknown as Partial<EndedTry>;
    const status = ENDED_AS[type];
    return status && stepId && log ? [{ stepId, try: attempt!, status, log }] : [];
  });

const headed = ({ id, status, try: attempt }: Heading, text: string): string =>
  `==> ${id} (${status}, try ${attempt}) <==\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}`;

const jsonLines = ({ id }: Heading, text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${JSON.stringify({ step: id, line })}\n`)
    .join('');
