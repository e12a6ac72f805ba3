import type { Command } from 'commander';
import type { EventFilter, EventView } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { print, time } from '../../output/format.js';
import type { Format } from '../../output/format.js';

interface Flags {
  follow?: boolean;
  type?: string[];
  category?: string[];
  environment?: string;
  request?: string;
  owner?: string;
  from?: string;
  limit: string;
}

/** `slipway events [--follow]` */
export function events(program: Command): void {
  program
    .command('events')
    .summary('what was recorded')
    .description('What was recorded, oldest first. With --follow it goes on, and survives a gateway that restarts.')
    .option('--follow', 'go on with what comes')
    .option('--type <type...>', 'only these types, such as RequestAccepted')
    .option('--category <category...>', 'only these: request, environment, storage, database, instance, partition')
    .option('--environment <name>', 'only of this environment')
    .option('--request <id>', 'only of this request')
    .option('--owner <id>', "only of this owner's requests")
    .option('--from <position>', 'after this position; start for the beginning')
    .option('--limit <n>', 'without --follow: at most so many', '100')
    .action(
      withClient<[], Flags>(async ({ client, options }, flags) => {
        const { type, category, environment, request, owner } = flags;
        const filter: EventFilter = {
          ...(type && { type }),
          ...(category && { category }),
          ...(environment && { environment }),
          ...(request && { request }),
          ...(owner && { owner }),
        };
        if (!flags.follow) {
          const after = flags.from === 'start' ? undefined : flags.from;
          const page = await client.events(filter, { ...(after && { after }), limit: Number(flags.limit) });
          for (const event of page.items) print(line(event, options.output));
          return;
        }
        for await (const frame of client.live.follow({ filter, ...(flags.from && { from: flags.from }) })) {
          if (frame.type === 'event') print(line(frame.event, options.output));
        }
      }),
    );
}

/** One event on one line: as JSON where that is asked for, so that programs can read them as they come. */
function line(event: EventView, format: Format): string {
  if (format !== 'table') return JSON.stringify(event);
  const { stepId, cause } = event.data as { stepId?: string; cause?: { message: string } };
  const detail = [stepId, cause?.message].filter(Boolean).join(': ');
  return `${time(event.recordedAt)}  ${event.type.padEnd(22)} ${event.stream}${detail ? `  ${detail}` : ''}`;
}
