import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { print, printRows, printValue } from '../../output/format.js';
import { describePause } from '../../output/pause.js';
import { list } from '../list-and-show.js';
import { installed } from './installed.js';
import { listRows, pageOptions, type PageFlags } from '../list-options.js';

/** `slipway environments`, `slipway environments show|pause|resume <name>`, and what is in one */
export function environments(program: Command): void {
  const noun = program.command('environments').summary('environments, what is in one, and pausing of all dispatching in it');
  pageOptions(list(noun)).action(
    withClient<[], PageFlags>(async ({ client, options }, flags) =>
      printRows(
        await listRows(client.environments, flags),
        [
          ['ENVIRONMENT', (row) => row.name],
          ['DISPATCHING', (row) => (row.paused ? 'paused' : 'on')],
          ['INSTANCES', (row) => row.instances],
          ['STORAGES', (row) => row.storages],
          ['DATABASES', (row) => row.databases],
          ['WHY', (row) => (row.paused ? describePause(row.pause) : undefined)],
        ],
        options.output,
        'No environments yet; the first request makes one.',
      ),
    ),
  );
  noun
    .command('show')
    .summary('one of them')
    .argument('<name>', 'its name')
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position')
    .action(
      withClient<[string], Pick<PageFlags, 'asOf'>>(async ({ client, options }, flags, name) =>
        printValue(await client.environments.get(name, { ...(flags.asOf && { asOf: flags.asOf }) }), options.output),
      ),
    );
  installed(noun);
  for (const verb of ['pause', 'resume'] as const) {
    noun
      .command(verb)
      .summary(verb === 'pause' ? 'admit no further request' : 'admit requests again')
      .argument('<name>', 'its name')
      .option('--reason <text>', 'why; it is recorded')
      .action(
        withClient<[string], { reason?: string }>(async ({ client, options }, flags, name) => {
          const accepted = await client.environments[verb](name, flags.reason);
          if (options.output === 'table') print(`Dispatching in ${name} is ${verb === 'pause' ? 'paused' : 'on'}.`);
          else printValue(accepted, options.output);
        }),
      );
  }
}
