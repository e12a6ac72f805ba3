import { SlipwayError, resourceKey, type Installed, type Place } from '@slipway/contracts';
import { candidatesAskedFor, type Asked } from '../definition/asked-for.js';
import { compareVersions } from '../attribute/version.js';
import { isShared } from '../bundle.js';
import type { Catalogue, PinnedDefinition } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { resourceOf } from '../definition/matches.js';
import { IDENTITY, identityRequirement } from '../requirement.js';
import { needsBehind } from './users.js';

/** Stands for every name. */
export const EVERYTHING = '*';

/** Something shared that a job may upgrade. */
export interface Upgradable {
  there: Installed;
  /** What it could become: with the choices that were made for it, and what was needed beside its definition. */
  versions: readonly PinnedDefinition[];
}

interface Allowed {
  environment: EnvironmentView;
  catalogue: Catalogue;
  place: Place;
  check?: Asked['check'];
  /** Names of definitions, or {@link EVERYTHING}. */
  allowUpgrade?: readonly string[] | undefined;
  /** Names of definitions that stay as they are, whatever is allowed. */
  keepAsIs?: readonly string[] | undefined;
}

/**
 * What a job may upgrade, by key: what is shared, was made of a definition that it names, stands where the job makes things (elsewhere others
 * know what can be done), and of which it is known what all its users need of it.
 */
export function upgradableFor(allowed: Allowed): Map<string, Upgradable> {
  const { environment, catalogue, place, allowUpgrade = [], keepAsIs = [] } = allowed;
  const named = allowUpgrade.includes(EVERYTHING) ? catalogue.sharedNames : new Set(allowUpgrade);
  const names = [...named].filter((name) => !keepAsIs.includes(name));
  const found = new Map<string, Upgradable>();
  for (const there of names.flatMap((name) => environment.madeFrom(name))) {
    const written = catalogue.get(there.definition)?.written;
    if (!written || !isShared(written) || there.location !== place.location) continue;
    const versions = higherThan(there, allowed);
    if (versions.length > 0 && areNeedsKnown(there, allowed)) found.set(resourceKey(there), { there, versions });
  }
  return found;
}

/** Versions for which something chosen before would not do any more are left out. */
function higherThan(
  { definition, offerings, requirements }: Installed,
  { catalogue, place, check }: Allowed,
): PinnedDefinition[] {
  const version = (one: { name: string; version: string }) => resourceOf(one).version;
  const higher = catalogue
    .candidates(identityRequirement(definition.name))
    .filter(({ written }) => isShared(written) && compareVersions(version(written), version(definition)) > 0);
  if (!offerings && !requirements) return higher;
  const asked = { ...(offerings && { kept: offerings }), ...(requirements && { neededBefore: requirements }) };
  return higher.flatMap(({ written }) => {
    const requirement = { namespace: IDENTITY, attributes: { name: written.name, version: written.version } };
    return unlessRefused(() => candidatesAskedFor(requirement, { catalogue, place, ...(check && { check }), ...asked }));
  });
}

function unlessRefused<T>(ask: () => T[]): T[] {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'bad-input') return [];
    throw error;
  }
}

function areNeedsKnown(there: Installed, { environment, catalogue }: Allowed): boolean {
  const key = resourceKey(there);
  return environment.usersOf(key).every((user) => {
    const wires = environment.wiresFrom(user).filter(({ to }) => to === key);
    return wires.every(({ requirement }) => needsBehind(environment.get(user)!, requirement, catalogue).length > 0);
  });
}
