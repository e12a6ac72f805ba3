import type { Lease } from '@slipway/client';
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { ApiError, NotReachable } from '@slipway/client';
import type { JsonObject } from '@slipway/contracts';
import { withClient, type Session } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { note, print, printValue } from '../../output/format.js';
import { seconds } from '../ops/run-job.js';
import {
  another,
  attribute,
  count,
  environmentOption,
  leaseId,
  moment,
  ownerOf,
  ownerOptions,
  type EnvironmentFlags,
  type OwnerFlags,
} from './lease-options.js';
import { A_DAY_MS, runOn } from './run-on.js';
import { followUntilActive, waitForLease } from './wait-for-lease.js';

interface Flags extends EnvironmentFlags, OwnerFlags {
  type: string;
  attribute?: JsonObject;
  filter?: string;
  blueprint?: string;
  resource?: string;
  slot?: string[];
  amount?: number;
  priority?: number;
  until?: string;
  waitUntil?: string;
  replace?: boolean;
  queue?: boolean;
  wait?: boolean;
  timeout?: number;
  idempotencyKey?: string;
}

/** `slipway lease --type host [--attribute memory=4] [--until 30m] [--wait]`, `slipway lease --type host -- <command…>` */
export function lease(program: Command): void {
  const command = program
    .command('lease')
    .summary('lease a resource: a host, a database, a licence')
    .description(
      'Asks for a lease on a resource and prints its id; it is active later, which --wait waits for. With a command behind a bare -- it waits, runs that there, gives the lease back and ends as the command did.',
    )
    .argument('[command...]', 'a program and its arguments, to be run with a lease that is given back afterwards')
    .requiredOption('--type <type>', 'of resource: host, database; npx slipway blueprints lists them')
    .option('--attribute <name=value>', 'a value that it must have; several times; a number as text: name=\'"7"\'', attribute)
    .option('--filter <filter>', "what else must hold of its attributes: '(memory>=4)'")
    .option('--blueprint <name>', 'only of these')
    .option('--resource <id>', 'only this one')
    .option('--slot <name>', 'a lock on it that nobody else may have meanwhile: port/8080; several times', another)
    .option('--amount <n>', 'how much of its capacity', count)
    .option('--priority <n>', 'higher goes first', count)
    .option('--until <time>', 'when it is over: 30m, 2h, 1d from now, or a time in ISO 8601')
    .option('--wait-until <time>', 'how long it may wait in the queue: 30m, 2h, 1d from now, or a time in ISO 8601')
    .option('--replace', 'look for another resource when the one that it has breaks')
    .option('--no-queue', 'refuse it where none is free now')
    .option('--wait', 'wait until it is active, and tell why it is not')
    .option('--timeout <seconds>', 'stop waiting after this time (exit code 5); the lease waits on', seconds)
    .option(
      '--idempotency-key <key>',
      'the same key again gets the same lease, by the times that were said first; made when left out',
    );
  ownerOptions(environmentOption(command), 'whose it is; your own when left out').action(
    withClient<[string[]], Flags>(async ({ client, options }, flags, line) => {
      const { type, filter, blueprint, amount, priority, attribute: attributes, slot: slots } = flags;
      const { environment, resource, until, waitUntil, replace, queue, idempotencyKey = randomUUID() } = flags;
      if (line.length > 0 && flags.timeout !== undefined)
        throw new UsageError(
          'With a command say --wait-until instead of --timeout: a lease that nobody follows is not left behind.',
        );
      const leased = client.lease({
        ...{ type, ...ownerOf(flags) },
        ...(environment !== undefined && { environment }),
        ...(attributes && { attributes }),
        ...(filter !== undefined && { filter }),
        ...(blueprint !== undefined && { blueprint }),
        ...(resource !== undefined && { resourceId: leaseId(resource, flags) }),
        ...(slots && { slots }),
        ...(amount !== undefined && { amount }),
        ...(priority !== undefined && { priority }),
        ...(until !== undefined && { until: moment(until, 'until') }),
        ...(waitUntil !== undefined && { waitUntil: moment(waitUntil, 'wait-until') }),
        ...(replace && { replace }),
        ...(queue === false && { wait: false }),
        idempotencyKey,
      });
      await leased.id().catch((error: unknown) => throwWithKey(error, idempotencyKey));
      if (line.length > 0) return runAndRelease({ client, options }, leased, line);
      if (flags.wait) return waitForLease({ client, options }, leased, flags);
      if (options.output === 'table') print(await leased.id());
      else printValue(await leased.look(), options.output);
      return EXIT.done;
    }),
  );
}

/** Whatever becomes of the program, or of the waiting: the lease is given back. */
async function runAndRelease(session: Session, leased: Lease, line: readonly string[]): Promise<number> {
  try {
    await followUntilActive(leased, { whenInterrupted: 'It is not waited for any more.' });
    return await runOn(session, leased, line, { timeoutMs: A_DAY_MS });
  } finally {
    await leased.release();
  }
}

/** Who has no answer does not know whether his lease was recorded: what he can ask again with is told on standard error. */
function throwWithKey(error: unknown, key: string): never {
  if (error instanceof NotReachable || (error instanceof ApiError && error.code === 'timed-out'))
    note(`It may have been recorded: the same again with --idempotency-key ${key} gets that lease, and no second one.`);
  throw error;
}
