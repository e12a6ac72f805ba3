import { SlipwayError, resourceKey, type Installed, type Requirement } from '@slipway/contracts';
import { JOB, candidatesAskedFor, type Asked as AskedFor } from '../definition/asked-for.js';
import { besideInVain } from './beside.js';
import type { Catalogue, PinnedDefinition } from '../definition/catalogue.js';
import { distanceAt } from '../definition/driver.js';
import type { EnvironmentView } from '../installed/environment.js';
import { nameInUse, nothingFor } from '../explain.js';
import { InstalledView } from './installed-view.js';
import { askedBy } from '../definition/matches.js';
import type { Failure, Selection } from '../definition/part.js';
import { partsOf } from './parts.js';
import { rankIn } from '../definition/preferred.js';
import { failureOf } from './reasons.js';
import { IDENTITY, identityOf } from '../requirement.js';
import type { Budget } from '../resolution/budget.js';
import type { Order } from '../resolution/problem.js';
import { resolveRequirements, type Resolution } from '../resolution/resolution.js';
import { textOf, type Requirement as Asked, type Resource } from '../resolution/resource.js';
import { Supply, byPreference } from '../resolution/supply.js';
import { WithServices } from '../installed/services.js';
import type { Standings } from '../installed/standing.js';
import { resourceAt, supplyAt } from './supply-at.js';
import { unlessTooMuch } from './too-much.js';
import type { Upgradable } from '../upgrade/upgradable.js';
import { withTheirOwn, without } from './without.js';

export interface SelectInput extends AskedFor {
  environment: EnvironmentView;
  instanceId: string;
  /** As the instance stands, of an update: what satisfies a requirement of its parts is taken again. */
  former?: EnvironmentView | undefined;
  /** How instances stand; what none is told of offers no service. */
  standings?: Standings | undefined;
  /** What may be upgraded, by key. */
  upgradable?: ReadonlyMap<string, Upgradable> | undefined;
  /** Definitions that come before others, `name` or `name@range`, the first before the next. */
  prefer?: readonly string[] | undefined;
  /** What the plan may cost, with all that is looked at for it. */
  budget: Budget;
}

/**
 * Finds what satisfies a requirement, with all that this needs in turn: what is installed and shared, then the catalogue's definitions,
 * those before others that the instance has been made of already, then those that are preferred, and where a requirement names none, those of
 * the place's first drivers. What may be upgraded is, where nothing else does. Throws `undecided` when the limits are reached.
 */
export function select(requirement: Requirement, input: SelectInput): Selection | Failure {
  const { catalogue, environment, place, standings, budget, upgradable = new Map<string, Upgradable>() } = input;
  const asked = askedBy(requirement);
  const supply = supplyAt(catalogue, place);
  const installed = new InstalledView({ environment, catalogue, supply, upgradable: upgradable.keys() });
  const isThere = asked !== undefined && installed.offers(asked).some(({ resource }) => resource.shared);
  const candidates = isThere ? [] : candidatesAskedFor(requirement, input);
  if (asked === undefined || (!isThere && candidates.length === 0)) return failed(nothingFor(requirement, catalogue));
  const roots = candidates.filter((one) => !occupantOf(one, input));
  if (candidates.length > 0 && roots.length === 0)
    return failed(nameInUse(requirement, occupantOf(candidates[0]!, input)!, input.instanceId));

  const asChosen = chosenVersions(upgradable);
  const offered = repositoryWith(roots, asChosen, input);
  const around = standings ? new WithServices(installed, environment, standings) : installed;
  const pinnedOf = (id: string) =>
    asChosen.get(id) ?? roots.find(({ definition }) => identityOf(definition) === id) ?? pinnedBy(id, input);
  const resolvedWithout = (standing: ReadonlySet<string>, unfitAs: ReadonlyMap<string, string>) => {
    const repository = withoutUnfit(offered, unfitAs);
    const order = orderFor(input, asked, standing);
    const requirements = [asked];
    const answer = resolveRequirements({
      environment: around,
      repository,
      requirements,
      order,
      budget,
    });
    if (answer.outcome === 'undecided') throw undecided(answer);
    if (answer.outcome === 'unsatisfied')
      return failureOf(answer, { requirement, place, catalogue, environment, standings, pinnedOf, unfitAs });
    const upgraded = new Map(answer.replaced.map(({ old, by }) => [by.id, environment.get(old.id)!]));
    const left = without(environment, withTheirOwn([...upgraded.values()], environment, catalogue));
    return partsOf(answer, { ...input, environment: left, around: environment, repository, order, standing, pinnedOf, upgraded });
  };
  const resolved = (standing: ReadonlySet<string>) =>
    withArtefactsThatFit((unfitAs) => resolvedWithout(standing, unfitAs), environment, catalogue);
  const standing = standingFor(input);
  const found = resolved(standing);
  if ('unsatisfied' in found) return found;
  // What stands for one requirement would do for another one too, and be made again for that: then it is left where it is.
  const otherwise = found.made > 0 && standing.size > 0 && !input.former ? unlessTooMuch(() => resolved(NOTHING)) : found;
  return otherwise && 'made' in otherwise && otherwise.made < found.made ? otherwise : found;
}

