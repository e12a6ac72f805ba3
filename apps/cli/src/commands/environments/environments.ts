import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { print, printRows, printValue } from '../../output/format.js';

/** `slipway environments`, `slipway environments show|pause|resume <name>` */
export function environments(program: Command): void {
  const noun = program.command('environments').summary('environments; pause and resume dispatching in one');
  noun
    .command('list', { isDefault: true })
    .summary('all of them')
    .action(
      withClient(async ({ client, options }) => {
        const page = await client.environments.list();
        printRows(
          page.items,
          [
            ['ENVIRONMENT', (row) => row.name],
            ['DISPATCHING', (row) => (row.paused ? 'paused' : 'on')],
            ['INSTANCES', (row) => row.instances],
            ['STORAGES', (row) => row.storages],
            ['DATABASES', (row) => row.databases],
          ],
          options.output,
          'No environments yet; the first request makes one.',
        );
      }),
    );
  noun
    .command('show')
    .summary('one of them')
    .argument('<name>')
    .action(
      withClient<[string], object>(async ({ client, options }, _flags, name) =>
        printValue(await client.environments.get(name), options.output),
      ),
    );
  for (const verb of ['pause', 'resume'] as const) {
    noun
      .command(verb)
      .summary(verb === 'pause' ? 'admit no further request' : 'admit requests again')
      .argument('<name>')
      .option('--reason <text>', 'why; it is recorded')
      .action(
        withClient<[string], { reason?: string }>(async ({ client }, flags, name) => {
          await client.environments[verb](name, flags.reason);
          print(`Dispatching in ${name} is ${verb === 'pause' ? 'paused' : 'on'}.`);
        }),
      );
  }
}
