import {
  VERBS,
  type JsonObject,
  type Offerings,
  type OfferingsQuery,
  type Place,
  type RequestContext,
  type ResolveOfferingsQuery,
  type ResolveQuery,
  type SnapshotManifest,
} from '@slipway/contracts';
import { badInput, chosenErrors } from '@slipway/mesh';
import { placeOf } from '../place.js';
import type { Ports } from '../ports.js';

/** How long the resolver may take, in ms: who asks waits for the answer. */
const WITHIN = 800;

/** Where what is asked for, with which choices. */
interface Asked {
  place: Place;
  definition?: string | undefined;
  offerings?: JsonObject | undefined;
}

/** What can be chosen, and whether what was chosen can be: of the provisioner, the guest location and the definition together. */
export class Choices {
  constructor(private readonly ports: Pick<Ports, 'bus' | 'config'>) {}

  /**
   * `manifest`: of what an import would begin with. Throws `bad-input`, `not-found` (no such definition), and what the bus throws.
   */
  async offered(query: OfferingsQuery, context: RequestContext, manifest?: SnapshotManifest): Promise<Offerings> {
    const { config } = this.ports;
    const byDefault = manifest ? `${manifest.definition.name}@${manifest.definition.version}` : config.defaultDefinition;
    const definition = query.definition ?? byDefault;
    const { items } = await this.#ask({ place: placeOf(config, { ...query }), definition }, context);
    const before = manifest?.offerings ?? {};
    return { items: items.map((one) => (Object.hasOwn(before, one.name) ? { ...one, default: before[one.name]! } : one)) };
  }

  /** Throws `bad-input` that names each choice that nobody offers, with what is offered, and each that does not fit. */
  async assertOffered({ place, definition, offerings }: Asked, context: RequestContext): Promise<void> {
    if (offerings) await this.#ask({ place, definition, offerings }, context);
  }

  /** Throws what speaks against a plan, such as choices that nobody offers; that it is unsatisfied does not. */
  async assertPlanned(query: ResolveQuery, context: RequestContext): Promise<void> {
    await this.ports.bus.request('resolver', VERBS.plan, query, { context, timeoutMs: WITHIN });
  }

  async #ask({ place, definition, offerings }: Asked, context: RequestContext): Promise<Offerings> {
    if (definition === undefined) {
      const items = place.offered ?? [];
      const errors = chosenErrors(items, offerings ?? {});
      if (errors.length > 0) throw badInput(errors);
      return { items };
    }
    const query: ResolveOfferingsQuery = { definition, place, ...(offerings && { offerings }) };
    return this.ports.bus.request<Offerings>('resolver', VERBS.offerings, query, { context, timeoutMs: WITHIN });
  }
}
