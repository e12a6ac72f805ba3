import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import { CATEGORIES, type EventFilter, type EventView } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { EventLines } from '../../output/event-lines.js';
import { note, print } from '../../output/format.js';
import { atMost } from '../list-options.js';

interface Flags {
  follow?: boolean;
  type?: string[];
  category?: string[];
  environment?: string;
  request?: string;
  owner?: string;
  after?: string;
  limit?: number;
}

/** How many of the newest events are shown when nothing else is said. */
const NEWEST = 100;
const START = 'start';

/** `slipway events [--follow]` */
export function events(program: Command): void {
  program
    .command('events')
    .summary('what was recorded')
    .description(
      'What was recorded, oldest first: the newest events, or with --after all that came after a position; where to go on is\nsaid on standard error. With --follow it shows what comes, and survives a gateway that restarts.',
    )
    .option('--follow', 'what comes from now on, or with --after all since then and what comes')
    .option('--after <position>', `those after this position; ${START} for the beginning`)
    .option('--limit <n>', `at most so many: the newest, or with --after the first (default: the newest ${NEWEST})`, atMost)
    .option('--type <type...>', 'only these types, such as RequestAccepted')
    .option('--category <category...>', `only these: ${CATEGORIES.join(', ')}`)
    .option('--environment <name>', 'only of this environment')
    .option('--request <id>', 'only of this request')
    .option('--owner <id>', "only of this owner's requests")
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
        const lines = new EventLines();
        const show: Show = (some) => {
          // As JSON one on a line too, so that programs can read them as they come.
          const shown = options.output === 'table' ? lines.of(some) : some.map((event) => JSON.stringify(event));
          for (const line of shown) print(line);
        };
        if (flags.follow) await follow(client, filter, flags, show);
        else if (flags.after === undefined) await showNewest(client, filter, flags.limit ?? NEWEST, show);
        else await showAfter(client, filter, flags.after, flags.limit ?? Infinity, show);
      }),
    );
}

type Show = (events: EventView[]) => void;

/** Shows what comes, up to a number of events where one is given. */
async function follow(client: SlipwayClient, filter: EventFilter, { after, limit = Infinity }: Flags, show: Show): Promise<void> {
  let shown = 0;
  for await (const frame of client.live.follow({ filter, ...(after !== undefined && { from: after }) })) {
    if (frame.type !== 'event') continue;
    show([frame.event]);
    if (++shown === limit) return;
  }
}

async function showNewest(client: SlipwayClient, filter: EventFilter, limit: number, show: Show): Promise<void> {
  const { items, older, position } = await client.newestEvents(filter, limit);
  show(items);
  if (older) note(`These are the newest ${limit}; there are older ones: a greater --limit, or --after ${START} for all of them.`);
  if (position) note(`Go on after these with: --after ${position}`);
}

async function showAfter(client: SlipwayClient, filter: EventFilter, after: string, limit: number, show: Show): Promise<void> {
  let shown = 0;
  let position = after;
  let more = false;
  const pages = client.eventPages(filter, { limit: Math.min(limit + 1, 1000), ...(after !== START && { after }) });
  for await (const page of pages) {
    const items = page.items.slice(0, limit - shown);
    show(items);
    shown += items.length;
    more = items.length < page.items.length;
    position = more ? (items.at(-1)?.position ?? position) : page.position;
    if (more) break;
  }
  if (more) note(`Only the first ${limit} are shown, and there are more.`);
  note(`Go on after these with: --after ${position}`);
}
