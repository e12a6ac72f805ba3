import { readJob, readResource, ResolutionEnvironment, resolveRequirements, Supply } from '@slipway/solver/resolution';
import { dieFrom } from './die.js';
import { atMost, beside, median, percentile, type Figure } from './figure.js';
import { definitionOf, nameOf, realistic } from './version-models.js';

const BENCH = 'resolver-curve';
const VERSIONS = 10;

export const resolverCurveNotes = {
  about:
    'Definitions as repositories have them: each name in 10 versions, which need up to three names that come a little later, in ranges around their own version; of ' +
    'each name there can be one version. First what a few names need of 1,000, asked for by chance (SLIPWAY_SEED); then all that one needs, whose plan grows with the ' +
    'repository, from 10² to 10⁵ definitions. The index of the repository is there before; it is made once for each.',
  notMeasured: 'Making the index; what a plan costs beside its resolution; models without a plan.',
};

/** How long a plan takes of a repository of some size, and how that grows. */
export async function resolverCurveBench({ short }: { short: boolean }): Promise<Figure[]> {
  const seed = Number(process.env.SLIPWAY_SEED ?? 1);
  const times = byChance(new Asking(1_000, seed), dieFrom(seed), short ? 60 : 1_000);
  const sizes = (short ? [10, 100, 1_000] : [10, 100, 1_000, 10_000]).map((names) => ({
    names,
    ms: whole(new Asking(names, seed), short),
  }));
  return [
    atMost(BENCH, 'a few of 1,000 names in 10 versions, p99', percentile(times, 0.99), 100, 'ms'),
    beside(BENCH, 'a few of 1,000 names in 10 versions, median', median(times), 'ms'),
    ...sizes.map(({ names, ms }) => beside(BENCH, `all that one needs of ${names * VERSIONS} definitions`, ms, 'ms')),
    atMost(BENCH, 'growth with the definitions', slopeOf(sizes.map(({ names, ms }) => [names, ms])), 1.2, 'log-log slope'),
  ];
}

/** A repository of so many names. */
class Asking {
  readonly #repository: Supply;
  readonly #environment = new ResolutionEnvironment({ resources: [] });

  constructor(
    readonly names: number,
    seed: number,
  ) {
    this.#repository = new Supply(realistic(names, VERSIONS, dieFrom(seed)).map((one) => readResource(definitionOf(one))));
  }

  /** Milliseconds that it takes. */
  for(...names: string[]): number {
    const requirements = readJob(names.map((name) => ({ namespace: 'slipway.identity', attributes: { name } })));
    const began = performance.now();
    const { outcome } = resolveRequirements({
      environment: this.#environment,
      repository: this.#repository,
      requirements,
      limits: { milliseconds: 60_000 },
      now: () => performance.now(),
    });
    if (outcome !== 'install') throw new Error(`${names.join(', ')} of ${this.names}: ${outcome}`);
    return performance.now() - began;
  }
}

function byChance(asking: Asking, die: () => number, count: number): number[] {
  const some = () => Array.from({ length: 1 + Math.floor(die() * 5) }, () => nameOf(Math.floor(die() * asking.names)));
  for (let warm = 0; warm < 20; warm++) asking.for(...some());
  return Array.from({ length: count }, () => asking.for(...some()));
}

/** All that the first of them needs, once it is warm. */
function whole(asking: Asking, short: boolean): number {
  const rounds = Array.from({ length: short ? 4 : 12 }, () => asking.for(nameOf(0), nameOf(1), nameOf(2)));
  return median(rounds.slice(Math.ceil(rounds.length / 4)));
}

/** Of a straight line through the logarithms: least squares. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: 0 | 1) => logs.reduce((sum, one) => sum + one[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, one) => sum + (one[0] - x) * (one[1] - y), 0);
  return covariance / logs.reduce((sum, one) => sum + (one[0] - x) ** 2, 0);
}
