import {
  RESOURCE_KINDS,
  SlipwayError,
  resourceKey,
  targetRequirementOf,
  type CapabilityRequirement,
  type Installed,
  type JsonObject,
  type Needed,
  type Plan,
  type PlanStep,
  type Requirement,
  type ResolveQuery,
  type Unsatisfied,
  type Wire,
} from '@slipway/contracts';
import { JOB, NOTHING_NAMED, neededBeside, withKept, type Asked } from '../definition/asked-for.js';
import { asInstalled } from '../installed/as-installed.js';
import { isShared } from '../bundle.js';
import type { Catalogue } from '../definition/catalogue.js';
import { compared } from '../upgrade/comparison.js';
import { driverAt } from '../definition/driver.js';
import { withAllTheyUse, type EnvironmentView } from '../installed/environment.js';
import { lacking, nameInUse, noLocation, otherKind, upgradeWouldDo } from '../explain.js';
import { matches, provides } from '../definition/matches.js';
import { inStepOrder } from '../plan/order.js';
import { offeredWith, valuesOf, valuesWithin } from '../definition/offerings.js';
import { withPlacement } from '../definition/placing.js';
import { leasesOf } from '../installed/leases.js';
import { finishPlan, installedRef, readOf, unsatisfied } from '../plan/plan.js';
import { turnsOf } from '../plan/turns.js';
import { capabilitiesOf, identityOf, identityRequirement, needsOf, parseReference } from '../requirement.js';
import { isFailure, type Part, type Provider, type Selection } from '../definition/part.js';
import type { Budget } from '../resolution/budget.js';
import { matched } from '../installed/matched.js';
import { select } from '../select/select.js';
import { unlessTooMuch } from '../select/too-much.js';
import { servicesOf } from '../installed/services.js';
import type { Standings } from '../installed/standing.js';
import { upgradableFor, type Upgradable } from '../upgrade/upgradable.js';
import { belongingOf, choicesFor, partsOfUpgrades, whyUpgraded } from '../upgrade/upgrade.js';
import { withTheirOwn, without } from '../select/without.js';

export interface ProvisionInput {
  query: ResolveQuery;
  environment: EnvironmentView;
  catalogue: Catalogue;
  guestLocations: readonly string[];
  check?: Asked['check'];
  /** What the plan may cost, with all that is looked at for it. */
  budget: Budget;
  standings?: Standings;
  /** Looks only whether there is a plan: what would do where there is none is not looked for. */
  isTried?: boolean;
  /** Of an update: how the instance stands, what was chosen for it, and what was needed beside its definition. */
  former?: EnvironmentView;
  kept?: JsonObject;
  neededBefore?: CapabilityRequirement[];
}

/** A job that names no definition stands in no chain. */
const fromItsNeed = (one: Unsatisfied): Unsatisfied => ({ ...one, chain: one.chain.filter((who) => who !== identityOf(JOB)) });

/** What it takes to have `query.definition` under the name `query.instanceId`. */
export function planProvision(input: ProvisionInput): Plan {
  const { query, environment, catalogue, guestLocations, check, former, kept, neededBefore, standings, budget } = input;
  const requirement = askedFor(query);

  const there = installedAs(query.instanceId, environment);
  if (there) {
    const fits = capabilitiesOf(there.definition).some((capability) => matches(capability, requirement));
    const missing = fits ? missingAt(query, environment, catalogue) : [];
    if (missing.length > 0) return unsatisfied(query, missing);
    if (fits) return planOf({ root: { installed: there }, upgrades: [] }, input);
    return unsatisfied(query, [{ chain: [], ...nameInUse(requirement, there, query.instanceId) }]);
  }
  if (!guestLocations.includes(query.place.guestLocation))
    return unsatisfied(query, [{ chain: [], ...noLocation(requirement, query.place, guestLocations) }]);
  const { place, instanceId, offerings, requirements, prefer } = query;
  const more = { ...(requirements && { requirements }), ...(kept && { kept }), ...(neededBefore && { neededBefore }) };
  const choices = { ...(offerings && { offerings }), ...(check && { check }), ...more };
  const upgradable = upgradableBy(input);
  const found = select(requirement, {
    catalogue,
    environment,
    place,
    instanceId,
    former,
    standings,
    budget,
    upgradable,
    prefer,
    ...choices,
  });
  if (!isFailure(found)) return planWithUpgrades(found, input);
  const { explanation, upgrades = [] } = found;
  const fixes = [...(explanation?.fixes ?? []), ...upgrades.flatMap((key) => upgradeAsFix(key, input))];
  return unsatisfied(query, found.unsatisfied.map(fromItsNeed), explanation && { ...explanation, fixes });
}

