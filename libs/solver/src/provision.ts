import {
  RESOURCE_KINDS,
  SlipwayError,
  resourceKey,
  type CapabilityRequirement,
  type Installed,
  type JsonObject,
  type Plan,
  type PlanStep,
  type Requirement,
  type ResolveQuery,
  type Unsatisfied,
  type Wire,
} from '@slipway/contracts';
import { JOB, NOTHING_NAMED, neededBeside, withKept, type Asked } from './asked-for.js';
import { identityOf, provides, type Catalogue } from './catalogue.js';
import { driverAt } from './driver.js';
import { withAllTheyUse, type EnvironmentView } from './environment.js';
import { lacking, nameInUse, noLocation } from './explain.js';
import { inStepOrder } from './order.js';
import { offeredWith, valuesOf, valuesWithin } from './offerings.js';
import { finishPlan, installedRef, readOf } from './plan.js';
import { capabilitiesOf, identityRequirement, matches } from './requirement.js';
import { isFailure, search, type Part, type Provider } from './search.js';

export interface ProvisionInput {
  query: ResolveQuery;
  environment: EnvironmentView;
  catalogue: Catalogue;
  guestLocations: readonly string[];
  check?: Asked['check'];
  /** Of an update: how the instance stands, what was chosen for it, and what was needed beside its definition. */
  former?: EnvironmentView;
  kept?: JsonObject;
  neededBefore?: CapabilityRequirement[];
}

/** A job that names no definition stands in no chain. */
const fromItsNeed = (one: Unsatisfied): Unsatisfied => ({ ...one, chain: one.chain.filter((who) => who !== identityOf(JOB)) });

/** What it takes to have `query.definition` under the name `query.instanceId`. */
export function planProvision(input: ProvisionInput): Plan {
  const { query, environment, catalogue, guestLocations, check, former, kept, neededBefore } = input;
  const requirement = askedFor(query);

  const there = installedAs(query.instanceId, environment);
  if (there) {
    const fits = capabilitiesOf(there.definition).some((capability) => matches(capability, requirement));
    const missing = fits ? missingAt(query, environment, catalogue) : [];
    if (missing.length > 0) return unsatisfied(query, missing);
    if (fits) return planOf({ installed: there }, input);
    return unsatisfied(query, [{ chain: [], ...nameInUse(requirement, there, query.instanceId) }]);
  }
  if (!guestLocations.includes(query.place.guestLocation))
    return unsatisfied(query, [{ chain: [], ...noLocation(requirement, query.place, guestLocations) }]);
  const { place, instanceId, offerings } = query;
  const { requirements } = query;
  const more = { ...(requirements && { requirements }), ...(kept && { kept }), ...(neededBefore && { neededBefore }) };
  const choices = { ...(offerings && { offerings }), ...(check && { check }), ...more };
  const found = search(requirement, { catalogue, environment, place, instanceId, former, ...choices });
  return isFailure(found) ? unsatisfied(query, found.unsatisfied.map(fromItsNeed)) : planOf(found, input);
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
  const has = used.map((one) => catalogue.get(one.definition)?.definition ?? one.definition);
  return requirements
    .filter((requirement) => requirement.resolution !== 'optional' && !has.some((one) => provides(one, requirement)))
    .map((requirement) => ({ chain: [], ...lacking(requirement, instanceId) }));
}

/** What was made under that very name for it. */
export const installedAs = (name: string, environment: EnvironmentView): Installed | undefined =>
  RESOURCE_KINDS.map((kind) => environment.get(resourceKey({ kind, name }))).find((one) => one?.instanceId === name);

/** A plan that says why there is none. */
export const unsatisfied = (query: ResolveQuery, reasons: Plan['unsatisfied']): Plan =>
  finishPlan({
    environment: query.environment,
    outcome: 'unsatisfied',
    alreadySatisfied: [],
    steps: [],
    wires: [],
    reads: [],
    writes: [],
    unsatisfied: reasons,
  });

function planOf(root: Provider, input: ProvisionInput): Plan {
  const { query, environment } = input;
  const { parts, installed } = gather(root);
  const made = parts.filter((part) => part.key !== undefined);
  const wires = made.flatMap((part) => wiresOf(part));
  const satisfied = withAllTheyUse(environment, installed);
  const choices = choicesOf(root, input);
  const asked = 'part' in root ? root.part : undefined;
  const steps = made.map((part) => {
    const beside = part === asked ? neededBeside(part.pinned) : [];
    return { ...stepOf(part, wires, choices(part), query, environment), ...(beside.length > 0 && { requirements: beside }) };
  });
  return finishPlan({
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

/** Every part and every installed thing that a provider leads to, each once. */
function gather(root: Provider): { parts: Part[]; installed: Installed[] } {
  const parts = new Set<Part>();
  const installed = new Set<Installed>();
  const reach = (provider: Provider) => {
    if ('installed' in provider) installed.add(provider.installed);
    else if (!parts.has(provider.part)) {
      parts.add(provider.part);
      for (const use of provider.part.uses) reach(use.provider);
    }
  };
  reach(root);
  return { parts: [...parts], installed: [...installed] };
}

/** A part's wires. What an abstract definition brings together is wired by both names: `stack` and `data` as `stack-data`. */
function wiresOf(part: Part): Wire[] {
  const from = part.key!;
  const through = (uses: Part['uses'], before: string): Wire[] =>
    uses.flatMap(({ need, provider }) => {
      const requirement = `${before}${need.name}`;
      if ('installed' in provider) return [{ from, requirement, to: resourceKey(provider.installed) }];
      if (provider.part.key !== undefined) return [{ from, requirement, to: provider.part.key }];
      return through(provider.part.uses, `${requirement}-`);
    });
  return through(part.uses, '');
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
    spec:
      kind === 'instance' && query.place.resourceUri !== undefined
        ? { resourceUri: query.place.resourceUri, ...part.spec }
        : part.spec,
    ...(Object.keys(offerings).length > 0 && { offerings }),
    after: [...targets].toSorted(),
    inverse: 'destroy',
    ...(part.shared && { shared: true }),
    ...(part.because !== undefined && { because: part.because }),
  };
}
