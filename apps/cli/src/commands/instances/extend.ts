import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { print, printValue, time } from '../../output/format.js';
import { instanceId, instanceName, type InstanceFlags } from './instance-name.js';

interface Flags extends InstanceFlags {
  until: string;
  reason?: string;
}

/** `slipway instances extend <name> --until <time>` */
export function extend(instances: Command): void {
  instanceName(instances.command('extend').summary('want one for longer that was asked for until a time'))
    .requiredOption('--until <time>', 'ISO 8601, with a zone, such as 2026-03-15T06:00:00Z')
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string], Flags>(async ({ client, options }, flags, name) => {
        const extended = await client.instances.extend(instanceId(name, flags), flags.until, flags.reason);
        if (options.output === 'table') print(`${name} is wanted until ${time(extended.until)} UTC.`);
        else printValue(extended, options.output);
      }),
    );
}
