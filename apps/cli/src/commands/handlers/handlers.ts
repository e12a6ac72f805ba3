import type { Command } from 'commander';
import type { Accepted, HandlerView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { print, printRows, printValue, type Format } from '../../output/format.js';
import { list, show } from '../list-and-show.js';

/** `slipway handlers`, `slipway handlers show|parked <name>`, `slipway handlers retry|discard <name> <event-id>` */
export function handlers(program: Command): void {
  const noun = program
    .command('handlers')
    .summary('handlers of events; retry or discard what they have parked')
    .description('Handlers of recorded events: what they listen to, whether they work, and which events they have parked.');
  list(noun).action(
    withClient(async ({ client, options }) =>
      printRows(
        (await client.handlers.list()).items,
        [
          ['HANDLER', ({ name }) => name],
          ['LISTENS TO', ({ names }) => names.join(', ')],
          ['PARKED', ({ parkedCount }) => parkedCount],
          ['WHY', why],
        ],
        options.output,
        'No handlers are configured.',
      ),
    ),
  );
  show(noun, {
    summary: 'one of them, with all it has parked',
    argument: '<name>',
    described: 'its name in the configuration',
    get: (client, name) => client.handlers.get(name),
  });
  noun
    .command('parked')
    .summary('which events one has parked, and why')
    .argument('<name>', 'its name in the configuration')
    .action(
      withClient<[string], object>(async ({ client, options }, _flags, name) =>
        printRows(
          (await client.handlers.get(name)).parked,
          [
            ['EVENT', ({ eventId }) => eventId],
            ['NAME', ({ name: heard }) => heard],
            ['PARKED', ({ parkedAt }) => parkedAt],
            ['TRIES', ({ tries, retrying }) => (retrying ? `${tries}, again now` : tries)],
            ['WHY', ({ cause }) => cause.message],
          ],
          options.output,
          'Nothing is parked.',
        ),
      ),
    );
  noun
    .command('retry')
    .summary('let one try a parked event again')
    .argument('<name>', 'its name in the configuration')
    .argument('<event-id>', 'as npx slipway handlers parked shows it')
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string, string], { reason?: string }>(async ({ client, options }, { reason }, name, eventId) =>
        tell(await client.handlers.retry(name, eventId, reason), `${name} tries ${eventId} again.`, options.output),
      ),
    );
  noun
    .command('discard')
    .summary('end a parked event unhandled')
    .argument('<name>', 'its name in the configuration')
    .argument('<event-id>', 'as npx slipway handlers parked shows it')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string, string], { reason: string }>(async ({ client, options }, { reason }, name, eventId) =>
        tell(await client.handlers.discard(name, eventId, reason), `${name} never handles ${eventId}.`, options.output),
      ),
    );
}

const why = ({ problem, file }: HandlerView): string | undefined =>
  file === undefined ? 'It is not configured any more' : problem;

function tell(accepted: Accepted, text: string, format: Format): void {
  if (format === 'table') print(text);
  else printValue(accepted, format);
}
