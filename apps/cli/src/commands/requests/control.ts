import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import { withClient } from '../../command.js';
import { print, printValue } from '../../output/format.js';

interface Verb {
  name: 'cancel' | 'retry' | 'abandon' | 'pause' | 'resume';
  summary: string;
  done: string;
  reasonNeeded?: boolean;
}

const VERBS: Verb[] = [
  { name: 'cancel', summary: 'cancel a request; what it made is undone', done: 'is being cancelled' },
  { name: 'retry', summary: 'try a failed request again, from the failed step', done: 'is tried again' },
  {
    name: 'abandon',
    summary: 'end a request that needs attention, leaving what is there',
    done: 'is abandoned',
    reasonNeeded: true,
  },
  { name: 'pause', summary: 'start no further step of a request', done: 'is paused' },
  { name: 'resume', summary: 'let a paused request go on', done: 'goes on' },
];

/** `slipway cancel|retry|abandon|pause|resume <request>` */
export function control(program: Command): void {
  for (const verb of VERBS) {
    const command = program.command(verb.name).summary(verb.summary).argument('<request>', 'its id');
    if (verb.reasonNeeded) command.requiredOption('--reason <text>', 'why; it is recorded');
    else command.option('--reason <text>', 'why; it is recorded');
    command.action(
      withClient<[string], { reason?: string }>(async ({ client, options }, flags, id) => {
        const accepted = await send(client, verb.name, id, flags.reason);
        if (options.output === 'table') print(`Request ${id} ${verb.done}. Follow it with: npx slipway wait ${id}`);
        else printValue(accepted, options.output);
      }),
    );
  }
}

const send = (client: SlipwayClient, verb: Verb['name'], id: string, reason?: string) =>
  client.requests[verb](id, reason as string);
