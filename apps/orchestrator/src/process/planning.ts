import {
  ERRORS,
  RESOURCE_KINDS,
  causeOf,
  type CapabilityRequirement,
  type Cause,
  type JobKind,
  type JsonObject,
  type Plan,
  type RequestAccepted,
  type RequestContext,
  type ResolveQuery,
  type SnapshotManifest,
} from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import type { Standing } from '../environment/state.js';
import type { Source, Sources } from '../snapshot/sources.js';
import { placeOf } from '../place.js';
import { destinationFor } from '../snapshot/stores.js';
import type { Ports } from '../ports.js';
import type { Planner } from './planner.js';
import { assertProvided } from './provided.js';

/** Before the resolver is asked again, in ms; doubles up to the longest. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;

/** What came of a question to the resolver. */
export type Planned =
  | { kind: 'plan'; plan: Plan }
  /** It can't be planned. */
  | { kind: 'refused'; cause: Cause }
  /** Nobody could answer; it is asked again. */
  | { kind: 'later'; cause: Cause };

/** Where an instance stands, and who provisioned it. */
export type Where = Pick<Standing, 'guestLocation' | 'provisioner'>;

/** Jobs that make an instance. */
export const makes = (job: JobKind): boolean => job === 'provision' || job === 'import';

/** Jobs that say what an instance is to be. */
const chooses = (job: JobKind): boolean => makes(job) || job === 'update';

/** What was heard of the drivers at a location, by kind. */
const driversThere = (location: string, announced: Ports['announced']): NonNullable<ResolveQuery['announced']> =>
  Object.fromEntries(
    RESOURCE_KINDS.flatMap((kind) => {
      const drivers = announced(kind, location);
      return drivers ? [[kind, drivers]] : [];
    }),
  );

/** What of others a job may change, and what comes first. */
const resolvingOf = (body: JsonObject): Pick<ResolveQuery, 'allowUpgrade' | 'keepAsIs' | 'prefer'> =>
  Object.fromEntries(
    ['allowUpgrade', 'keepAsIs', 'prefer'].flatMap((name) => (body[name] === undefined ? [] : [[name, body[name] as string[]]])),
  );

/** What is asked of the resolver. `manifest`: of what an import begins with; `holder`: who has its parts, where that is known. */
export function queryOf(
  { config, announced }: Pick<Ports, 'config' | 'announced'>,
  asked: Pick<ResolveQuery, 'job' | 'environment' | 'instanceId'> & {
    body: JsonObject;
    manifest: SnapshotManifest | undefined;
    holder?: string | undefined;
    /** Where what is updated stands. */
    where?: Where | undefined;
    /** Of a repair. */
    repairs?: ResolveQuery['repairs'];
    provisioner?: RequestAccepted['provisioner'];
    atLeast: string | undefined;
  },
): ResolveQuery {
  const { job, environment, instanceId, body, manifest, holder, where, repairs, provisioner, atLeast } = asked;
  // What is there stays where it is, with who provisioned it.
  const place = where
    ? placeOf(config, where, where.provisioner === undefined ? undefined : { name: where.provisioner, by: 'request' })
    : placeOf(config, body, provisioner);
  const requirements = body['requirements'] as unknown as CapabilityRequirement[] | undefined;
  const byDefault = requirements || job === 'update' ? undefined : config.defaultDefinition;
  const own = manifest ? `${manifest.definition.name}@${manifest.definition.version}` : byDefault;
  const definition = body['definition'] ?? own;
  const offerings = { ...manifest?.offerings, ...(body['offerings'] as JsonObject | undefined) };
  const named = body['destination'] as string | undefined;
  const destination = job === 'export' ? destinationFor(config, environment, named) : undefined;
  return {
    job,
    environment,
    instanceId,
    ...(chooses(job) && definition !== undefined && { definition: String(definition) }),
    ...(chooses(job) && Object.keys(offerings).length > 0 && { offerings }),
    ...(makes(job) && requirements && { requirements }),
    ...(chooses(job) && resolvingOf(body)),
    ...(job === 'deprovision' && body['cascade'] === true && { cascade: true }),
    ...(manifest && { parts: manifest.parts.map((part) => ({ ...part, ...(holder !== undefined && { holder }) })) }),
    place,
    ...(destination !== undefined && { destination }),
    ...(chooses(job) && { announced: driversThere(place.location, announced) }),
    ...(repairs && { repairs }),
    ...(atLeast !== undefined && { atLeast }),
  };
}

/** The plan of one request: asked for once at a time, and again after pauses when nobody answers. */
export class Planning {
  /** The plan that there is no longer holds. */
  stale = false;
  #asking = false;
  #failures = 0;
  #againAt = 0;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'config' | 'announced'>,
    private readonly planner: Planner,
    private readonly sources: Sources,
    /** Of the request. */
    private readonly id: string,
    /** What a repair is to bring back, looked at when it is planned. */
    private readonly repairs: (body: JsonObject) => Promise<NonNullable<ResolveQuery['repairs']>>,
  ) {}

  /** When it has to be asked again (ms since the epoch). */
  get next(): number {
    return this.#asking || this.#failures === 0 ? Infinity : this.#againAt;
  }

  /** Asks, if it is time, and tells `then`. `atLeast`: position up to which the resolver has to know the log. */
  ask(
    accepted: RequestAccepted,
    metadata: EventMetadata,
    context: RequestContext,
    atLeast: string | undefined,
    where: Where | undefined,
    then: (planned: Planned) => void,
  ): void {
    if (this.#asking || this.ports.clock.now() < this.#againAt) return;
    this.#asking = true;
    const told = (planned: Planned) => {
      this.#asking = false;
      this.#failures = planned.kind === 'later' ? this.#failures + 1 : 0;
      const pause = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
      this.#againAt = planned.kind === 'later' ? this.ports.clock.now() + pause : 0;
      then(planned);
    };
    void this.#ask(accepted, metadata, context, atLeast, where).then(told);
  }

  async #ask(
    { job, environment, name, body, provisioner }: RequestAccepted,
    metadata: EventMetadata,
    context: RequestContext,
    atLeast: string | undefined,
    where: Where | undefined,
  ): Promise<Planned> {
    try {
      const source: Source | undefined = job === 'import' ? await this.sources.look(body, this.id) : undefined;
      const { manifest, holder } = source ?? {};
      const repairs = job === 'repair' ? await this.repairs(body) : undefined;
      const asked = { job, environment, instanceId: name, body, manifest, holder, where, repairs, provisioner, atLeast };
      const plan = await this.planner.plan(queryOf(this.ports, asked), context);
      assertProvided(plan, this.ports);
      // All of an archive is read only for a plan that needs it.
      if (source && plan.outcome !== 'unsatisfied') await this.sources.open(body, source, this.id, metadata);
      return { kind: 'plan', plan };
    } catch (error) {
      const cause = causeOf(error);
      return { kind: ERRORS[cause.code].advice === 'refuse' ? 'refused' : 'later', cause };
    }
  }
}
