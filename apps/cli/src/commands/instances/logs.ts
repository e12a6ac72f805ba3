import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import { withClient } from '../../command.js';
import { instanceId, instanceName, type InstanceFlags } from './instance-name.js';

interface Flags extends InstanceFlags {
  follow?: boolean;
  tail?: number | 'all';
}

function lines(value: string): number | 'all' {
  if (value === 'all') return value;
  const number = Number(value);
  if (/^\d{1,7}$/.test(value) && number <= 1_000_000) return number;
  throw new InvalidArgumentError('It must be a number of lines, at most 1000000, or "all".');
}

/** `slipway instances logs [--follow] <name>` */
export function logs(instances: Command): void {
  instanceName(instances.command('logs').summary('what one itself has written'))
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--tail <lines>', 'begin with so many lines before the end, or "all" (default: 100)', lines)
    .action(
      withClient<[string], Flags>(async ({ client }, flags, name) => {
        const written = await client.instances.logs(instanceId(name, flags), {
          ...(flags.follow && { follow: true }),
          ...(flags.tail !== undefined && { tail: flags.tail }),
        });
        for await (const part of written) if (!process.stdout.write(Buffer.from(part))) await once(process.stdout, 'drain');
      }),
    );
}
