import {
  resourceKey,
  type Installed,
  type Place,
  type PlanStep,
  type RepairAsked,
  type Requirement,
  type ResourceDefinition,
  type ResourceKind,
  type SnapshotPart,
  type Unsatisfied,
} from '@slipway/contracts';
import { prerelease } from 'semver';
import { parseRange } from './attribute/range.js';
import type { Catalogue, PinnedDefinition } from './definition/catalogue.js';
import { distanceAt, driverAt } from './definition/driver.js';
import { matches } from './definition/matches.js';
import { capabilitiesOf, identityName, identityOf } from './requirement.js';
import type { Standing } from './installed/standing.js';

/** Why a requirement cannot be satisfied; the chain is laid around it on the way up. */
export type Reason = Pick<Unsatisfied, 'requirement' | 'reason' | 'message'>;

/** A requirement in words: `guestbook@^1.0.0`, `database {engine: sqlite}`, `library {edition: full} ^2.0.0`. */
export function inWords(requirement: Requirement): string {
  const name = identityName(requirement);
  if (name !== undefined && requirement.filter === undefined)
    return requirement.range === undefined ? name : `${name}@${requirement.range}`;
  const attributes = Object.entries(requirement.attributes ?? {}).map(
    ([attribute, value]) => `${attribute}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    requirement.namespace,
    ...(attributes.length > 0 ? [`{${attributes.join(', ')}}`] : []),
    ...(requirement.range === undefined ? [] : [requirement.range]),
    ...(requirement.filter === undefined ? [] : [requirement.filter]),
  ].join(' ');
}

/** Why the catalogue has no candidate for a requirement. */
export function nothingFor(requirement: Requirement, catalogue: Catalogue): Reason {
  const words = inWords(requirement);
  if (requirement.range !== undefined && parseRange(requirement.range) === undefined)
    return {
      requirement: words,
      reason: 'no-version',
      message: `"${requirement.range}" is not a semver range such as "^1.0.0".`,
    };
  const { range: _range, ...wider } = requirement;
  const withAttributes = catalogue.providersOf(requirement.namespace).flatMap(({ definition }) =>
    capabilitiesOf(definition)
      .filter((capability) => requirement.filter === undefined && matches(capability, wider))
      .map((capability) => ({ definition, capability })),
  );
  if (withAttributes.length > 0) {
    const versions = [...new Set(withAttributes.map(({ capability }) => capability.attributes?.version))].map(String);
    const early = versions.every((v) => prerelease(v) !== null);
    const message =
      `${inWords({ ...requirement, range: undefined })} has no version in ${requirement.range}; there ${versions.length > 1 ? 'are' : 'is'} ${list(versions)}.` +
      (early ? ' A prerelease is taken only by a range that names one.' : '');
    return { requirement: words, reason: 'no-version', message };
  }
  const name = identityName(requirement);
  return name === undefined ? noCapability(requirement, words, catalogue) : noDefinition(name, words, catalogue);
}

/** Why a definition was taken for a requirement that others satisfy too; nothing where there is no other at the place. */
export function whyChosen(
  chosen: PinnedDefinition,
  {
    candidates,
    before,
    anyway,
    preferred,
    place,
  }: {
    /** All that would do, in the order in which they come, and those of them that come before it. */
    candidates: readonly PinnedDefinition[];
    before: readonly PinnedDefinition[];
    /** Whether something else of the plan needs it too. */
    anyway: boolean;
    /** Whether the job prefers it. */
    preferred: boolean;
    place: Place;
  },
): string | undefined {
  const { definition } = chosen;
  const others = (among: readonly PinnedDefinition[]) =>
    among.map((one) => one.definition).filter((one) => one.name !== definition.name && distanceAt(place, one) < Infinity);
  const first = others(before);
  if (first.length > 0)
    return anyway
      ? `it is part of the plan anyway; ${identities(first)} would do too`
      : `${identities(first)} would come first, and cannot be had`;
  const next = others(candidates);
  if (next.length === 0) return undefined;
  const too = `${identities(next)} would do too`;
  if (preferred) return `preferred; ${too}`;
  const [mine, theirs] = [definition, next[0]!].map((one) => distanceAt(place, one)) as [number, number];
  if (mine === theirs) return `first by its name; ${too}`;
  return `by ${driverAt(place, definition)}, which comes first at ${place.guestLocation}; ${too}`;
}

const identities = (definitions: readonly ResourceDefinition[]): string => list(definitions.map(identityOf), 5);

/** Something made for an instance that no requirement leads to from what has the instance's own name. */
export const noRoot = (instanceId: string, keys: readonly string[]): Reason => ({
  requirement: instanceId,
  reason: 'snapshot-unfit',
  message:
    keys.length === 0
      ? `Nothing stands under the name ${instanceId}.`
      : `Nothing that is called ${instanceId} itself leads to ${list(keys)}: it came of an abstract definition, which has no data of its own. Provision what it brings together under names of their own, and export those.`,
});

/** An upgrade that a job has not allowed, with how it does. */
export const upgradeWouldDo = (key: string, become: { name: string; version: string }): string =>
  `It would do if ${key} were upgraded to ${identityOf(become)}: allowUpgrade ${become.name} (--allow-upgrade=${become.name}).`;

const ANEW = 'Export it, deprovision it, and provision it anew as wanted.';

/** Nothing can be compared with what an abstract definition once brought together. */
export const noRootToUpdate = (instanceId: string, keys: readonly string[]): Reason => ({
  requirement: instanceId,
  reason: 'not-updatable',
  message:
    keys.length === 0
      ? `Nothing stands under the name ${instanceId}.`
      : `Nothing that is called ${instanceId} itself leads to ${list(keys)}: it came of an abstract definition. ${ANEW}`,
});

/** `fields`: what is to change and cannot. */
export const cannotChange = (
  { id, kind, driver }: Pick<PlanStep, 'id' | 'kind' | 'driver'>,
  fields: readonly string[],
  can: readonly string[] | undefined,
): Reason => ({
  requirement: id,
  reason: 'not-updatable',
  message: `The ${kind} driver ${driver} cannot change ${list(fields)} of what is there; ${can?.length ? `it can change ${list(can)}` : 'it cannot change anything'}. ${ANEW}`,
});

/** What is other than recorded, and its driver cannot change back. */
export const cannotBringBack = (
  { kind, driver }: Pick<Installed, 'kind' | 'driver'>,
  { key, drift, differences }: RepairAsked,
): Reason => ({
  requirement: key,
  reason: 'not-updatable',
  message: `It is ${drift} (${list(differences.map(({ field }) => field))}), and the ${kind} driver ${driver} cannot bring that back. Adopt it where that can be done, mend it by hand, or deprovision it and provision it anew.`,
});

export const otherDriver = ({ id, driver }: PlanStep, there: string): Reason => ({
  requirement: id,
  reason: 'not-updatable',
  message: `${id} was made by the driver ${there}, and is to be made by ${driver} now. ${ANEW}`,
});

/** Its name is needed for something else of the same instance. */
export const standsOtherwise = (installed: Installed): Reason => ({
  requirement: resourceKey(installed),
  reason: 'name-in-use',
  message: `${resourceKey(installed)} is there as something else of the same instance. ${ANEW}`,
});

/** An update takes no data away unasked. */
export const noLongerNeeded = (installed: Installed, requirement: string): Reason => ({
  requirement: resourceKey(installed),
  reason: 'not-updatable',
  message: `${requirement} does not need ${resourceKey(installed)} any more, and an update takes away nothing that may hold data or is shared. ${ANEW}`,
});

/** What is asked for cannot become of what stands under the name. */
export const otherKind = (installed: Installed, wanted: string, kind: ResourceKind | undefined): Reason => ({
  requirement: wanted,
  reason: 'not-updatable',
  message: `${resourceKey(installed)} cannot become ${wanted}, which is ${kind === undefined ? 'abstract' : `of the kind ${kind}`}. ${ANEW}`,
});

const OTHER_VERSION = 'Choose a version that all its users can go on with, or deprovision those first.';

/** What is updated would not do any more for somebody who uses it. */
export const needsOther = (requirement: Requirement, key: string, user: string, wanted: string): Reason => ({
  requirement: inWords(requirement),
  reason: 'still-needed',
  message: `${user} uses ${key} and needs ${inWords(requirement)}, which ${wanted} does not satisfy. ${OTHER_VERSION}`,
});

/** The definition of somebody who uses it is lost. */
export const needUnknown = (key: string, user: string, definition: string): Reason => ({
  requirement: key,
  reason: 'still-needed',
  message: `${user} uses ${key}, and what it needs of that is not known: the repository has not the definition ${definition} that it was made of. Put that back, or deprovision ${user} first.`,
});

/** Who uses it was given secrets that it would not have any more. */
export const secretsTaken = (key: string, user: string, names: readonly string[]): Reason => ({
  requirement: key,
  reason: 'still-needed',
  message: `${user} uses ${key}, and was given its ${names.length > 1 ? 'secrets' : 'secret'} ${list(names)}, which it would not have any more. ${OTHER_VERSION}`,
});

/** An import never adds to what is there. */
export const nameStands = (requirement: string, instanceId: string): Reason => ({
  requirement,
  reason: 'name-in-use',
  message: `There is an instance ${instanceId}, and an import never changes what is there. Choose another name.`,
});

export const noPartFor = (requirement: string, { id, kind }: PlanStep): Reason => ({
  requirement,
  reason: 'snapshot-unfit',
  message: `The snapshot has data of kind ${kind}, and none for ${id}. Import the definition in the version that the snapshot is of.`,
});

export const nothingTakes = (requirement: string, { role, kind, definition }: SnapshotPart): Reason => ({
  requirement,
  reason: 'snapshot-unfit',
  message: `Nothing takes the snapshot's ${kind} ${role === '' ? 'of the instance itself' : `"${role}"`} (${identityOf(definition)}). Import the definition in the version that the snapshot is of.`,
});

