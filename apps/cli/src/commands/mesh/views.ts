import type { Command } from 'commander';
import type { ViewsState } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { EXIT } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import type { Format } from '../../output/format.js';
import { list } from '../list-and-show.js';

/** `slipway views`, `slipway views skip <view> <event-id>`: exit code 1 while one of them has stopped. */
export function views(program: Command): void {
  const noun = program
    .command('views')
    .summary('where the read models stand; let one that has stopped go on')
    .description('Where the read models stand, which of them has stopped, and why. Exit code: 1 while one has stopped.');
  list(noun).action(withClient(async ({ client, options }) => show(await client.views.state(), options.output)));
  noun
    .command('skip')
    .summary('let one that has stopped at an event go on without it')
    .description(
      'Lets a read model that has stopped at an event go on without it: what it shows then lacks what the event says. It is\nremembered, also when the model is rebuilt. The event itself stays in the log.',
    )
    .argument('<view>', 'its name, such as instances')
    .argument('<event-id>', 'the event that it has stopped at, as npx slipway views says it')
    .action(
      withClient<[string, string], object>(async ({ client, options }, _flags, view, eventId) =>
        show(await client.views.skip(view, eventId), options.output),
      ),
    );
}

function show(state: ViewsState, format: Format): number {
  if (format === 'table') print(describe(state));
  else printValue(state, format);
  return state.stopped.length > 0 ? EXIT.failed : EXIT.done;
}

function describe({ position, building, stopped }: ViewsState): string {
  const exceptions = building.length + stopped.length > 0;
  return [
    `${exceptions ? 'The other read models' : 'All read models'} stand at ${position}.`,
    ...building.map(
      ({ view, live, position: at }) =>
        `  … ${view} is being built ${live ? 'anew; older rows are shown meanwhile' : 'for the first time'}: it stands at ${at}`,
    ),
    ...stopped.flatMap(({ view, reason, eventId }) => [
      `  ✗ ${view} has stopped: ${reason}`,
      eventId
        ? `    Once it is understood, go on without the event: npx slipway views skip ${view} ${eventId}`
        : '    Find out what is wrong: npx slipway doctor',
    ]),
  ].join('\n');
}
