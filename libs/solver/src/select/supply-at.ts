import { hashOf, type Place } from '@slipway/contracts';
import type { Catalogue, PinnedDefinition } from '../definition/catalogue.js';
import { driverAt } from '../definition/driver.js';
import { whyNotMade } from '../explain.js';
import { resourceOf } from '../definition/matches.js';
import { whyUnfit } from '../definition/placing.js';
import type { Resource } from '../resolution/resource.js';
import { Supply } from '../resolution/supply.js';

/** Of each catalogue, by what a place can make. A catalogue that is no longer in force takes its supplies with it. */
const supplies = new WeakMap<Catalogue, Map<string, Supply>>();

/** Places with different drivers that are remembered. */
const PLACES = 50;

/** What can be installed at a place, indexed once for a catalogue: what the place has no driver for is in it, with the reason. */
export function supplyAt(catalogue: Catalogue, place: Place): Supply {
  const { guestLocation, provisioner, drivers } = place;
  const key = hashOf({ guestLocation, provisioner, drivers });
  const known = supplies.get(catalogue) ?? new Map<string, Supply>();
  supplies.set(catalogue, known);
  const there = known.get(key);
  if (there) return there;
  const supply = new Supply(catalogue.all().map((one) => resourceAt(one, place)));
  if (known.size === PLACES) known.clear();
  known.set(key, supply);
  return supply;
}

/** A definition as the resolver sees it at a place. */
export function resourceAt({ definition, layer }: PinnedDefinition, place: Place): Resource {
  const resource = { ...resourceOf(definition), layer };
  const unfit = whyUnfit(definition);
  if (unfit !== undefined) return { ...resource, excluded: unfit };
  if (definition.type === undefined || driverAt(place, definition) !== undefined) return resource;
  return { ...resource, excluded: whyNotMade(definition, place) };
}