function noDefinition(name: string, words: string, catalogue: Catalogue): Reason {
  const names = [...new Set(catalogue.all().map(({ definition }) => definition.name))];
  const edits = Math.max(1, Math.floor(name.length / 4));
  const near = names.filter((other) => Math.abs(other.length - name.length) <= edits && distance(name, other) <= edits);
  const known = names.length === 0 ? 'The repository is empty.' : `There are ${list(names, 10)}.`;
  const hint = near.length > 0 ? `Did you mean ${list(near, 3, 'or')}?` : known;
  return { requirement: words, reason: 'no-definition', message: `There is no definition "${name}". ${hint}` };
}

function noCapability(requirement: Requirement, words: string, catalogue: Catalogue): Reason {
  const offers = catalogue.providersOf(requirement.namespace).flatMap(({ definition }) =>
    capabilitiesOf(definition)
      .filter(({ namespace }) => namespace === requirement.namespace)
      .map((capability) => `${inWords(capability)} (${identityOf(definition)})`),
  );
  const hint = offers.length > 0 ? `There is ${list(offers, 10)}.` : `No definition provides ${requirement.namespace} at all.`;
  return { requirement: words, reason: 'no-capability', message: `Nothing provides ${words}. ${hint}` };
}

/** Identities of a long circle that are told at either end. */
const TOLD = 15;

