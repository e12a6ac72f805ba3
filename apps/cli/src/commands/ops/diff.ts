import type { Command } from 'commander';
import { comparePlans, type Plan } from '@slipway/contracts';
import { withClient, type Session } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { printSigned } from '../../output/paint.js';
import { describeDifferences } from '../../output/plan-difference.js';
import { planJobOf, readPlan, type PlanFile } from './plan-file.js';

/** `slipway diff <before> [<after>]`: how two plans differ; changes nothing. */
export function diff(program: Command): void {
  program
    .command('diff')
    .summary('how two plans differ; changes nothing')
    .description(
      'Shows how two plans differ, or how one that was kept differs from what would be done now. Exit code 0 when they say the same, 6 when they differ.',
    )
    .argument('<before>', 'a file that npx slipway plan --out has written, or what it printed with -o json')
    .argument('[after]', 'another; what would be done now when left out')
    .action(
      withClient<[string, string | undefined], object>(async (session, _flags, before, after) => {
        const { plan, file } = await readPlan(before);
        const other = after === undefined ? await planNow(session, before, file) : (await readPlan(after)).plan;
        const differences = comparePlans(plan, other);
        if (session.options.output !== 'table')
          printValue({ before: plan.hash, after: other.hash, differences }, session.options.output);
        else if (differences.length === 0) print('Both plans say the same.');
        else printSigned(describeDifferences(differences));
        return differences.length === 0 ? EXIT.done : EXIT.changed;
      }),
    );
}

async function planNow({ client }: Session, path: string, file: PlanFile | undefined): Promise<Plan> {
  if (!file) throw new UsageError(`${path} says no job that could be planned now: name another plan, or keep it with --out.`);
  return client.plan(planJobOf(file));
}
