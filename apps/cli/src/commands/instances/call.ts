import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { InstanceCall } from '@slipway/client';
import { withClient } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { note, print } from '../../output/format.js';
import { instanceId, instanceName, type InstanceFlags } from './instance-name.js';

interface Flags extends InstanceFlags {
  method?: string;
  header?: string[];
  body?: string;
}

const NEWLINE = 0x0a;

const another = (value: string, before: string[] = []): string[] => [...before, value];

/** `slipway instances call <name> [path]` */
export function call(instances: Command): void {
  instanceName(instances.command('call').summary("call one's own interface, through the gateway"))
    .argument('[path]', 'below its resource-uri, with a query if need be', '')
    .option('-X, --method <method>', 'GET, or POST where there is a body, when left out')
    .option('-H, --header <header>', '"Name: value"; may be given several times', another)
    .option('-d, --body <text>', 'what is sent; @file for what a file holds, - for standard input')
    .addHelpText('after', '\nThe answer goes to standard output as it comes. Exit code 1 where its status is 400 or more.')
    .action(
      withClient<[string, string], Flags>(async ({ client }, flags, name, path) => {
        const headers = Object.fromEntries((flags.header ?? []).map(headerOf));
        const body = flags.body === undefined ? undefined : await bodyOf(flags.body);
        const response = await client.instances.call(instanceId(name, flags), path, {
          method: flags.method?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST'),
          headers,
          ...(body !== undefined && { body }),
        });
        let last: number | undefined;
        for await (const chunk of response.body ?? []) {
          const bytes = Buffer.from(chunk as Uint8Array);
          last = bytes.at(-1) ?? last;
          if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
        }
        // A shell's prompt begins a line of its own; what a program or a file is given stays byte by byte.
        if (process.stdout.isTTY && last !== undefined && last !== NEWLINE) print('');
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

/** What is sent: the text itself, a file that is named with `@`, or what comes on standard input. */
async function bodyOf(text: string): Promise<InstanceCall['body'] & {}> {
  if (text === '-') return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
  if (!text.startsWith('@')) return text;
  const file = text.slice(1);
  try {
    return await openAsBlob(file);
  } catch (error) {
    throw new UsageError(`--body=${text}: ${file} can't be read (${(error as Error).message}).`);
  }
}
