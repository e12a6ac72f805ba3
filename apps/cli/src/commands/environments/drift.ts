import { DEFAULT_ENVIRONMENT, describePlan, type Drift, type ResourceDrift } from '@slipway/contracts';
import type { Command } from 'commander';
import type { PlanJob, RepairJob } from '@slipway/contracts/http';
import { withClient, type Session } from '../../command.js';
import { EXIT, UsageError, explain } from '../../exit.js';
import { describeDrift, describeItem } from '../../output/drift.js';
import { note, print, printValue } from '../../output/format.js';
import { runJob, waitOptions, type WaitFlags } from '../ops/run-job.js';

interface Flags extends WaitFlags {
  environment?: string;
  instance?: string;
  ignore?: string[];
  adopt?: boolean;
  repair?: boolean;
  yes?: boolean;
  reason?: string;
}

/** `slipway drift [--environment <name>] [--ignore <rule>]... [--adopt|--repair [--yes]] [<key>...]` */
export function drift(program: Command): void {
  const command = program
    .command('drift')
    .summary('how an environment is other than the log says; changes nothing')
    .description(
      'Compares what the log says is installed with what its drivers find, and names each difference. Exit code 0: none, 2: there are some, 4: not all could be asked. With --adopt what is found is taken into the log, and nothing at the place changes; with --repair it is brought back by a request for each instance. Both show first what they would do, and do it with --yes.',
    )
    .argument('[key...]', 'only these: storage/shop-data')
    .option('--environment <name>', 'which environment', DEFAULT_ENVIRONMENT)
    .option('--instance <name>', 'only what was made for it, and what it shares')
    .option('--ignore <rule>', 'not counted: a field, a key, or key:field, such as "storage/*:mode"; several times', listed)
    .option('--adopt', 'take what is found into the log, where it can be')
    .option('--repair', 'bring back what is other, where it can be')
    .option('--yes', 'with --adopt or --repair: do it; without, only what would be done is shown')
    .option('--reason <text>', 'with --adopt: why; it is recorded');
  waitOptions(command).action(
    withClient<[string[]], Flags>(async (session, flags, keys) => {
      if (flags.adopt && flags.repair) throw new UsageError('error: either --adopt or --repair');
      if (flags.yes && !flags.adopt && !flags.repair) throw new UsageError('error: --yes goes with --adopt or --repair');
      const found = only(keys, await ask(session, flags));
      if (flags.adopt) return adopt(session, flags, found);
      return flags.repair ? repair(session, flags, found) : tell(session, found);
    }),
  );
}

const listed = (rule: string, before: string[] = []): string[] => [...before, rule];

const ask = ({ client }: Session, { environment = DEFAULT_ENVIRONMENT, instance, ignore }: Flags): Promise<Drift> =>
  client.environments.drift(environment, {
    ...(instance !== undefined && { instanceId: instance }),
    ...(ignore && { ignore }),
  });

/** What of it is about some keys. */
function only(keys: readonly string[], found: Drift): Drift {
  if (keys.length === 0) return found;
  const items = found.items.filter(({ key }) => keys.includes(key));
  return { ...found, items, count: items.length, ignored: found.ignored.filter(({ key }) => keys.includes(key)) };
}

function tell({ options }: Session, found: Drift): number {
  if (options.output === 'table') print(describeDrift(found));
  else printValue(found, options.output);
  return exitOf(found);
}

const exitOf = ({ count, unknown }: Drift): number => {
  if (count > 0) return EXIT.drift;
  return unknown.length > 0 ? EXIT.notReachable : EXIT.done;
};

/** Shows what can be adopted and what cannot; with `--yes` adopts it. */
async function adopt(session: Session, { environment = DEFAULT_ENVIRONMENT, yes, reason }: Flags, found: Drift): Promise<number> {
  const { client, options } = session;
  const can = found.items.filter((item): item is ResourceDrift & { seen: string } => item.adoptable === true);
  const cannot = found.items.filter((item) => !can.some(({ key }) => key === item.key));
  if (!yes) {
    if (options.output !== 'table') return tell(session, found);
    print([...found.items.flatMap(describeItem), `${can.length} can be adopted, ${cannot.length} cannot.`].join('\n'));
    print(can.length > 0 ? 'Nothing has been changed. Adopt what can be with --yes.' : 'Nothing has been changed.');
    return exitOf(found);
  }
  const adopted: { key: string; generation: number; position: string }[] = [];
  let failed = cannot.length > 0;
  for (const { key, seen } of can) {
    try {
      const why = reason === undefined ? {} : { reason };
      adopted.push({ key, ...(await client.environments.adopt(environment, { key, seen, ...why })) });
    } catch (error) {
      failed = true;
      note(`${key}: ${explain(error).text}`);
    }
  }
  if (options.output === 'table') {
    for (const { key, generation } of adopted) print(`${key} generation ${generation} is recorded as it was found.`);
    for (const item of cannot) note(describeItem(item).join('\n'));
    if (cannot.length > 0) note(`${cannot.length} cannot be adopted.`);
  } else printValue({ adopted }, options.output);
  return failed ? EXIT.failed : EXIT.done;
}

/** A repair for each instance: its plan is shown; with `--yes` it is carried out, one after the other. */
async function repair(session: Session, flags: Flags, found: Drift): Promise<number> {
  const { client, options } = session;
  const jobs = repairsOf(found, flags);
  const plans = [];
  let worst = exitOf({ ...found, count: 0 });
  for (const job of jobs) {
    const plan = await client.plan({ job: 'repair', ...job } as PlanJob);
    plans.push(plan);
    if (options.output === 'table') print(`${job.instanceId}:\n${describePlan(plan)}`);
    if (plan.outcome === 'unsatisfied') worst = EXIT.unsatisfied;
    else if (flags.yes) worst = Math.max(worst, await runJob(session, flags, (one, more) => client.repair(one, more), job));
  }
  for (const item of found.items.filter((one) => jobOf(one, flags) === undefined)) {
    worst = Math.max(worst, EXIT.failed);
    note([...describeItem(item), `      ${item.drift === 'extra' ? NOBODYS : SHARED}`].join('\n'));
  }
  if (flags.yes) return worst;
  if (options.output !== 'table') printValue({ plans }, options.output);
  else if (jobs.length > 0) print('Carry it out with --yes.');
  else print(describeDrift(found));
  return worst === EXIT.unsatisfied ? worst : exitOf(found);
}

const NOBODYS = 'cannot be repaired: no stream says what it should be. Look at it, and remove it by hand';
const SHARED = 'is shared: name with --instance for whom it is to be repaired';

const jobOf = ({ instanceId, drift: kind }: ResourceDrift, { instance }: Flags): string | undefined =>
  kind === 'extra' ? undefined : (instanceId ?? instance);

/** A job for each instance. */
function repairsOf({ items }: Drift, flags: Flags): RepairJob[] {
  const jobs = new Map<string, RepairJob & { resources: string[] }>();
  for (const item of items) {
    const instanceId = jobOf(item, flags);
    if (instanceId === undefined) continue;
    const job = jobs.get(instanceId) ?? { instanceId, environment: flags.environment ?? DEFAULT_ENVIRONMENT, resources: [] };
    job.resources.push(item.key);
    jobs.set(instanceId, job);
  }
  return [...jobs.values()];
}
