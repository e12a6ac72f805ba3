import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readJob, readResource, ResolutionEnvironment, resolveRequirements, Supply } from '@slipway/solver/resolution';
import { dieFrom } from './die.js';
import { atLeast, beside, median, type Figure } from './figure.js';
import { LinesOf } from './lines-of.js';
import { requireFiles, Skipped } from './skipped.js';
import { clashApart, definitionOf, lateDeadEnd, nameOf, realistic, type VersionModel } from './version-models.js';

const BENCH = 'resolver-resolvelib';
/** Rounds until both are warm. */
const WARM = 20;
const PYTHON = '/usr/bin/python3';
const HARNESS = fileURLToPath(new URL('../python/resolvelib_harness.py', import.meta.url));

export const resolverResolvelibNotes = {
  about:
    'The resolver against resolvelib, which pip is built on (Debian: python3-resolvelib), on the same definitions of which there can be one version each, both ' +
    'warm, taking turns in one run: a ratio is how many times as fast ours is. Its provider is the simplest that its examples allow.',
  notMeasured:
    'What a language does by itself: CPython 3.11 against V8. Several versions side by side, which resolvelib does not know.',
};

const MODELS: Record<string, () => VersionModel> = {
  '300 names in 10 versions': () => ({ entries: realistic(300, 10, dieFrom(1)), asked: [0, 1, 2, 3, 4].map(nameOf) }),
  'a late dead end, 30 names in 8 versions': () => lateDeadEnd(30, 8),
  'a clash with 100 others between, 10 versions': () => clashApart(100, 10),
};

/** Ratios to resolvelib, model by model. */
export async function resolverResolvelibBench({ short }: { short: boolean }): Promise<Figure[]> {
  requireFiles({ [PYTHON]: 'python3' });
  if (spawnSync(PYTHON, ['-c', 'import resolvelib']).status !== 0)
    throw new Skipped('no resolvelib here (Debian: python3-resolvelib)');
  const resolvelib = new LinesOf(PYTHON, [HARNESS]);
  try {
    const figures: Figure[] = [];
    for (const [name, model] of Object.entries(MODELS))
      figures.push(...(await compared(name, model(), resolvelib, short ? 3 : 20)));
    return figures;
  } finally {
    await resolvelib.stop();
  }
}

async function compared(name: string, model: VersionModel, resolvelib: LinesOf, rounds: number): Promise<Figure[]> {
  const repository = new Supply(model.entries.map((one) => readResource(definitionOf(one))));
  const requirements = readJob(model.asked.map((one) => ({ namespace: 'slipway.identity', attributes: { name: one } })));
  const environment = new ResolutionEnvironment({ resources: [] });
  const times = { own: [] as number[], theirs: [] as number[] };
  for (let round = -WARM; round < rounds; round++) {
    const began = performance.now();
    const ours = resolveRequirements({ environment, repository, requirements, now: () => performance.now() });
    const own = performance.now() - began;
    const load = round === -WARM ? inLines(model) : '';
    const answer = await resolvelib.ask(`${load}run\n`, 120_000);
    if (answer === undefined) throw new Error(`${name}: resolvelib takes more than two minutes`);
    const [outcome, nanoseconds] = answer.split('\t') as [string, string];
    if ('selected' in ours !== (outcome === 'resolved'))
      throw new Error(`${name}: ${ours.outcome}, and ${outcome} for resolvelib`);
    if (round < 0) continue;
    times.own.push(own);
    times.theirs.push(Number(nanoseconds) / 1e6);
  }
  const ratio = median(times.theirs.map((one, round) => one / times.own[round]!));
  return [
    atLeast(BENCH, `${name}: times as fast as resolvelib`, ratio, 5),
    beside(BENCH, `${name}: ours`, median(times.own), 'ms'),
  ];
}

const inLines = ({ entries, asked }: VersionModel): string =>
  [
    'clear\n',
    ...entries.flatMap(({ name, version, needs }) => [
      `version\t${name}\t${version}\n`,
      ...needs.map((one) => `need\t${one.name}\t${one.from}\t${one.below}\n`),
    ]),
    ...asked.map((name) => `ask\t${name}\n`),
  ].join('');
