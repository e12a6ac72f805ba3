import {
  readJob,
  readResource,
  ResolutionEnvironment,
  resolveRequirements,
  satisfies,
  Supply,
  type Resolution,
} from '@slipway/solver/resolution';
import { faultsOf, isPossible, type Model } from '@slipway/solver/testing';
import {
  byChance,
  chain,
  clashingDiamonds,
  definitionOf,
  diamonds,
  manyVersions,
  optional,
  textOf,
  usesAlong,
  usesApart,
  type BundleModel,
} from './bundle-models.js';
import { dieFrom } from './die.js';
import { Felix, type FelixAnswer } from './felix.js';
import { atLeast, atMost, beside, median, withExamples, type Figure } from './figure.js';

const BENCH = 'resolver-felix';
/** Rounds until both are warm; the JVM goes on compiling what runs longer, so it is measured once more after `LONG` of them. */
const WARM = 20;
const LONG = 150;

export const resolverFelixNotes = {
  about:
    'The resolver against that of Apache Felix (Debian: libfelix-resolver-java) on the same bundles, both warm, taking turns in one run: a ratio above 1 is ' +
    'how many times as fast ours is. Both find their bundles in an index that is there before; ours remembers with it what satisfies a bundle’s own requirement. Ours also ' +
    'leaves out what could be left out, and explains what cannot be. Each plan, Felix’s too, is held against an independent checker. Then models at which ' +
    'Felix gives up, and tiny ones by chance (SLIPWAY_SEED) of which enumeration says what is true.',
  notMeasured:
    'Singletons, which Felix leaves to whoever calls it; fragments; environments in which much is installed; memory. Optional imports cost a second search: what they bring is resolved on the environment as the plan leaves it. What runs on is compiled further by the JVM, and by less here: of the plainest shapes (chains, diamonds, optional imports), of which each resolution takes about 2 ms, Felix is the faster one in the end. The one model in which ours is larger: it takes the newer bundle, an optional import of which another one meets.',
};

const SHAPES: Record<string, () => BundleModel> = {
  'a chain of 300 in 5 versions': () => chain(300, 5),
  '100 diamonds': () => diamonds(100),
  '50 names in 50 versions': () => manyVersions(50, 50),
  'optional imports of 200': () => optional(200),
  'uses along a chain of 100': () => usesAlong(100),
  'uses that clash 50 times apart': () => usesApart(50),
  'a chain of 300 without an end': () => chain(300, 5, [{ name: 'nowhere' }]),
  '100 diamonds without an end': () => diamonds(100, () => [{ name: 'nowhere' }]),
};

/** Where Felix explodes, and what is true of each. */
const EXPLODING: Record<string, { model: () => BundleModel; outcome: Resolution['outcome'] }> = {
  '1,000 diamonds': { model: () => diamonds(1000), outcome: 'install' },
  '1,000 diamonds without an end': { model: () => diamonds(1000, () => [{ name: 'nowhere' }]), outcome: 'unsatisfied' },
  '200 diamonds with a clash': { model: () => clashingDiamonds(200), outcome: 'unsatisfied' },
  'a chain of 1,000 in 10 versions without an end': {
    model: () => chain(1000, 10, [{ name: 'nowhere' }]),
    outcome: 'unsatisfied',
  },
  'uses that clash 1,000 times apart': { model: () => usesApart(1000), outcome: 'install' },
};

/** Ratios to Apache Felix, shape by shape, and what each of the two makes of models by chance. */
export async function resolverFelixBench({ short }: { short: boolean }): Promise<Figure[]> {
  const felix = Felix.prepare();
  try {
    const figures: Figure[] = [];
    for (const [name, model] of Object.entries(SHAPES)) figures.push(...(await compared(name, model(), felix, short ? 3 : 30)));
    for (const [name, { model, outcome }] of Object.entries(EXPLODING))
      figures.push(...(await exploding(name, model(), outcome, felix, short)));
    return [...figures, ...(await byChanceFigures(felix, short ? 200 : 5_000))];
  } finally {
    await felix.stop();
  }
}

