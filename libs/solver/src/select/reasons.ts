import { SERVICE, type PlanExplanation, type Place, type Requirement, type Unsatisfied } from '@slipway/contracts';
import { isShared } from '../bundle.js';
import type { Catalogue, PinnedDefinition } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import {
  artefactUnfit,
  circular,
  inWords,
  ifHealthy,
  noDriver,
  noService,
  notHealthy,
  nothingFor,
  otherVersionShared,
} from '../explain.js';
import type { Failure } from '../definition/part.js';
import { whyUnfit } from '../definition/placing.js';
import { identityOf, needsOf } from '../requirement.js';
import type { Cause, Way } from '../resolution/cause.js';
import { wouldProvide } from '../resolution/fix.js';
import { namesOfServices, servicesAway } from '../installed/services.js';
import type { Standings } from '../installed/standing.js';
import type { Resolution } from '../resolution/resolution.js';

type Unsolved = Extract<Resolution, { outcome: 'unsatisfied' }>;

interface ReasonsInput {
  /** What was asked for. */
  requirement: Requirement;
  place: Place;
  catalogue: Catalogue;
  environment: EnvironmentView;
  standings?: Standings | undefined;
  pinnedOf: (id: string) => PinnedDefinition | undefined;
  /** Of definitions whose artefacts go nowhere beside what else the plan brings there: why. */
  unfitAs?: ReadonlyMap<string, string>;
}

/** What the resolver found to be impossible, in the words of a plan: the deepest first, each with who requires it. */
export function failureOf({ explanation, besides }: Unsolved, input: ReasonsInput): Failure {
  const causes = [...explanation.causes, ...besides];
  const reasons = causes.flatMap((cause) => reasonsOf(cause, input));
  const told = new Map(reasons.map((one) => [`${one.chain.join(' ')}\n${one.requirement}\n${one.message}`, one]));
  const healthy = new Map(causes.flatMap((cause) => healthyInstead(cause, input)));
  const unsatisfied = [...told.values()].toSorted((a, b) => b.chain.length - a.chain.length);
  const upgrades = explanation.fixes.flatMap(({ about }) => about ?? []);
  return {
    unsatisfied: within(unsatisfied),
    explanation: inPlan(explanation, healthy),
    ...(upgrades.length > 0 && { upgrades }),
  };
}

/** Characters of all that is named: it is recorded in one event. */
const CHARACTERS = 24_000;
/** Lines that are told at either end of a longer explanation, and ids at either end of a longer chain. */
const TOLD = 50;

/** As many as may be recorded, and the first whatever it takes. */
function within(all: readonly Unsatisfied[]): Unsatisfied[] {
  const told: Unsatisfied[] = [];
  let characters = 0;
  for (const one of all) {
    const short = { ...one, chain: bothEnds(one.chain, (left) => `… (${left} more)`) };
    characters += JSON.stringify(short).length;
    if (told.length > 0 && characters > CHARACTERS) break;
    told.push(short);
  }
  return told;
}

const bothEnds = <T>(all: readonly T[], between: (left: number) => T): T[] =>
  all.length <= 2 * TOLD + 1 ? [...all] : [...all.slice(0, TOLD), between(all.length - 2 * TOLD), ...all.slice(-TOLD)];

const inPlan = ({ lines, fixes }: Unsolved['explanation'], healthy: ReadonlyMap<string, string>): PlanExplanation => ({
  lines: bothEnds(lines, (left): (typeof lines)[number] => ({ because: `… (${left} more)` })).map(
    ({ suppose, because, therefore }) => ({
      ...(suppose !== undefined && { suppose }),
      ...(because !== undefined && { because }),
      ...(therefore !== undefined && { therefore }),
    }),
  ),
  // Whether an upgrade would do is told by who plans it as well: drivers and users have a say.
  fixes: fixes.filter(({ about }) => about === undefined).map(({ message }) => healthy.get(message) ?? message),
});

/** The fix that something else provides a service, and in its place that what is there already were healthy. */
function healthyInstead({ kind, requirement, ways: [way] }: Cause, input: ReasonsInput): [fix: string, instead: string][] {
  if (kind !== 'requires' || requirement === undefined || !way || !input.standings) return [];
  const away = servicesAway(neededBy(way, input), input.environment, input.standings);
  return away.length === 0 ? [] : [[wouldProvide(requirement), ifHealthy(away.map(({ name }) => name))]];
}

function reasonsOf(cause: Cause, input: ReasonsInput): Unsatisfied[] {
  const { kind, ways, circle } = cause;
  const { catalogue, place, pinnedOf, unfitAs } = input;
  const [way = { chain: [], requirement: '' }] = ways;
  const asked = neededBy(way, input);
  const { chain } = way;
  const plain = (reason: Unsatisfied['reason']): Unsatisfied => ({
    chain,
    requirement: cause.requirement ?? inWords(asked),
    reason,
    message: cause.message,
  });
  const { environment, standings } = input;
  const away = standings ? servicesAway(asked, environment, standings) : [];
  if (away.length > 0) return [{ chain, ...notHealthy(asked, away) }];
  if (standings && asked.namespace === SERVICE && catalogue.candidates(asked).length === 0)
    return [{ chain, ...noService(asked, namesOfServices(environment, standings)) }];
  if (kind === 'requires')
    return [catalogue.candidates(asked).length > 0 ? plain('clash') : { chain, ...nothingFor(asked, catalogue) }];
  if (kind === 'excluded')
    return ways.flatMap((one) => {
      const made = pinnedOf(one.to ?? '');
      if (!made) return [];
      const needed = neededBy(one, input);
      const unfit = unfitAs?.get(one.to!) ?? whyUnfit(made.definition);
      return [
        { chain: one.chain, ...(unfit === undefined ? noDriver(needed, made.definition, place) : artefactUnfit(needed, unfit)) },
      ];
    });
  if (kind === 'circular') return [{ chain, ...circular(asked, [...circle!, circle![0]!]) }];
  if (kind === 'singleton') return singletonReasons(cause, input);
  if (kind === 'capacity') return [plain('no-capacity')];
  // That it is installed is part of what it clashes with.
  return kind === 'installed' ? [] : [plain('clash')];
}

/** One version of what is shared stands against another. */
function singletonReasons({ ways, message, about }: Cause, input: ReasonsInput): Unsatisfied[] {
  const { environment, pinnedOf } = input;
  const there = about.find((id) => environment.has(id));
  const wanted = ways.filter(({ to }) => to !== undefined && !environment.has(to));
  return (there === undefined ? wanted.slice(0, 1) : wanted).map((way): Unsatisfied => {
    const asked = neededBy(way, input);
    const one = pinnedOf(way.to!)!;
    if (!isShared(one.definition)) return { chain: way.chain, requirement: inWords(asked), reason: 'no-version', message };
    const other = there === undefined ? about.find((id) => id !== way.to)! : identityOf(environment.get(there)!.definition);
    return { chain: way.chain, ...otherVersionShared(asked, one, other, there) };
  });
}

/** The requirement that a way ends with. */
function neededBy(
  { chain, requirement }: Way,
  { requirement: root, pinnedOf, environment, catalogue }: ReasonsInput,
): Requirement {
  const by = chain.at(-1);
  if (by === undefined) return root;
  const installed = environment.get(by);
  const definition = installed ? catalogue.get(installed.definition)?.definition : pinnedOf(by)?.definition;
  return (definition && needsOf(definition).find(({ name }) => name === requirement)?.requirement) ?? { namespace: requirement };
}