/** That the limits were reached, with what was seen until then: as a text, and as data. */
function undecided({ limit, soFar }: Extract<Resolution, { outcome: 'undecided' }>): SlipwayError {
  const { text, ...details } = soFar;
  const said = `What is asked for was not decided within the limit of ${limit}${text === '' ? '' : `. ${text}`}`;
  return new SlipwayError('undecided', said, { limit, ...details });
}

/** What could be upgraded to what, by its id, where that differs from what the repository says: choices were made for it. */
const chosenVersions = (upgradable: ReadonlyMap<string, Upgradable>): Map<string, PinnedDefinition> =>
  new Map(
    [...upgradable.values()]
      .filter(({ there }) => there.offerings ?? there.requirements)
      .flatMap(({ versions }) => versions.map((one) => [identityOf(one.definition), one])),
  );

/** What can be installed: what was asked for, and what could be upgraded, as they were chosen. */
function repositoryWith(
  roots: readonly PinnedDefinition[],
  asChosen: ReadonlyMap<string, PinnedDefinition>,
  input: SelectInput,
): Supply {
  const { catalogue, place } = input;
  const supply = supplyAt(catalogue, place);
  const asked = roots[0]?.definition.name;
  const withRoots =
    asked === undefined
      ? supply
      : supply.with(
          asked,
          roots.map((one) => rootAt(one, input)),
        );
  const names = new Set([...asChosen.values()].map(({ definition }) => definition.name));
  if (names.size === 0) return withRoots;
  const versions = [...names].flatMap((name) => withRoots.named(name));
  return new Supply(
    versions.map((one) => {
      const chosen = asChosen.get(one.id);
      return chosen ? resourceAt(chosen, place) : one;
    }),
    withRoots,
    names,
  );
}

type Resolved = (Selection & { made: number }) | Failure;

/** How often another choice is looked for where artefacts do not fit beside each other. */
const OTHER_CHOICES = 16;

/**
 * What a target takes beside what is there is known when it is known what goes where: where something does not fit, the way without it is
 * looked at, then the one without what it does not fit beside. Where there is none, why the first does not fit is the answer.
 */
function withArtefactsThatFit(
  resolve: (unfitAs: ReadonlyMap<string, string>) => Resolved,
  environment: EnvironmentView,
  catalogue: Catalogue,
): Resolved {
  let left = OTHER_CHOICES;
  const attempt = (unfitAs: ReadonlyMap<string, string>): Resolved => {
    const found = resolve(unfitAs);
    const roots = 'root' in found ? [found.root, ...found.upgrades.map(({ part }) => ({ part }))] : [];
    const vain = roots.map((one) => besideInVain(one, environment, catalogue)).find((one) => one !== undefined);
    if (!vain) return found;
    let first: Resolved | undefined;
    for (const id of vain.either) {
      if (left-- <= 0) break;
      const otherwise = attempt(new Map([...unfitAs, [id, vain.message]]));
      if ('root' in otherwise) return otherwise;
      first ??= otherwise;
    }
    return first ?? failed({ requirement: vain.either[0]!, reason: 'artefact-unfit', message: vain.message });
  };
  return attempt(new Map());
}

