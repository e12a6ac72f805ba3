import type { Command } from 'commander';
import { LEASED_RESOURCE_STATUSES, type JsonObject } from '@slipway/contracts';
import type { LeasedResourceView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print, printRows, printValue } from '../../output/format.js';
import { list } from '../list-and-show.js';
import { listOptions, listRows, type ListFlags } from '../list-options.js';
import {
  attribute,
  count,
  environmentOption,
  leaseId,
  ownerOf,
  ownerOptions,
  type EnvironmentFlags,
  type OwnerFlags,
} from './lease-options.js';

interface Flags extends ListFlags {
  type?: string;
  blueprint?: string;
  status?: string;
  name?: string;
  all?: boolean;
  stuck?: boolean;
}

interface EnterFlags extends EnvironmentFlags, OwnerFlags {
  blueprint: string;
  attribute?: JsonObject;
  capacity?: number;
  location?: string;
}

const RESOURCE = ['<resource>', 'its id'] as const;

/** `slipway resources`, `slipway resources show|enter|change|remove` */
export function leasedResources(program: Command): void {
  const noun = program.command('resources').summary('what is leased: made by blueprints, or entered by hand');
  lists(noun);
  const shown = noun
    .command('show')
    .summary('one of them')
    .argument(...RESOURCE);
  environmentOption(shown)
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position')
    .action(
      withClient<[string], EnvironmentFlags & { asOf?: string }>(async ({ client, options }, flags, id) =>
        printValue(await client.resources.get(leaseId(id, flags), { ...(flags.asOf && { asOf: flags.asOf }) }), options.output),
      ),
    );
  enters(noun);
  changes(noun);
}

function lists(noun: Command): void {
  const listing = list(noun)
    .option('--type <type>', 'only of this type')
    .option('--blueprint <name>', 'only of this blueprint')
    .option('--name <name>', 'only with this name')
    .option('--status <status>', `only with this status: ${LEASED_RESOURCE_STATUSES.join(', ')}`)
    .option('--stuck', 'only those that could not be changed or destroyed, which is tried again')
    .option('--all', 'also those that are gone');
  listOptions(listing).action(
    withClient<[], Flags>(async ({ client, options }, flags) => {
      const { environment, type, blueprint, name } = flags;
      const status = flags.status ?? (flags.all ? [...LEASED_RESOURCE_STATUSES] : undefined);
      printRows(
        await listRows(client.resources, flags, {
          environment,
          type,
          blueprint,
          name,
          status,
          stuck: flags.stuck ? 'true' : undefined,
        }),
        [
          ['RESOURCE', (row) => row.id],
          ['NAME', (row) => row.name],
          ['STATUS', (row) => row.status],
          ['BLUEPRINT', (row) => `${row.blueprint}${row.manual ? ' (by hand)' : ''}`],
          ['LOCATION', (row) => row.location],
          ['LEASED', (row) => `${row.load} of ${row.capacity}`],
          ['OWNER', (row) => row.owner?.id],
          ['WHY', why],
        ],
        options.output,
        'No resources.',
      );
    }),
  );
}

function enters(noun: Command): void {
  const command = noun
    .command('enter')
    .summary('enter one that is there, to be leased; it is never made or destroyed')
    .argument('<name>', 'unique in its environment')
    .requiredOption('--blueprint <name>', 'by which it is reached and looked after')
    .option('--attribute <name=value>', 'what it has; several times; a number as text: name=\'"7"\'', attribute)
    .option('--capacity <n>', "how much of it can be leased at once; its blueprint's when left out", count)
    .option('--location <name>', "where it is; its blueprint's when left out");
  ownerOptions(environmentOption(command), 'whose it is').action(
    withClient<[string], EnterFlags>(async ({ client, options }, flags, name) => {
      const { blueprint, attribute: attributes, capacity, location, environment } = flags;
      const entered = await client.resources.enter({
        ...{ name, blueprint, ...ownerOf(flags) },
        ...(environment !== undefined && { environment }),
        ...(attributes && { attributes }),
        ...(capacity !== undefined && { capacity }),
        ...(location !== undefined && { location }),
      });
      if (options.output === 'table') print(entered.resourceId);
      else printValue(entered, options.output);
    }),
  );
}

function changes(noun: Command): void {
  const change = noun
    .command('change')
    .summary('change attributes or capacity of one')
    .argument(...RESOURCE)
    .option('--attribute <name=value>', 'another value, the others stay; several times', attribute)
    .option('--capacity <n>', 'how much of it can be leased at once', count);
  environmentOption(change).action(
    withClient<[string], Pick<EnterFlags, 'attribute' | 'capacity' | 'environment'>>(
      async ({ client, options }, flags, given) => {
        const id = leaseId(given, flags);
        const { attribute: changed, capacity } = flags;
        const attributes = changed && { ...(await client.resources.get(id)).attributes, ...changed };
        const recorded = await client.resources.change(id, {
          ...(attributes && { attributes }),
          ...(capacity !== undefined && { capacity }),
        });
        if (options.output === 'table') print(`${id} is changed.`);
        else printValue(recorded, options.output);
      },
    ),
  );
  const remove = noun
    .command('remove')
    .summary('let one take no leases any more; those that are on it go on')
    .argument(...RESOURCE)
    .option('--reason <text>', 'why; it is recorded')
    .option('--force', 'it is gone, whatever could not be destroyed or taken back: somebody answers for what is left');
  environmentOption(remove).action(
    withClient<[string], EnvironmentFlags & { reason?: string; force?: boolean }>(async ({ client, options }, flags, given) => {
      const id = leaseId(given, flags);
      const { reason, force } = flags;
      if (force && reason === undefined) throw new UsageError('--force needs a --reason: somebody answers for what is left.');
      const { resources } = client;
      const recorded = await (force && reason !== undefined ? resources.force(id, reason) : resources.remove(id, reason));
      if (options.output !== 'table') printValue(recorded, options.output);
      else print(force ? `${id} is gone.` : `${id} takes no leases any more, and goes once nobody has it.`);
    }),
  );
}

/** Why it is as it is, and what it hangs at: the first line. */
function why({ reason, stuck, remains = [] }: LeasedResourceView): string | undefined {
  const isStuck =
    stuck && `cannot be ${stuck.what === 'destroy' ? 'destroyed' : 'changed'} (${stuck.tries} tries): ${stuck.reason}`;
  const left = remains.length > 0 ? `not taken back: ${remains.map(({ leaseId: id }) => id).join(', ')}` : undefined;
  const told = [isStuck ?? reason, left].filter((text) => text !== undefined).map((text) => text.split('\n', 1)[0]!);
  return told.join('; ') || undefined;
}
