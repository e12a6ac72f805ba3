import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { note, printValue } from '../../output/format.js';
import { environmentOption, leaseId, type EnvironmentFlags } from './lease-options.js';

/** `slipway leases call <lease> <interface> <method> [json]`: any interface, also one of a user's own. */
export function call(noun: Command): void {
  const command = noun
    .command('call')
    .summary('call a method of an interface of one: of a database, a web server, or your own')
    .argument('<lease>', 'its id; it must be active')
    .argument('<interface>', 'such as database; npx slipway blueprints lists them')
    .argument('<method>', 'such as query')
    .argument('[json]', 'its arguments, as one object; - for standard input', '{}')
    .addHelpText(
      'after',
      '\nIts result goes to standard output, what it tells on the way to standard error. For example:\n' +
        `  npx slipway leases call lease-17 database query '{"sql": "SELECT 1"}'`,
    );
  environmentOption(command).action(
    withClient<[string, string, string, string], EnvironmentFlags>(
      async ({ client, options }, flags, id, name, method, given) => {
        const body = objectOf(given === '-' ? await text(process.stdin) : given);
        const leased = client.lease(leaseId(id, flags));
        await leased.look();
        const result = await client.leases.call(leased.holding(), name, method, body, { onLine: note });
        if (options.output !== 'table' || result !== null) printValue(result, options.output);
      },
    ),
  );
}

function objectOf(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, as what is JSON and no object is.
  }
  throw new UsageError(`The arguments must be one JSON object, such as {"sql": "SELECT 1"}, not ${json}`);
}
