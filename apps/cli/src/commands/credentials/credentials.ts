import type { Command } from 'commander';
import { withClient, type Session } from '../../command.js';
import { EXIT, Interrupted } from '../../exit.js';
import { note, print, printValue } from '../../output/format.js';
import { instanceId, instanceName, type InstanceFlags } from '../instances/instance-name.js';
import { seconds } from '../ops/run-job.js';

interface RotateFlags extends InstanceFlags {
  wait?: boolean;
  timeout?: number;
  idempotencyKey?: string;
}

/** Time between two looks at a rotation, in ms. */
const LOOK_EVERY = 300;

/** `slipway credentials show|rotate <instance>`; without a verb it shows. */
export function credentials(program: Command): void {
  const noun = program.command('credentials').summary('what opens an instance and its database; make it anew');
  instanceName(noun.command('show', { isDefault: true }).summary('in the clear; that it was read is recorded')).action(
    withClient<[string], InstanceFlags>(async ({ client, options }, flags, name) => {
      const { credentials: all } = await client.instances.credentials(instanceId(name, flags));
      printValue(all, options.output);
    }),
  );
  instanceName(noun.command('rotate').summary('make the secrets anew; the instance is started again with them'))
    .option('--no-wait', 'only have it recorded')
    .option('--timeout <seconds>', 'stop following after this time (exit code 5); it goes on', seconds)
    .option('--idempotency-key <key>', 'the same key again does nothing twice; made when left out')
    .action(
      withClient<[string], RotateFlags>(async (session, flags, name) => {
        const { client, options } = session;
        const id = instanceId(name, flags);
        const { idempotencyKey } = flags;
        const recorded = await client.instances.rotateCredentials(id, { ...(idempotencyKey && { idempotencyKey }) });
        if (flags.wait !== false) return follow(session, id, recorded.rotation, flags.timeout);
        if (options.output === 'table') print(`Recorded: the secrets of ${name} are made anew.`);
        else printValue(recorded, options.output);
        return EXIT.done;
      }),
    );
}

/** Looks until the rotation has ended; its exit code. */
async function follow({ client, options }: Session, id: string, rotation: string, timeout?: number): Promise<number> {
  const deadline = timeout === undefined ? Infinity : Date.now() + timeout * 1_000;
  let interrupted = false;
  const stop = () => void (interrupted = true);
  process.once('SIGINT', stop);
  try {
    for (;;) {
      const instance = await client.instances.get(id);
      const { state, cause } = instance.rotation?.id === rotation ? instance.rotation : { state: 'rotating' };
      if (state !== 'rotating') {
        if (options.output !== 'table') printValue(instance.rotation, options.output);
        else if (state === 'rotated') print(`${instance.name} has new secrets.`);
        else print(`${cause?.message} (${cause?.code})\n${cause?.hint}`);
        return state === 'rotated' ? EXIT.done : EXIT.failed;
      }
      if (interrupted) throw new Interrupted(`It goes on. See: npx slipway instances ${id}`);
      if (Date.now() >= deadline) {
        note(`It is not done after ${timeout} s; it goes on. See: npx slipway instances ${id}`);
        return EXIT.timedOut;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  } finally {
    process.off('SIGINT', stop);
  }
}
