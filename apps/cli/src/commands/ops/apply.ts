import type { Command } from 'commander';
import { ApiError, type JobOptions } from '@slipway/client';
import { comparePlans, type JsonObject, type Plan, type PlanDifference } from '@slipway/contracts';
import type { Accepted, RequestView } from '@slipway/contracts/http';
import { withClient, type Session } from '../../command.js';
import { EXIT, UsageError } from '../../exit.js';
import { note, printValue } from '../../output/format.js';
import { printSigned } from '../../output/paint.js';
import { describeDifferences } from '../../output/plan-difference.js';
import { planJobOf, readPlanFile, type PlanFile } from './plan-file.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';

interface Flags extends WaitFlags {
  orReplan?: boolean;
}

/** `slipway apply <file>`: exactly the plan that was kept, or nothing. */
export function apply(program: Command): void {
  const command = program
    .command('apply')
    .summary('carry out exactly a plan that was kept, or nothing')
    .description(
      'Carries out exactly the plan that npx slipway plan --out has kept. Where something else would be done by now, nothing is started: the difference is shown (exit code 6).',
    )
    .argument('<file>', 'what npx slipway plan --out has written')
    .option('--or-replan', 'where it would be another plan by now, carry that out');
  waitOptions(command).action(
    withClient<[string], Flags>(async (session, flags, path) => {
      const file = await readPlanFile(path);
      const { eventLog, mesh } = await session.client.info();
      if (eventLog.logId !== file.log)
        throw new UsageError(`${path}: log: it was made by another mesh, ${file.mesh}; this is ${mesh}, with another event log.`);
      return carryOut(session, flags, file);
    }),
  );
}

async function carryOut(session: Session, flags: Flags, file: PlanFile): Promise<number> {
  const { plan } = file;
  const body = { ...file.body, planHash: plan.hash, ...(flags.orReplan && { ifChanged: 'replan' }) };
  // A kept body is one of its job: the gateway looks at it again.
  const send = session.client[file.job] as unknown as (job: JsonObject, options: JobOptions) => Promise<Accepted>;
  try {
    return await runJob(session, flags, send, body, async (request) => {
      const differences = atItsTurn(request, plan);
      if (differences.length > 0) note(request.cause ? 'The difference:' : 'It was planned anew, with this difference:');
      tell(session, differences);
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'plan-changed') throw error;
    const { plan: now } = (error.problem.details ?? {}) as { plan?: Plan };
    note(error.message);
    tell(session, comparePlans(plan, now ?? (await session.client.plan(planJobOf(file)))));
    note(error.problem.hint);
    return EXIT.changed;
  }
}

/** What had become another by the time that its turn came: then it was refused, or, where that is allowed, planned anew. */
function atItsTurn({ plan: made, cause }: RequestView, plan: Plan): PlanDifference[] {
  if (cause?.code === 'plan-changed') return (cause.details?.['differences'] ?? []) as unknown as PlanDifference[];
  return made && made.hash !== plan.hash ? comparePlans(plan, made) : [];
}

/** Differences as the result, or beside it. */
function tell({ options }: Session, differences: PlanDifference[]): void {
  if (differences.length === 0) return;
  if (options.output !== 'table') return printValue({ differences }, options.output);
  printSigned(describeDifferences(differences));
}
