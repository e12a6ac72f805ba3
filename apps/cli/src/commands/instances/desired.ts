import type { Command } from 'commander';
import { isSettled } from '@slipway/client';
import type { ResourceView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT, Interrupted } from '../../exit.js';
import { note, print, printValue } from '../../output/format.js';
import { seconds } from '../ops/run-job.js';
import { instanceId, instanceName, type InstanceFlags } from './instance-name.js';

interface Flags extends InstanceFlags {
  reason?: string;
  wait?: boolean;
  timeout?: number;
}

const VERBS = [
  { name: 'start', summary: 'let one run again', wanted: 'running', done: 'runs' },
  { name: 'stop', summary: 'let one stand still; nothing of it is lost', wanted: 'stopped', done: 'is stopped' },
  { name: 'restart', summary: 'stop one and start it again', wanted: 'running', done: 'runs' },
] as const;

/** `slipway instances start|stop|restart <name>` */
export function desired(instances: Command): void {
  for (const verb of VERBS) {
    instanceName(instances.command(verb.name).summary(verb.summary))
      .option('--reason <text>', 'why; it is recorded')
      .option('--no-wait', 'only have it recorded')
      .option('--timeout <seconds>', 'stop following after this time (exit code 5); what is wanted stays wanted', seconds)
      .action(
        withClient<[string], Flags>(async ({ client, options }, flags, name) => {
          const id = instanceId(name, flags);
          const recorded = await client.instances[verb.name](id, flags.reason);
          if (flags.wait === false) {
            if (options.output === 'table') print(`Recorded: ${name} is to be ${recorded.desired}.`);
            else printValue(recorded, options.output);
            return EXIT.done;
          }
          const interrupt = new AbortController();
          const stop = () => interrupt.abort(new Interrupted(`It goes on. See: npx slipway instances ${name}`));
          process.once('SIGINT', stop);
          try {
            const instance = await client.instances.settled(id, verb.wanted, {
              signal: interrupt.signal,
              ...(flags.timeout && { timeoutMs: flags.timeout * 1000 }),
              onUpdate: (now) => note(`${name}: ${stateOf(now)}`),
            });
            const settled = isSettled(instance, verb.wanted);
            if (options.output !== 'table') printValue(instance, options.output);
            else print(settled ? `${name} ${verb.done}.` : `${name}: ${stateOf(instance)}. Something else is wanted of it now.`);
            return settled ? EXIT.done : EXIT.failed;
          } finally {
            process.off('SIGINT', stop);
          }
        }),
      );
  }
}

/** How an instance is, in a few words. */
const stateOf = ({ status, health, healthReason }: ResourceView): string =>
  status === 'present' ? `${health}${healthReason ? ` (${healthReason})` : ''}` : status;