/** `circle`: identities from the first that is met again down to where it is met. */
export function circular(requirement: Requirement, circle: readonly string[]): Reason {
  return {
    requirement: inWords(requirement),
    reason: 'circular',
    message: `${(circle.length > 2 * TOLD ? [...circle.slice(0, TOLD), `… (${circle.length - 2 * TOLD} more)`, ...circle.slice(-TOLD)] : circle).join(' → ')}: each would have to be there before the other. Make one of these requirements optional, or take it out.`,
  };
}

export const noDriver = (requirement: Requirement, definition: ResourceDefinition, place: Place): Reason => ({
  requirement: inWords(requirement),
  reason: 'no-driver',
  message: whyNotMade(definition, place),
});

/** `message`: container, artefact and rule. */
export const artefactUnfit = (requirement: Requirement, message: string): Reason => ({
  requirement: inWords(requirement),
  reason: 'artefact-unfit',
  message,
});

/** Why a place makes nothing of a definition. */
export function whyNotMade(definition: ResourceDefinition, place: Place): string {
  const { type, driver } = definition;
  const here = `Guest location "${place.guestLocation}"`;
  const provided = Object.keys(place.drivers).toSorted();
  const ofType = (provided.includes(type!) && place.drivers[type!]) || [];
  return ofType.length > 0
    ? `${here} has no ${type} driver ${driver}, which ${identityOf(definition)} is made by; it has ${list(ofType)}.`
    : `The provisioner ${place.provisioner} does not provide ${type} at guest location "${place.guestLocation}"; it provides ${list(provided)} there.`;
}

