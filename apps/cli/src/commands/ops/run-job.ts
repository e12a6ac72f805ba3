import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { NotReachable, type JobOptions, type SlipwayClient } from '@slipway/client';
import type { Accepted, RequestView } from '@slipway/contracts/http';
import type { Session } from '../../command.js';
import { EXIT, Interrupted, exitOfRequest } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { progressView } from '../../output/progress.js';

/** How long a command stays with its request. */
export interface WaitFlags {
  wait?: boolean;
  timeout?: number;
  idempotencyKey?: string;
}

export const seconds = (value: string): number => {
  const number = Number(value);
  if (!(number > 0 && number <= 1_000_000)) throw new InvalidArgumentError('It must be a number of seconds greater than 0.');
  return number;
};

export const waitOptions = (command: Command): Command =>
  command
    .option('--no-wait', "only ask for it and print the request's id")
    .option('--timeout <seconds>', 'stop following after this time (exit code 5); the request goes on', seconds)
    .option('--idempotency-key <key>', 'the same key again does nothing twice; made when left out');

/** How often a job is sent again when the gateway goes away in the middle: the key makes that safe. */
const SENDS = 3;

/** Asks for a job, then follows it. `then`: what is to be done when it has ended, before its result is all told. */
export async function runJob<Job>(
  session: Session,
  flags: WaitFlags,
  ask: (job: Job, options: Required<JobOptions>) => Promise<Accepted>,
  job: Job,
  then?: (request: RequestView) => Promise<void>,
): Promise<number> {
  const idempotencyKey = flags.idempotencyKey ?? randomUUID();
  const accepted = await send(() => ask(job, { idempotencyKey }));
  if (flags.wait === false) {
    if (session.options.output === 'table') print(accepted.requestId);
    else printValue(accepted, session.options.output);
    return EXIT.done;
  }
  return follow(session, accepted.requestId, flags, then);
}

async function send<T>(call: () => Promise<T>): Promise<T> {
  for (let sends = 1; ; sends++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof NotReachable) || sends === SENDS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300 * sends));
    }
  }
}

/** Follows a request to its end, drawing its steps; prints its result. Ctrl-C ends the following, not the request. */
export async function follow(
  session: Session,
  requestId: string,
  flags: WaitFlags,
  then: (request: RequestView) => Promise<void> = async () => {},
): Promise<number> {
  const view = progressView();
  const interrupt = new AbortController();
  const stop = () =>
    interrupt.abort(new Interrupted(`Request ${requestId} goes on. Follow it with: npx slipway wait ${requestId}`));
  process.once('SIGINT', stop);
  try {
    const request = await session.client.wait(requestId, {
      signal: interrupt.signal,
      ...(flags.timeout && { timeoutMs: flags.timeout * 1000 }),
      onUpdate: (now) => view.update(now),
      onProgress: (progress) => view.progress(progress),
    });
    view.end();
    if (session.options.output === 'table') {
      print(describeEnd(request));
      const archive = await archiveOf(session.client, request);
      if (archive !== undefined) print(`Its archive: ${archive}`);
    } else printValue(request, session.options.output);
    await then(request);
    return exitOfRequest(request);
  } finally {
    process.off('SIGINT', stop);
    view.end();
  }
}

const describeRepair = (instance: string, repaired: number): string =>
  repaired === 0
    ? `Of ${instance} all is as recorded; nothing was changed.`
    : `${instance} is repaired: ${repaired} brought back.`;

const describeUpdate = (instance: string, updated: number): string =>
  updated === 0 ? `${instance} is already as asked for; nothing was changed.` : `${instance} is updated: ${updated} changed.`;

/** An instance that was stopped before stays so; a storage by itself has nothing that runs. */
const describeExport = ({ instanceId, steps }: RequestView): string =>
  `${instanceId} is exported${steps.some(({ action }) => action === 'stop') ? '; what ran of it runs again' : ''}.`;

/** Where the archive of an export went, as an import takes it: `backups:nightly/shop-….slipway.tar`. Nothing where it has none. */
async function archiveOf(client: SlipwayClient, { result }: RequestView): Promise<string | undefined> {
  if (!result || !('snapshot' in result) || result.snapshot === undefined) return undefined;
  const { copy } = await client.snapshots.get(result.snapshot);
  return copy && `${copy.store}:${copy.file}`;
}

/** How it ended, in a sentence or two, with the way on. */
export function describeEnd(request: RequestView): string {
  const { id, status, result, cause, left } = request;
  const what = `${request.job} ${request.instanceId}`;
  if (status === 'succeeded' && result && 'installed' in result) {
    const url = request.steps
      .map((step) => step.outputs?.url)
      .find((value) => typeof value === 'string' && value.startsWith('http'));
    if (request.job === 'export') return `${describeExport(request)} Snapshot: ${result.snapshot}`;
    if (request.job === 'update') return describeUpdate(request.instanceId, result.updated?.length ?? 0);
    if (request.job === 'repair') return describeRepair(request.instanceId, result.updated?.length ?? 0);
    if (request.job === 'deprovision') return `${request.instanceId} is given back: ${result.removed.length} removed.`;
    const upgraded = result.updated?.length ?? 0;
    if (result.installed.length + upgraded === 0) return `${request.instanceId} is there already; nothing was done.`;
    const counts = `${result.installed.length} made, ${upgraded > 0 ? `${upgraded} upgraded, ` : ''}${result.alreadySatisfied.length}`;
    return `${request.instanceId} is there: ${counts} used as they were.${url ? `\n${String(url)}` : ''}`;
  }
  if (status === 'unsatisfied' && result && 'unsatisfied' in result) {
    return [
      `${what} can't be satisfied:`,
      ...result.unsatisfied.map(
        (one) => `  ${one.requirement}${one.chain.length ? ` (needed by ${one.chain.join(' → ')})` : ''}: ${one.message}`,
      ),
    ].join('\n');
  }
  const why = cause ? `: ${cause.message} (${cause.code})\n${cause.hint}` : '';
  const rest = (left ?? []).map(
    (one) => `  ${one.resource.kind}/${one.resource.name} generation ${one.generation} at ${one.location}: ${one.reason}`,
  );
  const way =
    status === 'attention'
      ? [`Then: npx slipway retry ${id}, or npx slipway abandon ${id} --reason "..."`]
      : [`See: npx slipway logs ${id}`];
  return [`${what} ${status === 'attention' ? 'needs attention' : status}${why}`, ...rest, ...way].join('\n');
}
