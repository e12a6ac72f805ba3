import type { StepProgress } from '@slipway/contracts';
import type { RequestView, StepView } from '@slipway/contracts/http';
import { cut } from './format.js';
import { printable } from './printable.js';

/** Shows a request while it goes on. */
export interface ProgressView {
  update(request: RequestView): void;
  progress(progress: StepProgress): void;
  /** Leaves what was drawn on the screen. */
  end(): void;
}

const SIGN: Record<StepView['status'], string> = {
  pending: '·',
  waiting: '…',
  running: '▸',
  uncertain: '?',
  succeeded: '✓',
  failed: '✗',
  undoing: '◂',
  undone: '↺',
  'undo-failed': '✗',
};

/** A message may quote the end of a log, or what a driver was told. Live drawing counts lines, and plain output is one line per change. */
const onOneLine = (message: string): string => printable(message.replaceAll(/\s*\n\s*/g, ' / '));

function describe(step: StepView, progress?: StepProgress): string {
  const tried = step.try > 1 ? ` (try ${step.try})` : '';
  const next = step.nextTryAt ? `, next try at ${step.nextTryAt.slice(11, 19)}` : '';
  const cause = step.cause && step.status !== 'succeeded' ? `: ${onOneLine(step.cause.message)}` : '';
  const told =
    step.status === 'running' && progress
      ? `: ${onOneLine(progress.message)}${progress.fraction === undefined ? '' : ` (${Math.round(progress.fraction * 100)} %)`}`
      : '';
  return `${step.action === 'destroy' ? 'destroy ' : ''}${step.id} ${step.status}${tried}${cause || told}${next}`;
}

/** One line per change, for files and pipes. */
export class PlainProgress implements ProgressView {
  private readonly said = new Map<string, string>();
  private status = '';
  constructor(private readonly write: (text: string) => void) {}
  update(request: RequestView): void {
    const status = `${request.status}${request.waiting ? `: ${onOneLine(request.waiting.reason)}` : ''}`;
    if (status !== this.status) this.write(`request ${request.id} ${status}\n`);
    this.status = status;
    for (const step of request.steps) {
      const line = describe(step);
      if (step.status !== 'pending' && this.said.get(step.id) !== line) this.write(`${line}\n`);
      this.said.set(step.id, line);
    }
  }
  progress(): void {}
  end(): void {}
}

/** All steps, drawn again in place, for terminals. */
export class LiveProgress implements ProgressView {
  private lines = 0;
  private request?: RequestView;
  private readonly told = new Map<string, StepProgress>();
  /** `columns`: the terminal's width; a longer line would wrap and be counted as one. 0 where it is not known. */
  constructor(
    private readonly write: (text: string) => void,
    private readonly columns: () => number = () => 0,
  ) {}
  update(request: RequestView): void {
    this.request = request;
    this.draw();
  }
  progress(progress: StepProgress): void {
    this.told.set(progress.stepId, progress);
    this.draw();
  }
  end(): void {
    this.lines = 0;
  }
  private draw(): void {
    if (!this.request) return;
    const { id, status, waiting, steps } = this.request;
    const lines = [
      `request ${id} ${status}${waiting ? `: ${onOneLine(waiting.reason)}` : ''}`,
      ...steps.map((step) => `  ${SIGN[step.status]} ${describe(step, this.told.get(step.id))}`),
    ];
    const width = this.columns();
    const fitting = lines.map((line) => cut(line, width > 1 ? width : Infinity));
    const back = this.lines ? `\u001b[${this.lines}A\u001b[J` : '';
    this.write(`${back}${fitting.join('\n')}\n`);
    this.lines = lines.length;
  }
}

/** Live on a terminal, plain lines otherwise; on standard error, so that standard output stays the result's. */
export function progressView(stream: NodeJS.WriteStream = process.stderr): ProgressView {
  const write = (text: string) => void stream.write(text);
  return stream.isTTY && process.env.TERM !== 'dumb' ? new LiveProgress(write, () => stream.columns) : new PlainProgress(write);
}