/** What is asked for with choices of its own is not what others have: that is updated by its name. */
function upgradableBy({ query, environment, catalogue, check }: ProvisionInput): ReadonlyMap<string, Upgradable> {
  const { place, allowUpgrade, keepAsIs = [], definition, offerings, requirements } = query;
  const asked = definition !== undefined && (offerings ?? requirements) ? [parseReference(definition).name] : [];
  return upgradableFor({ environment, catalogue, place, check, allowUpgrade, keepAsIs: [...keepAsIs, ...asked] });
}

/** What would do if it might be upgraded: planned as if it might, where what is left of the limits is enough for that. */
function upgradeAsFix(key: string, input: ProvisionInput): string[] {
  const { query, environment } = input;
  const { allowUpgrade = [], keepAsIs = [] } = query;
  const { name } = environment.get(key)!.definition;
  if (input.isTried || allowUpgrade.includes(name) || keepAsIs.includes(name)) return [];
  const allowed = { ...query, allowUpgrade: [...allowUpgrade, name] };
  const plan = unlessTooMuch(() => planProvision({ ...input, isTried: true, query: allowed }));
  const become = plan?.steps.find(({ id, action }) => id === key && action === 'update');
  return become ? [upgradeWouldDo(key, become.definition)] : [];
}

/** What a job asks for: its definition, or nothing but what it needs. */
function askedFor({ definition, requirements = [] }: ResolveQuery): Requirement {
  if (definition !== undefined) return identityRequirement(definition);
  if (requirements.length > 0) return NOTHING_NAMED;
  throw new SlipwayError('bad-input', 'definition: is needed to provision');
}

/** What a job needs and an instance that is there already does not have. */
function missingAt(
  { instanceId, requirements = [] }: ResolveQuery,
  environment: EnvironmentView,
  catalogue: Catalogue,
): Unsatisfied[] {
  const used = withAllTheyUse(environment, environment.madeFor(instanceId));
  const has = (requirement: Requirement) =>
    used.some(
      (one) =>
        provides(asInstalled(one, catalogue), requirement) || servicesOf(one).some((service) => matches(service, requirement)),
    );
  return requirements
    .filter((requirement) => requirement.resolution !== 'optional' && !has(requirement))
    .map((requirement) => ({ chain: [], ...lacking(requirement, instanceId) }));
}

/** What was made under that very name for it. */
export const installedAs = (name: string, environment: EnvironmentView): Installed | undefined =>
  RESOURCE_KINDS.map((kind) => environment.get(resourceKey({ kind, name }))).find((one) => one?.instanceId === name);

/** What others have and has to be upgraded is compared with what it is to become, as an update of it would be. */
function planWithUpgrades(selection: Selection, input: ProvisionInput): Plan {
  const { upgrades } = selection;
  if (upgrades.length === 0) return planOf(selection, input);
  const { environment, catalogue } = input;
  const mine = withTheirOwn(
    upgrades.map(({ there }) => there),
    environment,
    catalogue,
  );
  const target = planOf(selection, { ...input, environment: without(environment, mine) });
  const there = new Map<string, Installed>();
  const isOwn = ({ definition, belongs }: PlanStep) => belongs && !isShared(catalogue.get(definition)!.written);
  for (const { there: one, part } of upgrades) {
    const root = resourceKey(one);
    if (part.key !== root)
      return unsatisfied(input.query, [{ chain: [], ...otherKind(one, wordsOf(part), part.pinned.definition.type) }]);
    const left = new Map([...mine].filter(([, other]) => ![...there.values()].includes(other)));
    const whose = (step: PlanStep) => step.id === root || Boolean(isOwn(step));
    for (const [id, found] of matched({ target, mine: left, first: root, root, environment, isOwn: whose })) there.set(id, found);
  }
  const wanted = upgrades.map(({ part }) => wordsOf(part)).join(', ');
  return compared({ target, mine, there, wanted, input });
}

const wordsOf = ({ pinned }: Part): string => identityOf(pinned.definition);

function planOf({ root, upgrades }: Selection, input: ProvisionInput): Plan {
  const { query, environment } = input;
  const { parts, installed } = gather([root, ...upgrades.map(({ part }) => ({ part }))]);
  const made = parts.filter((part) => part.key !== undefined);
  const wires = made.flatMap((part) => wiresOf(part));
  const satisfied = withAllTheyUse(environment, installed);
  const choices = choicesOf(root, input);
  const asked = 'part' in root ? root.part : undefined;
  const whose = partsOfUpgrades(upgrades);
  const steps = made.map((part) => {
    const upgrade = whose.get(part);
    const beside = part === asked || part === upgrade?.part ? neededBeside(part.pinned) : [];
    const { capabilities = [] } = part.pinned.definition;
    const needs = neededBy(part);
    const values = upgrade ? choicesFor(upgrade, query.place)(part) : choices(part);
    return {
      ...stepOf(part, wires, values, query, environment),
      ...(beside.length > 0 && { requirements: beside }),
      ...(capabilities.length > 0 && { capabilities }),
      ...(needs.length > 0 && { needs }),
      ...(upgrade && { belongs: belongingOf(upgrade.there) }),
      ...(part === upgrade?.part && { because: whyUpgraded(upgrade, parts, asked) }),
    };
  });
  const leases = leasesOf({ steps, wires }, environment);
  return finishPlan({
    leases,
    ...turnsOf({ steps, wires, leases, environment, catalogue: input.catalogue }),
    environment: query.environment,
    outcome: steps.length > 0 ? 'install' : 'satisfied',
    alreadySatisfied: satisfied.map(installedRef),
    steps: inStepOrder(steps),
    wires: [...wires, ...satisfied.flatMap((one) => environment.wiresFrom(resourceKey(one)))],
    reads: [...satisfied.map((one) => readOf(one, environment)), ...steps.map((step) => ({ key: step.id, generation: null }))],
    writes: steps.map((step) => step.id),
    unsatisfied: [],
  });
}

