import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { withClient } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { note } from '../../output/format.js';
import { instanceId, instanceName, type InstanceFlags } from './instance-name.js';

interface Flags extends InstanceFlags {
  method?: string;
  header?: string[];
  data?: string;
}

const another = (value: string, before: string[] = []): string[] => [...before, value];

/** `slipway instances call <name> [path]` */
export function call(instances: Command): void {
  instanceName(instances.command('call').summary("call one's own interface, through the gateway"))
    .argument('[path]', 'below its resource-uri, with a query if need be', '')
    .option('-X, --method <method>', 'GET, or POST where there are data, when left out')
    .option('-H, --header <header>', '"Name: value"; may be given several times', another)
    .option('-d, --data <text>', 'what is sent; - for standard input')
    .addHelpText('after', '\nThe answer goes to standard output as it comes. Exit code 1 where its status is 400 or more.')
    .action(
      withClient<[string, string], Flags>(async ({ client }, flags, name, path) => {
        const headers = Object.fromEntries((flags.header ?? []).map(headerOf));
        const response = await client.instances.call(instanceId(name, flags), path, {
          method: flags.method?.toUpperCase() ?? (flags.data === undefined ? 'GET' : 'POST'),
          headers,
          ...(flags.data !== undefined && {
            body: flags.data === '-' ? (Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>) : flags.data,
          }),
        });
        for await (const chunk of response.body ?? []) {
          if (!process.stdout.write(Buffer.from(chunk as Uint8Array))) await once(process.stdout, 'drain');
        }
        if (response.ok) return EXIT.done;
        note(`\n${name} answered ${response.status} ${response.statusText}`.trimEnd());
        return response.status < 400 ? EXIT.done : EXIT.failed;
      }),
    );
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf(':');
  if (at < 1) throw new UsageError(`--header must be "Name: value", not "${text}".`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
