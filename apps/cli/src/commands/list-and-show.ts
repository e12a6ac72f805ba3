import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import { withClient } from '../command.js';
import { printValue } from '../output/format.js';

/** `slipway <noun> list`, which is what a noun does without a verb. */
export const list = (noun: Command): Command =>
  noun.command('list', { isDefault: true }).summary('all of them; what is done when nothing else is named');

/** What is shown of one. */
interface Shown {
  summary: string;
  /** Of what it is shown by: `<name>`. */
  argument: string;
  described: string;
  get(client: SlipwayClient, given: string): Promise<object>;
}

/** `slipway <noun> show <name>` */
export const show = (noun: Command, { summary, argument, described, get }: Shown): Command =>
  noun
    .command('show')
    .summary(summary)
    .argument(argument, described)
    .action(
      withClient<[string], object>(async ({ client, options }, _flags, given) =>
        printValue(await get(client, given), options.output),
      ),
    );