export function noLocation(requirement: Requirement, place: Place, known: readonly string[]): Reason {
  return {
    requirement: inWords(requirement),
    reason: 'no-location',
    message: `There is no guest location "${place.guestLocation}". ${known.length > 0 ? `There are ${list([...known].toSorted())}.` : 'None is configured.'}`,
  };
}

/** A shared definition is there in another version than the one that would do. */
export function otherVersionShared(requirement: Requirement, wanted: PinnedDefinition, there: string, key?: string): Reason {
  const where = key === undefined ? 'this plan makes it already' : `it is installed as ${key}`;
  return {
    requirement: inWords(requirement),
    reason: 'no-version',
    message: `${wanted.definition.name} is shared by the whole environment, and there can be one version: ${where}, ${there}.`,
  };
}

export function nameInUse(requirement: Requirement, installed: Installed, instanceId: string): Reason {
  const there = `${resourceKey(installed)} is ${identityOf(installed.definition)}`;
  return {
    requirement: inWords(requirement),
    reason: 'name-in-use',
    message:
      installed.instanceId === instanceId
        ? `${there}, and what is there is not changed. Deprovision it first, or choose another name.`
        : `${there}, made for ${installed.instanceId ?? 'the whole environment'}. Choose another name.`,
  };
}

/** What would do is there, and does not answer just now. */
export const notHealthy = (
  requirement: Requirement,
  away: readonly { name: string; standing: Standing | undefined }[],
): Reason => ({
  requirement: inWords(requirement),
  reason: 'not-healthy',
  message: away.map(({ name, standing }) => `${name} is there, but ${howItStands(standing)}.`).join(' '),
});

export const ifHealthy = (names: readonly string[]): string => `It would do if ${list(names, 5, 'or')} were healthy.`;

/** No instance offers such a service, and no definition speaks of it. */
export const noService = (requirement: Requirement, there: readonly string[]): Reason => ({
  requirement: inWords(requirement),
  reason: 'no-capability',
  message: `Nothing provides ${inWords(requirement)}. ${there.length > 0 ? `There ${there.length > 1 ? 'are the services' : 'is the service'} of ${list(there, 10)}.` : 'No healthy instance is there that could.'}`,
});

function howItStands(standing: Standing | undefined): string {
  if (!standing) return 'nothing is known of its health yet';
  const { health, since, reason } = standing;
  const word = health === 'unhealthy' || health === 'unknown' ? `not healthy (${health})` : health;
  return `${word} since ${since}${reason === undefined ? '' : `: ${reason}`}`;
}

export const lacking = (requirement: Requirement, instanceId: string): Reason => ({
  requirement: inWords(requirement),
  reason: 'no-capability',
  message: `${instanceId} is there already, and has nothing of that. What is there is not changed: choose another name.`,
});

/** `further`: who needs those that need it, or something else that would go with them. */
export function stillNeeded(installed: Installed, users: readonly string[], further: readonly string[]): Unsatisfied {
  const key = resourceKey(installed);
  const [those, them] = users.length + further.length > 1 ? ['those', 'them'] : ['that', 'it'];
  const behind = further.length > 0 ? `, and further away by ${list(further)}` : '';
  return {
    chain: [...users],
    requirement: key,
    reason: 'still-needed',
    message: `${key} is still needed by ${list(users)}${behind}. Deprovision ${those} first, or take ${them} along with cascade (--cascade).`,
  };
}

/** `a, b and c`; beyond `most` with how many more. */
function list(items: readonly string[], most = 20, word = 'and'): string {
  const shown = items.length > most ? [...items.slice(0, most), `${items.length - most} more`] : items;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
}

/** Edits (insert, delete, replace) that make one word of another: Levenshtein 1966. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}