async function compared(name: string, model: BundleModel, felix: Felix, rounds: number): Promise<Figure[]> {
  const own = new Own(model);
  const times = { own: [] as number[], felix: [] as number[] };
  let answers: { ours: Resolution; theirs: FelixAnswer } | undefined;
  const last = rounds + (rounds >= WARM ? LONG : 0);
  for (let round = -WARM; round < last; round++) {
    const ours = own.resolve();
    const theirs = await felix.resolve(model);
    answers = { ours: ours.resolution, theirs };
    if (round < 0) continue;
    times.own.push(ours.milliseconds);
    times.felix.push(theirs.milliseconds);
  }
  const { ours, theirs } = answers!;
  const ratios = times.felix.map((one, round) => one / times.own[round]!);
  assertRight(name, own, ours, theirs.outcome === 'resolved' ? 'install' : 'unsatisfied');
  const size =
    'selected' in ours
      ? [atMost(BENCH, `${name}: bundles, more than Felix takes`, ours.selected.length - sizeOf(theirs), 0, 'bundles')]
      : [];
  return [
    atLeast(BENCH, `${name}: times as fast as Felix`, median(ratios.slice(0, rounds)), 1),
    ...(last > rounds
      ? [atLeast(BENCH, `${name}: times as fast as Felix, after ${LONG} rounds`, median(ratios.slice(-rounds)), 1)]
      : []),
    beside(BENCH, `${name}: ours`, median(times.own.slice(-rounds)), 'ms'),
    ...size,
  ];
}

async function exploding(
  name: string,
  model: BundleModel,
  expected: Resolution['outcome'],
  felix: Felix,
  short: boolean,
): Promise<Figure[]> {
  const own = new Own(model);
  const times: number[] = [];
  for (let round = 0; round < (short ? 2 : 5); round++) {
    const { resolution, milliseconds } = own.resolve();
    assertRight(name, own, resolution, expected);
    times.push(milliseconds);
  }
  const { outcome, milliseconds } = await felix.resolve(model, short ? 2_000 : 30_000);
  const isOther = outcome !== 'undecided' && (outcome === 'resolved') !== (expected === 'install');
  if (isOther) throw new Error(`${name}: ${expected}, and ${outcome} for Felix`);
  return [
    atMost(BENCH, `${name}: ours, longest`, Math.max(...times), 1_000, 'ms'),
    beside(BENCH, `${name}: Felix${outcome === 'undecided' ? ', given up' : ''}`, milliseconds, 'ms'),
  ];
}

