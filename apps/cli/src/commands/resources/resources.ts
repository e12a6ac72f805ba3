import type { Command } from 'commander';
import type { ResourceView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows, printValue, time } from '../../output/format.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';

interface Flags extends ListFlags {
  status?: string;
  all?: boolean;
}

const STATUSES = ['making', 'present', 'failed', 'destroying', 'destroyed'] satisfies ResourceView['status'][];

const NOUNS = [
  { plural: 'instances', summary: 'instances, or one' },
  { plural: 'storages', summary: 'storages, or one' },
  { plural: 'databases', summary: 'databases, or one' },
] as const;

/** `slipway instances|storages|databases [name]` */
export function resources(program: Command): void {
  for (const { plural, summary } of NOUNS) {
    const command = program
      .command(plural)
      .summary(summary)
      .argument('[name]', 'its name, or environment.name')
      .option('--status <status>', `only with this status: ${STATUSES.join(', ')}`)
      .option('--all', 'also those that were destroyed');
    listOptions(command).action(
      withClient<[string | undefined], Flags>(async ({ client, options }, flags, name) => {
        if (name) {
          const id = name.includes('.') ? name : `${flags.environment ?? 'default'}.${name}`;
          return printValue(await client[plural].get(id, { ...(flags.asOf && { asOf: flags.asOf }) }), options.output);
        }
        const status = flags.status ?? (flags.all ? STATUSES : undefined);
        printRows(
          await listRows(client[plural], flags, { environment: flags.environment, status }),
          [
            ['NAME', (row) => row.name],
            ['ENVIRONMENT', (row) => row.environment],
            ['STATUS', (row) => row.status],
            ['HEALTH', (row) => row.health],
            ['DEFINITION', (row) => `${row.definition.name}@${row.definition.version}`],
            ['DRIVER', (row) => row.driver],
            ['LOCATION', (row) => row.location],
            ['WHERE', (row) => String(row.outputs.url ?? row.outputs.path ?? '')],
            ['UPDATED', (row) => time(row.updatedAt)],
          ],
          options.output,
          `No ${plural}.`,
        );
      }),
    );
  }
}