/** Every part and every installed thing that providers lead to, each once. */
function gather(roots: readonly Provider[]): { parts: Part[]; installed: Installed[] } {
  const parts = new Set<Part>();
  const installed = new Set<Installed>();
  const reach = (provider: Provider) => {
    if ('installed' in provider) installed.add(provider.installed);
    else if (!parts.has(provider.part)) {
      parts.add(provider.part);
      for (const use of provider.part.uses) reach(use.provider);
    }
  };
  for (const root of roots) reach(root);
  return { parts: [...parts], installed: [...installed] };
}

/** A part's wires. What an abstract definition brings together is wired by both names: `stack` and `data` as `stack-data`. */
function wiresOf(part: Part): Wire[] {
  const from = part.key!;
  const through = (uses: Part['uses'], before: string, within: readonly Part[]): Wire[] =>
    uses.flatMap(({ need, provider }) => {
      const requirement = `${before}${need.name}`;
      if ('installed' in provider) return [{ from, requirement, to: resourceKey(provider.installed) }];
      if (provider.part.key !== undefined) return provider.part === part ? [] : [{ from, requirement, to: provider.part.key }];
      const goesInCircle = within.includes(provider.part);
      return goesInCircle ? [] : through(provider.part.uses, `${requirement}-`, [...within, provider.part]);
    });
  return through(part.uses, '', []);
}

/** All that a part needs, each by the name that {@link wiresOf} wires it by; abstract bundles may need each other in a circle. */
function neededBy(part: Part, before = '', through: readonly string[] = []): Needed[] {
  return needsOf(part.pinned.definition).flatMap(({ name, requirement: { spec: _spec, ...requirement } }) => {
    const providers = part.uses.filter(({ need }) => need.name === name).map(({ provider }) => provider);
    const abstract = providers.flatMap((one) => ('part' in one && one.part.key === undefined ? [one.part] : []));
    const within = abstract.flatMap((one) => {
      const identity = identityOf(one.pinned.definition);
      return through.includes(identity) ? [] : neededBy(one, `${before}${name}-`, [...through, identity]);
    });
    if (abstract.length > 0 && abstract.length === providers.length) return within;
    return [{ ...requirement, name: `${before}${name}`, ...(through.length > 0 && { through: [...through] }) }, ...within];
  });
}

/** What holds of all that is offered for a part, whose choices were made for the root. */
function choicesOf(root: Provider, { query, kept }: ProvisionInput): (part: Part) => JsonObject {
  const { place } = query;
  const asked = 'part' in root ? root.part : undefined;
  const offered = offeredWith(place, asked?.pinned.written);
  const offerings = withKept(offered, { offerings: query.offerings, kept });
  return (part) => (part === asked ? valuesOf(offered, offerings) : valuesWithin(place, part.pinned.written, offered, offerings));
}

function stepOf(
  part: Part,
  wires: readonly Wire[],
  offerings: JsonObject,
  query: ResolveQuery,
  environment: EnvironmentView,
): PlanStep {
  const { definition, hash } = part.pinned;
  const kind = definition.type!;
  const id = part.key!;
  const targets = new Set(wires.filter((wire) => wire.from === id && !environment.has(wire.to)).map((wire) => wire.to));
  return {
    id,
    action: 'ensure',
    kind,
    name: part.name,
    generation: environment.generation(id) + 1,
    definition: { name: definition.name, version: definition.version, hash },
    location: query.place.location,
    driver: driverAt(query.place, definition)!,
    spec: withPlacement(
      definition,
      kind === 'instance' && query.place.resourceUri !== undefined && !targetRequirementOf(definition)
        ? { resourceUri: query.place.resourceUri, ...part.spec }
        : part.spec,
    ),
    ...(Object.keys(offerings).length > 0 && { offerings }),
    after: [...targets].toSorted(),
    inverse: 'destroy',
    ...(part.shared && { shared: true }),
    ...(part.because !== undefined && { because: part.because }),
  };
}