/** Throws with what is wrong about an answer of ours. */
function assertRight(name: string, own: Own, resolution: Resolution, expected: Resolution['outcome']): void {
  if (resolution.outcome !== expected) throw new Error(`${name}: ${resolution.outcome} instead of ${expected}`);
  const faults = 'selected' in resolution ? own.faults(resolution) : [];
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 5).join('; ')}`);
}

/** Who is right about tiny models, where the two differ; of each way to differ a few are shown. */
async function byChanceFigures(felix: Felix, count: number): Promise<Figure[]> {
  const die = dieFrom(Number(process.env.SLIPWAY_SEED ?? 1));
  const found: Record<Difference, string[]> = {
    wrong: [],
    larger: [],
    more: [],
    smaller: [],
    felixWrong: [],
    felixInconsistent: [],
  };
  for (let one = 0; one < count; one++) {
    const model = byChance(die);
    const difference = differenceOf(new Own(model), await felix.resolve(model));
    for (const [kind, told] of difference) found[kind].push(`${told}; of ${textOf(model)}`);
  }
  const models = `of ${count} by chance`;
  const shown = (kind: Difference, figure: Figure): Figure => withExamples(figure, shortest(found[kind]));
  return [
    shown('wrong', atMost(BENCH, `${models}: ours wrong`, found.wrong.length, 0, 'models')),
    shown(
      'larger',
      atMost(BENCH, `${models}: ours larger than Felix’s, where that is consistent`, found.larger.length, 0, 'models'),
    ),
    shown(
      'more',
      beside(BENCH, `${models}: ours larger for an optional import that Felix leaves out`, found.more.length, 'models'),
    ),
    shown('smaller', beside(BENCH, `${models}: ours smaller`, found.smaller.length, 'models')),
    shown('felixWrong', beside(BENCH, `${models}: impossible for Felix, and possible`, found.felixWrong.length, 'models')),
    shown(
      'felixInconsistent',
      beside(BENCH, `${models}: Felix’s plan fails the checker`, found.felixInconsistent.length, 'models'),
    ),
  ];
}

type BundlePlan = Parameters<typeof faultsOf>[1];

/** How the two may differ, or ours from what is true. */
type Difference = 'wrong' | 'larger' | 'more' | 'smaller' | 'felixWrong' | 'felixInconsistent';

function differenceOf(own: Own, theirs: FelixAnswer): [Difference, string][] {
  const found: [Difference, string][] = [];
  const ours = own.resolve().resolution;
  const isInstalled = 'selected' in ours;
  const possible = isPossible(own.model);
  const faults = isInstalled ? own.faults(ours) : [];
  const plan = isInstalled ? ours.selected.map(({ resource }) => resource.id).join(', ') : ours.outcome;
  if (possible !== isInstalled || faults.length > 0) found.push(['wrong', `ours ${plan} ${faults.slice(0, 1).join('')}`]);
  if (theirs.outcome === 'unresolvable' && possible) found.push(['felixWrong', `ours ${plan}`]);
  if (theirs.outcome !== 'resolved') return found;
  const theirPlan = planOf(theirs, own);
  const faultsOfTheirs = own.faults(theirPlan);
  const both = `ours ${plan}, Felix ${theirs.bundles.filter((bundle) => bundle !== '@0').join(', ')}`;
  if (faultsOfTheirs.length > 0) return [...found, ['felixInconsistent', `${both} (${faultsOfTheirs[0]})`]];
  if (isInstalled && ours.selected.length > sizeOf(theirs)) found.push([leavesOut(theirPlan, ours) ? 'more' : 'larger', both]);
  if (isInstalled && ours.selected.length < sizeOf(theirs)) found.push(['smaller', both]);
  return found;
}

/** Whether something that is in both has an optional import in ours, and not in theirs. */
function leavesOut(theirs: BundlePlan, ours: BundlePlan): boolean {
  const has = ({ wires }: BundlePlan) => new Set(wires.map(({ from, requirement }) => `${from} ${requirement}`));
  const [inTheirs, present] = [has(theirs), new Set(theirs.selected.map(({ key }) => key))];
  return ours.wires.some(({ from, requirement }) => present.has(from) && !inTheirs.has(`${from} ${requirement}`));
}

/** How many differences of a kind are shown. */
const SHOWN = 3;
const shortest = (differences: readonly string[]): string[] =>
  differences.toSorted((a, b) => a.length - b.length).slice(0, SHOWN);

const sizeOf = ({ bundles }: FelixAnswer): number => bundles.length - 1;

/** A model as our side has it. */
class Own {
  readonly model: Model;
  readonly #repository: Supply;
  readonly #environment = new ResolutionEnvironment({ resources: [] });

  constructor({ bundles, asked }: BundleModel) {
    const repository = bundles.map((one) => readResource(definitionOf(one)));
    const needs = asked.map((name) => ({ namespace: 'slipway.identity', attributes: { name } }));
    this.model = { repository, asked: readJob(needs), installed: { resources: [], wires: [], upgradable: [] } };
    this.#repository = new Supply(repository);
  }

  resolve(): { resolution: Resolution; milliseconds: number } {
    const began = performance.now();
    const resolution = resolveRequirements({
      environment: this.#environment,
      repository: this.#repository,
      requirements: this.model.asked,
      limits: { milliseconds: 60_000 },
      now: () => performance.now(),
    });
    return { resolution, milliseconds: performance.now() - began };
  }

  faults(plan: Parameters<typeof faultsOf>[1]): string[] {
    return faultsOf(this.model, plan);
  }
}

/** What Felix answered, as our checker takes it. */
function planOf({ bundles, wires }: FelixAnswer, { model }: Own): BundlePlan {
  const idOf = (bundle: string) => (bundle === '@0' ? '' : `${bundle}.0.0`);
  const selected = bundles
    .filter((bundle) => bundle !== '@0')
    .map((bundle) => ({
      key: idOf(bundle),
      resource: model.repository.find(({ id }) => id === idOf(bundle))!,
      within: [],
    }));
  const told = wires.map(({ from, import: at, to, export: offer }) => ({
    from: idOf(from),
    requirement: from === '@0' ? model.asked[at]!.name : String(at),
    to: idOf(to),
    // Ours begin with the definition's identity, and then with the bundle's.
    capability: offer === 0 ? 0 : offer + 1,
  }));
  // Felix tells no wire where a bundle has itself what it needs.
  const own = selected.flatMap(({ key, resource: { requirements, capabilities } }) =>
    requirements.flatMap((one) => {
      const capability = capabilities.findIndex((offered) => satisfies(offered, one));
      const isTold = told.some(({ from, requirement }) => from === key && requirement === one.name);
      return isTold || capability < 0 ? [] : [{ from: key, requirement: one.name, to: key, capability }];
    }),
  );
  return { selected, wires: [...told, ...own], replaced: [] };
}
