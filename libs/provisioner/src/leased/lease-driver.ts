import {
  SlipwayError,
  resourceKey,
  type Health,
  type InspectAnswer,
  type JsonObject,
  type LeaseSpec,
  type LeaseStanding,
  type LeaseStatus,
  type ResourceKind,
  type SpecBounds,
} from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Identity, Mark, Observation, Target } from '../driver.js';
import { GenerationFolder, generationMarks } from '../place/generation-folder.js';
import { until } from '../place/waiting.js';
import type { Leases } from './leases.js';
import { told } from './told.js';

/** Name of the driver of what is leased. */
export const LEASE = 'lease';

/** How long the allocator may take to take one back before the step fails, in ms; it goes on meanwhile, and the step is tried again. */
const TAKEN_BACK_WITHIN = 60_000;

/** How long a lease is waited for at most, in ms: the step's own deadline comes first. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** Of what is not over. */
const HEALTH: Partial<Record<LeaseStatus, Health>> = { active: 'healthy', pending: 'starting', acquired: 'starting' };

interface Leased {
  lease: LeaseSpec;
}

/**
 * What is leased instead of made: a host that instances stand on, a database of a server that several share. The allocator finds or makes it;
 * here it is asked for, waited for, watched and given back.
 *
 * L1. A lease is asked for by a key of resource and generation, so that it is one and the same after every crash, and is found by it.
 * L2. It is asked for only while the generation's folder is being made: with the tombstone nobody asks any more, and who did so at the last moment
 *     gives it back himself. Should he die before that, the end of its request ends it too; what is shared outlives its request.
 * L3. `destroy` ends well when nothing is left of it.
 */
export class LeaseDriver implements Driver<Leased> {
  readonly name = LEASE;
  readonly anywhere = true;
  readonly bounds: SpecBounds = {
    needs: [{ field: 'lease', reason: 'says what is leased' }],
    lacks: [],
  };

  constructor(
    readonly kind: ResourceKind,
    private readonly leases: Leases,
  ) {}

  async ensure(target: Target, { lease: spec }: Leased, _inputs: object, context: DriverContext): Promise<Ensured> {
    let asked: string | undefined;
    const effect = await new GenerationFolder(target, context)
      .make(target.definition, async () => {
        asked = await this.leases.ask(wantedBy(target, spec, context));
        context.log(`asked for ${asked}`);
      })
      .catch(async (error: unknown) => {
        if (asked !== undefined && (error as SlipwayError).code === 'generation-old')
          await this.leases.release(asked, 'what it was for was given back meanwhile');
        throw error;
      });
    const standing = await this.#untilActive(target, context);
    return { effect, outputs: await this.#outputs(standing), observed: observedOf(standing) };
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const state = await new GenerationFolder(target, context).standing();
    if (state !== 'present') return { state, observed: {} };
    const standing = await this.#of(target);
    return { state, observed: standing ? observedOf(standing) : { exists: false } };
  }

  async gives(target: Identity): Promise<JsonObject> {
    const standing = await this.#of(target);
    return standing?.status === 'active' ? this.#outputs(standing) : {};
  }

  async observe(target: Target): Promise<Observation> {
    const standing = await this.#of(target);
    if (!standing) return { health: 'unhealthy', reason: unknown(target), restarts: 0 };
    return { health: HEALTH[standing.status] ?? 'unhealthy', reason: told(standing), restarts: 0 };
  }

  async destroy(target: Target, context: DriverContext): Promise<'destroyed' | 'absent'> {
    const effect = await new GenerationFolder(target, context).destroy();
    return (await this.#giveBack(target, context)) ? 'destroyed' : effect;
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return generationMarks(context);
  }

  #of({ resource, generation }: Identity): Promise<LeaseStanding | undefined> {
    return this.leases.ofKey(resource.environment, keyOf({ resource, generation }));
  }

  async #untilActive(target: Target, context: DriverContext): Promise<LeaseStanding> {
    let standing: LeaseStanding | undefined;
    let before = '';
    await until(context, FOR_EVER, async () => {
      standing = await this.#of(target);
      if (standing?.status === 'active') return true;
      if (!standing) throw new SlipwayError('driver-failed', unknown(target));
      const { leaseId, status } = standing;
      const now = told(standing);
      if (status !== 'pending' && status !== 'acquired') throw new SlipwayError('driver-failed', now, { leaseId, status });
      if (now !== before) context.progress(undefined, (before = now));
      return false;
    });
    return standing!;
  }

  async #outputs({ leaseId, token, resourceId }: LeaseStanding): Promise<JsonObject> {
    const given = await this.leases.gives(leaseId, token!);
    return { ...given, lease: leaseId, token: token!, resource: resourceId! };
  }

  /** Whether there was anything. */
  async #giveBack(target: Target, context: DriverContext): Promise<boolean> {
    let standing = await this.#of(target);
    if (!standing || standing.status === 'destroyed') return false;
    const { leaseId } = standing;
    if (standing.status !== 'released') await this.leases.release(leaseId, `${resourceKey(target.resource)} was given back`);
    const gone = await until(context, TAKEN_BACK_WITHIN, async () => {
      standing = await this.leases.standing(leaseId);
      return standing.status === 'destroyed';
    });
    if (gone) return true;
    const why = ['it is not taken back yet', ...standing.reasons].join('; ');
    throw new SlipwayError('driver-failed', `${leaseId}: ${why}`, { leaseId });
  }
}

/** L1. */
const keyOf = ({ resource, generation }: Pick<Identity, 'resource' | 'generation'>): string =>
  `${resourceKey(resource)}/g${generation}`;

function wantedBy({ resource, generation }: Target, spec: LeaseSpec, { request }: DriverContext) {
  if (!request?.owner)
    throw new SlipwayError('spec-invalid', 'lease: leases are somebody’s, and this request has no owner', { field: 'lease' });
  const { owner, id } = request;
  return {
    ...spec,
    environment: resource.environment,
    owner,
    ...(id !== undefined && { requestId: id }),
    wait: true,
    endless: true as const,
    key: keyOf({ resource, generation }),
  };
}

const observedOf = ({ leaseId, status, resourceId }: LeaseStanding): JsonObject =>
  status === 'destroyed'
    ? { exists: false }
    : { lease: leaseId, status, ...(resourceId !== undefined && { resource: resourceId }) };

const unknown = ({ resource }: Target): string => `Nobody knows of the lease of ${resourceKey(resource)} any more`;
