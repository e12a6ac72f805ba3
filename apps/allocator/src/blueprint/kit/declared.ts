import { SlipwayError, type BlueprintLimits } from '@slipway/contracts';
import type { Blueprint, BlueprintSettings } from '../blueprint.js';
import { BLUEPRINT_VERBS, type BlueprintDeclaration } from '../declaration.js';

/** What a blueprint does, without what it says of itself. */
export type Doing = Omit<Blueprint, keyof BlueprintDeclaration>;

/** What a blueprint must say of itself; the rest is as usual where it does not say so either. */
export type Saying = Pick<BlueprintDeclaration, 'type' | 'interfaces'> &
  Partial<
    Pick<
      BlueprintDeclaration,
      'attributes' | 'distinct' | 'isOnlyMade' | 'capacity' | 'placing' | 'needs' | 'workSeconds' | 'mostResources'
    >
  > & {
    limits?: Partial<BlueprintLimits>;
  };

/** Unless the configuration says otherwise: ten resources, none of them kept ready, each for ten minutes; a lease for a day. */
const USUAL = { resources: 10, warm: 0, idleSeconds: 600, leaseSeconds: 86_400 };

/**
 * A whole blueprint: the configuration counts before what its file says, and that before what is usual. It can what it does. Throws
 * `config-invalid` for more resources than there can be.
 */
export function declared(settings: BlueprintSettings, saying: Saying, doing: Doing): Blueprint {
  const { name, location, capacity, placing, limits, owner } = settings;
  const { mostResources = Infinity } = saying;
  if ((limits?.resources ?? 0) > mostResources) {
    const field = `blueprints.${name}.limits.resources`;
    throw new SlipwayError('config-invalid', `${field} must be at most ${mostResources}: there is no more of it`, { field });
  }
  return {
    name,
    location,
    type: saying.type,
    interfaces: saying.interfaces,
    can: BLUEPRINT_VERBS.filter((verb) => doing[verb] !== undefined),
    attributes: saying.attributes ?? {},
    ...(saying.distinct && { distinct: saying.distinct }),
    ...(saying.isOnlyMade && { isOnlyMade: true }),
    needs: saying.needs ?? {},
    capacity: capacity ?? saying.capacity ?? 1,
    placing: placing ?? saying.placing ?? 'spread',
    limits: { ...USUAL, ...saying.limits, ...limits },
    ...(saying.mostResources !== undefined && { mostResources: saying.mostResources }),
    ...(saying.workSeconds && { workSeconds: saying.workSeconds }),
    ...(owner && { owner }),
    ...doing,
  };
}
