import type { Command } from 'commander';
import type { ProvisionerView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows, printValue } from '../../output/format.js';

/** `slipway provisioners`, `slipway provisioners show <name>` */
export function provisioners(program: Command): void {
  const noun = program
    .command('provisioners')
    .summary('who provisions, what, where, and whether it is there')
    .description('Who provisions: what of the configuration is there, and what is not.');
  noun
    .command('list', { isDefault: true })
    .summary('all of them; what is done when nothing else is named')
    .action(
      withClient(async ({ client, options }) =>
        printRows(
          await client.provisioners.list(),
          [
            ['NAME', ({ name, default: byDefault }) => `${name}${byDefault ? ' (default)' : ''}`],
            ['TITLE', ({ title }) => title],
            ['PROVIDES', provided],
            ['GUEST LOCATIONS', ({ guestLocations }) => guestLocations.join(', ')],
            ['ABSENT', ({ absent }) => absent.join('; ')],
          ],
          options.output,
          'No provisioners.',
        ),
      ),
    );
  noun
    .command('show')
    .summary('one of them, with what its drivers can')
    .argument('<name>', 'its name, such as slipway')
    .action(
      withClient<[string], object>(async ({ client, options }, _flags, name) =>
        printValue(await client.provisioners.get(name), options.output),
      ),
    );
}

/** `storage: directory, s3; database: sqlite` */
function provided({ provides }: ProvisionerView): string {
  const byKind = new Map<string, Set<string>>();
  for (const { kind, driver } of provides) byKind.set(kind, (byKind.get(kind) ?? new Set()).add(driver));
  return [...byKind].map(([kind, drivers]) => `${kind}: ${[...drivers].join(', ')}`).join('; ');
}
