import {
  badInput,
  hashOf,
  type CapabilityRequirement,
  type FieldError,
  type JsonObject,
  type Offered,
  type Place,
  type Requirement,
  type ResourceDefinition,
} from '@slipway/contracts';
import type { Catalogue, PinnedDefinition } from './catalogue.js';
import { fillingErrors, offeredWith, valuesOf, withChoices } from './offerings.js';
import { nameOf, needsOf, type Need } from '../requirement.js';
import { JOB_NAME } from '../resolution/problem.js';
import { readJob } from '../resolution/read.js';

/** What is asked for: where, and with which choices. */
export interface Asked {
  catalogue: Catalogue;
  place: Place;
  /** What is needed beside the definition, or instead of it. */
  requirements?: CapabilityRequirement[];
  /** Of an update: what the job that made the instance needed beside its definition, by the names that it is wired by. */
  neededBefore?: CapabilityRequirement[];
  /** What was chosen of what is offered. */
  offerings?: JsonObject;
  /** What was chosen before: it holds where something of that name is still offered, and nothing else is chosen. */
  kept?: JsonObject;
  /** What is wrong with what was chosen, given what is offered. */
  check?: (offered: readonly Offered[], chosen: JsonObject) => FieldError[];
}

/**
 * The definitions that satisfy what is asked for, in order of preference, each with its choices made; those that do not offer
 * what was chosen are left out. Throws `bad-input` with the first one's reasons when none does, and
 * where what was chosen before would not do any more: then it has to be chosen anew.
 */
export function candidatesAskedFor(requirement: Requirement, asked: Asked): PinnedDefinition[] {
  const { catalogue, place } = asked;
  const found = requirement === NOTHING_NAMED ? [UNNAMED] : catalogue.candidates(requirement);
  const candidates = found.map((candidate) => {
    const offered = offeredWith(place, candidate.written);
    return { candidate, offered, errors: choiceErrors(candidate.written, offered, asked) };
  });
  const accepting = candidates.filter(({ errors }) => errors.length === 0);
  if (candidates.length > 0 && accepting.length === 0) throw badInput(candidates[0]!.errors);
  const outdated = accepting.map(({ offered }) => keptErrors(offered, asked));
  if (outdated[0]?.length) throw badInput(outdated[0]);
  const keeping = accepting.filter((_candidate, index) => outdated[index]!.length === 0);
  return keeping.map(({ candidate, offered }) => ({
    ...candidate,
    definition: requiring(withChoices(candidate.written, valuesOf(offered, withKept(offered, asked))), asked),
  }));
}

function choiceErrors(written: ResourceDefinition, offered: readonly Offered[], asked: Asked): FieldError[] {
  const { offerings = {}, check } = asked;
  const errors = check?.(offered, offerings) ?? [];
  return errors.length > 0 ? errors : fillingErrors(written, valuesOf(offered, withKept(offered, asked)));
}

/** What was chosen before, is offered by its name still, and would not do any more. Of what nobody offers there is nothing to choose. */
const keptErrors = (offered: readonly Offered[], { offerings = {}, kept = {}, check }: Asked): FieldError[] =>
  Object.entries(kept)
    .filter(([name]) => !Object.hasOwn(offerings, name) && offered.some((one) => one.name === name))
    .flatMap(([name, value]) => check?.(offered, { [name]: value }) ?? [])
    .map(({ field, reason }) => ({ field, reason: `${reason}; what was chosen before is not offered any more: choose anew` }));

/** What a job asks for that names no definition, but only what it needs. */
export const NOTHING_NAMED: Requirement = { namespace: 'slipway.job' };

/** Stands for the definition of such a job: none can have that name. */
export const JOB: ResourceDefinition = { name: JOB_NAME, version: '0.0.0' };
const UNNAMED: PinnedDefinition = { definition: JOB, written: JOB, hash: hashOf(JOB), layer: 0 };

/**
 * A definition with what the job needs beside it, each with a name of its own; what the definition needs itself keeps its names. Throws
 * `bad-input` where it needs something of that name itself.
 */
function requiring(
  definition: ResourceDefinition,
  { requirements = [], neededBefore = [] }: Pick<Asked, 'requirements' | 'neededBefore'>,
): ResourceDefinition {
  readJob(requirements);
  const own = needsOf(definition);
  const errors = [
    ...neededBefore.flatMap(({ name }) => (own.some((need) => need.name === name) ? [needsItToo(definition, name!)] : [])),
    ...requirements.flatMap(({ name }, index): FieldError[] =>
      name !== undefined &&
      (own.some((need) => need.name === name) || requirements.findIndex((other) => other.name === name) < index)
        ? [{ field: `requirements.${index}.name`, reason: `"${name}" is the name of another requirement` }]
        : [],
    ),
  ];
  if (errors.length > 0) throw badInput(errors);
  const more = namedApart([...neededBefore, ...requirements], own);
  if (more.length === 0) return definition;
  // What it needs itself is named first: what comes beside it takes none of its names.
  const named = own.slice(0, definition.requirements?.length ?? 0).map(({ name, requirement }) => ({ ...requirement, name }));
  return { ...definition, requirements: [...named, ...more] };
}

const needsItToo = ({ name: of, version }: ResourceDefinition, name: string): FieldError => ({
  field: 'definition',
  reason: `${of}@${version} needs "${name}" itself, and so did the job that made the instance, beside its definition: choose another version, or export it, deprovision it, and provision it anew`,
});

/** Each with a name that nobody else has. */
function namedApart(more: readonly CapabilityRequirement[], own: readonly Need[]): CapabilityRequirement[] {
  const taken = new Set([...own, ...more].map(({ name }) => name));
  return more.map((requirement) => {
    const name = nameOf(requirement, (one) => taken.has(one));
    taken.add(name);
    return { ...requirement, name };
  });
}

/** Of a definition that was asked for: what the job needs beside it. */
export const neededBeside = ({ written, definition }: PinnedDefinition): CapabilityRequirement[] =>
  definition.requirements?.slice(written.requirements?.length ?? 0) ?? [];

/** What is chosen now, and of what was chosen before all that is offered still. */
export const withKept = (
  offered: readonly Offered[],
  { offerings = {}, kept = {} }: { [Key in 'offerings' | 'kept']?: Asked[Key] | undefined },
): JsonObject => ({
  ...Object.fromEntries(Object.entries(kept).filter(([name]) => offered.some((one) => one.name === name))),
  ...offerings,
});
