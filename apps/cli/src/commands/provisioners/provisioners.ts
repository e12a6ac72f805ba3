import type { Command } from 'commander';
import type { ProvisionerView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows } from '../../output/format.js';
import { list, show } from '../list-and-show.js';
import { snapshotNamed } from '../snapshots/archives.js';

interface Asked {
  definition?: string;
  guestLocation?: string;
  clusterId?: string;
  snapshot?: string;
}

/** `slipway provisioners`, `slipway provisioners show|offerings <name>` */
export function provisioners(program: Command): void {
  const noun = program
    .command('provisioners')
    .summary('who provisions, what, where, and whether it is there')
    .description('Who provisions: what of the configuration is there, and what is not.');
  list(noun).action(
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
  show(noun, {
    summary: 'one of them, with what its drivers can',
    argument: '<name>',
    described: 'its name, such as slipway',
    get: (client, name) => client.provisioners.get(name),
  });
  noun
    .command('offerings')
    .summary('what can be chosen with --offering name=value')
    .argument('<name>', 'its name, such as slipway')
    .option('--definition <name[@range]>', "of what is to be provisioned; the profile's default when left out")
    .option('--guest-location <name>', 'where, by a name of the configuration')
    .option('--cluster-id <id>', "a named set of places; the profile's default when left out")
    .option('--snapshot <snapshot>', 'of an import that begins with it: its id, or store:path of its archive')
    .action(
      withClient<[string], Asked>(async ({ client, options }, { definition, guestLocation, clusterId, snapshot }, name) =>
        printRows(
          await client.provisioners.offerings(name, {
            ...(definition && { definition }),
            ...(guestLocation && { guestLocation }),
            ...(clusterId && { clusterId }),
            ...(snapshot && snapshotNamed(snapshot)),
          }),
          [
            ['NAME', (one) => one.name],
            ['DEFAULT', (one) => JSON.stringify(one.default)],
            ['FROM', ({ from }) => from],
            ['VALUES', ({ schema }) => JSON.stringify(schema)],
            ['TITLE', ({ title }) => title],
          ],
          options.output,
          'Nothing is offered.',
        ),
      ),
    );
}

/** `storage: directory, s3; database: sqlite` */
function provided({ provides }: ProvisionerView): string {
  const byKind = new Map<string, Set<string>>();
  for (const { kind, driver } of provides) byKind.set(kind, (byKind.get(kind) ?? new Set()).add(driver));
  return [...byKind].map(([kind, drivers]) => `${kind}: ${[...drivers].join(', ')}`).join('; ');
}