/** A supply in which these cannot be had. */
function withoutUnfit(supply: Supply, unfitAs: ReadonlyMap<string, string>): Supply {
  const names = new Set([...unfitAs.keys()].flatMap((id) => supply.get(id)?.name ?? []));
  return [...names].reduce((all, name) => {
    const resources = all.named(name).map((one) => (unfitAs.has(one.id) ? { ...one, excluded: unfitAs.get(one.id)! } : one));
    return all.with(name, resources);
  }, supply);
}

const NOTHING: ReadonlySet<string> = new Set();

const failed = (reason: ReturnType<typeof nothingFor>): Failure => ({ unsatisfied: [{ chain: [], ...reason }] });

/** What has the name that a definition's resource would get as what was asked for. */
const occupantOf = (
  { definition: { type } }: PinnedDefinition,
  { environment, instanceId }: SelectInput,
): Installed | undefined => type && environment.get(resourceKey({ kind: type, name: instanceId }));

/** What was asked for, as the resolver sees it. What stands for a job that names no definition offers what such a job asks for. */
function rootAt(pinned: PinnedDefinition, { place }: SelectInput): Resource {
  const resource = resourceAt(pinned, place);
  if (pinned.definition.name !== JOB.name) return resource;
  const all = { namespace: 'slipway.job', attributes: new Map(), uses: [] };
  return { ...resource, capabilities: [...resource.capabilities, all] };
}

function pinnedBy(id: string, { catalogue }: SelectInput): PinnedDefinition | undefined {
  const at = id.indexOf('@');
  return catalogue.get({ name: id.slice(0, at), version: id.slice(at + 1) });
}

/**
 * What the instance's parts are made of, or were before an update, and what was made for that alone which may be upgraded; what was asked for
 * by itself, and what may be upgraded itself, is not among these.
 */
function standingFor({ environment, catalogue, former, instanceId, upgradable }: SelectInput): ReadonlySet<string> {
  const stood = [...environment.madeFor(instanceId), ...(former?.madeFor(instanceId) ?? [])];
  const mine = stood.filter(({ name }) => name !== instanceId);
  const theirs = [
    ...withTheirOwn(
      [...(upgradable?.values() ?? [])].map(({ there }) => there),
      environment,
      catalogue,
    ),
  ];
  const below = theirs.filter(([key]) => !upgradable?.has(key)).map(([, one]) => one);
  return new Set([...mine, ...below].map(({ definition }) => identityOf(definition)));
}

/**
 * What stands comes first, but not as what was asked for by itself; then what is preferred; then, where no definition is named, what the place's
 * first driver makes.
 */
function orderFor({ catalogue, place, prefer = [] }: SelectInput, root: Asked, standing: ReadonlySet<string>): Order {
  const before = ({ id }: Resource) => Number(!standing.has(id));
  const rank = rankIn(prefer);
  const distances = new Map<string, number>();
  const distance = ({ id, name, version }: Resource) => {
    const known = distances.get(id) ?? distanceAt(place, catalogue.get({ name, version: version.text })?.definition ?? JOB);
    distances.set(id, known);
    return known;
  };
  return (a, b, requirement) => {
    const { namespace, attributes } = requirement;
    const isNamed = namespace === IDENTITY && typeof attributes.get('name') === 'string';
    return (
      (textOf(requirement) === textOf(root) ? 0 : before(a.resource) - before(b.resource)) ||
      further(rank(a.resource), rank(b.resource)) ||
      (isNamed ? 0 : further(distance(a.resource), distance(b.resource))) ||
      byPreference(a, b)
    );
  };
}

/** Infinite ones are equally far. */
const further = (mine: number, theirs: number): number => (mine === theirs ? 0 : mine - theirs);
