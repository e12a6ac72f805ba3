import type { Command } from 'commander';
import type { WhyChain, WhyItem, WhyRequest, WhyView } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { print, printValue, time } from '../../output/format.js';
import { needed } from './needed.js';

interface Flags {
  environment?: string;
  asOf?: string;
}

/** `slipway why <what>` */
export function why(program: Command): void {
  program
    .command('why')
    .summary('why something is there: who asked for it, by which requirements, and who needs it')
    .argument('<what>', 'a key (storage/shop-data), a name (shop), or a definition (guestbook, guestbook@1.0.0)')
    .option('--environment <name>', 'in this environment; default when left out', process.env.SLIPWAY_ENVIRONMENT)
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position')
    .action(
      withClient<[string], Flags>(async ({ client, options }, { environment = 'default', asOf }, what) => {
        const view = await client.environments.in(environment).why(what, { ...(asOf !== undefined && { asOf }) });
        if (options.output === 'table') print(inWords(view));
        else printValue(view, options.output);
      }),
    );
}

/** The answer as text: a paragraph for each thing that was meant. */
export function inWords({ items, more }: WhyView): string {
  const rest = more ? ['And more: ask for one of them by its key (npx slipway environments resources).'] : [];
  return [...items.map(paragraph), ...rest].join('\n\n');
}

function paragraph({ resource, madeBy, chains, neededBy, more }: WhyItem): string {
  const { key, definition, instanceId, installedAt } = resource;
  const whose = instanceId === undefined ? 'shared by all' : `made for ${instanceId}`;
  return [
    `${key} (${definition.name}@${definition.version}), ${whose}, is there since ${time(installedAt)}.`,
    ...(madeBy ? [`It was made by request ${madeBy.id}: ${asked(madeBy)}.`] : []),
    '',
    chains.length > 1 ? `It is there for ${chains.length} reasons:` : 'It is there because:',
    ...chains.flatMap((chain) => inSteps(chain, resource.key)),
    '',
    ...users(neededBy),
    ...(more ? ['There is more than is told here.'] : []),
  ].join('\n');
}

const asked = ({ job, definition, instanceId, owner, actor, acceptedAt }: WhyRequest): string =>
  `${job} ${definition === undefined ? '' : `${definition} as `}${instanceId} for ${owner.id}, asked by ${actor.id} at ${time(acceptedAt)}`;

/** Who asked, then each requirement below the one that led to it. */
function inSteps({ root, instanceId, request, links }: WhyChain, key: string): string[] {
  const who = request ? asked(request) : `${instanceId ?? 'somebody'} was asked for, by a request that is not kept`;
  const first = root === key ? `  ${who}` : `  ${root} (${who})`;
  const steps = links.map(({ requirement, to, need }, at) => {
    const through = need?.through ? `, through ${need.through.join(' → ')}` : '';
    return `${'  '.repeat(at + 2)}needs ${requirement}${need ? `: ${needed(need)}` : ''}${through} → ${to}`;
  });
  return [first, ...steps];
}

function users({ directly, further }: WhyItem['neededBy']): string[] {
  if (directly.length === 0) return ['Nothing needs it.'];
  const near = directly.map(({ key, requirement }) => `${key} (as ${requirement})`).join(', ');
  return [`It is needed by ${near}${further.length > 0 ? `; through these by ${further.join(', ')}` : ''}.`];
}
