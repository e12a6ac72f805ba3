import {
  SlipwayError,
  VERBS,
  bareResourceEventType,
  causeOf,
  resourceEventType,
  resourceKey,
  resourceStream,
  type Cause,
  type CompareQuery,
  type Comparison,
  type EnsureCommand,
  type InspectAnswer,
  type InspectQuery,
  type JsonObject,
  type ResourceEvent,
  type ResourceKind,
  type StepAccepted,
  type StepAction,
  type StepCancelCommand,
  type StepCommand,
} from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import { NO_STREAM, type EventStore } from '@slipway/event-store';
import type { LocalBus, VirtualClock } from '@slipway/mesh/testing';

/** What a try does: how long it takes, and whether it fails. */
export interface Behaviour {
  takesMs?: number;
  fails?: Cause;
  /** It never ends by itself. */
  hangs?: boolean;
}

type Step = EnsureCommand & { action: StepAction };

/**
 * A sub-provisioner of one kind that only remembers. It keeps the contract of steps: Started before the answer, one outcome
 * for each try, the same command answered with what became of it.
 */
export class FakeProvisioner {
  /** Generations that exist at the place, by key. */
  readonly there = new Map<string, Set<number>>();
  /** What each was changed to last. */
  readonly specs = new Map<string, JsonObject>();
  /** What each was given last, by the requirement's name. */
  readonly given = new Map<string, Record<string, JsonObject>>();
  /** How often each generation was made. */
  readonly made = new Map<string, number>();
  /** What each generation that exists holds: `made`, or the content of the snapshot that it began with. */
  readonly data = new Map<string, string>();
  /** Generations that run; of an instance. */
  readonly up = new Set<string>();
  /** Tries that were begun, `storage/shop-data ensure 1`. */
  readonly begun: string[] = [];
  /** What the next try of a step does: by key and action. */
  behave: (step: Step) => Behaviour = () => ({});
  /** How what is there is other than recorded, by key, until it is changed back. */
  readonly drifted = new Map<string, Comparison>();
  readonly #running = new Map<string, { step: Step; end: (failure?: Cause) => void }>();
  readonly #lanes = new Map<string, Promise<unknown>>();
  #leave: (() => void)[] = [];

  constructor(
    readonly kind: ResourceKind,
    private readonly world: {
      store: EventStore;
      bus: LocalBus;
      clock: VirtualClock;
      blobs: Blobs;
      ids: () => string;
      location: string;
      /** Told before data are read out. */
      exporting: (step: Step) => void;
    },
  ) {
    this.come();
  }

  /** Its server is there. */
  come(): void {
    const { bus, location } = this.world;
    const serve = (verb: string, handler: (body: never) => unknown) =>
      this.#leave.push(bus.serve(this.kind, verb, handler as (body: unknown) => unknown, location));
    serve(VERBS.ensure, (command: EnsureCommand) => this.#accept({ ...command, action: 'ensure' }));
    serve(VERBS.update, (command: EnsureCommand) => this.#accept({ ...command, action: 'update' }));
    for (const action of ['destroy', 'stop', 'export'] as const)
      serve(VERBS[action], (command: StepCommand) => this.#accept({ ...command, spec: {}, inputs: {}, action }));
    serve(VERBS.inspect, (query: InspectQuery) => this.#inspect(query));
    serve(VERBS.compare, (query: CompareQuery) => this.#compare(query));
    serve(VERBS.cancelStep, (command: StepCancelCommand) => this.#cancel(command));
  }

  /** Its server is gone. */
  leave(): void {
    for (const leave of this.#leave.splice(0)) leave();
  }

  /** Everything that exists, `storage/shop-data g1`. */
  get standing(): string[] {
    return [...this.there]
      .flatMap(([key, generations]) => [...generations].map((generation) => `${key} g${generation}`))
      .toSorted();
  }

  #compare({ resource, generation }: CompareQuery): Comparison {
    const key = resourceKey(resource);
    const none = { differences: [], seen: 'seen', adoptable: false };
    if (this.there.get(key)?.has(generation)) return this.drifted.get(key) ?? none;
    const differences = [{ field: 'state', recorded: 'present', found: 'absent' }];
    return { ...none, drift: 'missing', differences, repair: 'ensure' };
  }

  #accept(step: Step): Promise<StepAccepted> {
    const stream = resourceStream(step.resource);
    const turn = (this.#lanes.get(stream) ?? Promise.resolve()).then(() => this.#begin(step));
    this.#lanes.set(
      stream,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #begin(step: Step): Promise<StepAccepted> {
    const { requestId, stepId, try: tryNumber, action, generation, resource } = step;
    const events = (await this.world.store.read(resourceStream(resource))).map(
      ({ type, data }) => ({ type: bareResourceEventType(this.kind, type), data }) as unknown as ResourceEvent,
    );
    const same = events.filter(({ data }) => 'try' in data && data.requestId === requestId && data.stepId === stepId);
    const started = same.findLast(({ type, data }) => type === 'Started' && 'action' in data && data.action === action);
    if (started && 'try' in started.data && started.data.try >= tryNumber) {
      const isRunning = this.#running.get(resourceStream(resource))?.step.try === tryNumber;
      return { status: isRunning ? 'accepted' : 'settled', epoch: 1 };
    }
    if (action === 'ensure' && events.some(({ type, data }) => type === 'Started' && isNewer(data, generation)))
      throw new SlipwayError('generation-old');
    this.#running.get(resourceStream(resource))?.end(new SlipwayError('step-cancelled').toCause());
    this.begun.push(`${resourceKey(resource)} ${action} ${tryNumber}`);
    await this.#record(step, 'Started', { action, replica: 'fake', location: step.location, driver: step.driver });
    this.#run(step);
    return { status: 'accepted', epoch: 1 };
  }

  #run(step: Step): void {
    const stream = resourceStream(step.resource);
    const { takesMs = 5, fails, hangs } = this.behave(step);
    let cancel = () => {};
    const end = (failure?: Cause) => {
      cancel();
      this.#running.delete(stream);
      const cause = failure ?? fails;
      const turn = (this.#lanes.get(stream) ?? Promise.resolve()).then(() =>
        cause ? this.#record(step, 'Failed', { action: step.action, cause: cause as unknown as JsonObject }) : this.#take(step),
      );
      this.#lanes.set(stream, turn);
    };
    this.#running.set(stream, { step, end });
    if (!hangs) cancel = this.world.clock.after(takesMs, () => end());
  }

  /** The effect, then its outcome. */
  async #take(step: Step): Promise<unknown> {
    const key = resourceKey(step.resource);
    const one = `${key} g${step.generation}`;
    if (step.action === 'stop') {
      this.up.delete(one);
      return this.#record(step, 'Stopped', {});
    }
    if (step.action === 'export') {
      this.world.exporting(step);
      const content = this.data.get(one)!;
      const holder = step.requestId;
      const stored = await this.world.blobs.of(holder).put(content);
      const part = { ...stored, mediaType: `text/${this.kind}`, contentBytes: content.length, holder };
      return this.#record(step, 'Exported', { part });
    }
    if (step.action === 'update') {
      this.drifted.delete(resourceKey(step.resource));
      this.specs.set(one, step.spec);
      this.given.set(one, step.inputs);
      return this.#record(step, 'Updated', { outputs: { url: `${key}/g${step.generation}`, inputs: step.inputs }, observed: {} });
    }
    const generations = this.there.get(key) ?? new Set<number>();
    const was = generations.has(step.generation);
    if (step.action === 'destroy') {
      generations.delete(step.generation);
      this.up.delete(one);
      this.data.delete(one);
      if (generations.size === 0) this.there.delete(key);
      return this.#record(step, 'Destroyed', { effect: was ? 'destroyed' : 'absent' });
    }
    // What it begins with may be gone meanwhile: then nothing is made.
    let content = `made of ${key}`;
    if (step.from && !was) {
      try {
        content = (await this.world.blobs.of(step.from.holder!).read(step.from.sha256)).toString();
      } catch (error) {
        return this.#record(step, 'Failed', { action: step.action, cause: causeOf(error) as unknown as JsonObject });
      }
    }
    this.there.set(key, generations.add(step.generation));
    this.given.set(one, step.inputs);
    if (!was) this.data.set(one, content);
    if (this.kind === 'instance') this.up.add(one);
    if (!was) this.made.set(one, (this.made.get(one) ?? 0) + 1);
    const outputs = { url: `${key}/g${step.generation}`, inputs: step.inputs };
    return this.#record(step, 'Provisioned', { effect: was ? 'found' : 'made', outputs, observed: {} });
  }

  async #record(step: Step, type: ResourceEvent['type'], data: JsonObject): Promise<unknown> {
    const { requestId, stepId, try: tryNumber, generation, resource, owner } = step;
    const stream = resourceStream(resource);
    const revision = (await this.world.store.read(stream)).at(-1)?.revision ?? NO_STREAM;
    const identity = { requestId, stepId, try: tryNumber, generation, epoch: 1 };
    const { environment } = resource;
    const actor = { id: this.kind, type: 'system' as const };
    const metadata = { requestId, actor, environment, ...(owner && { ownerId: owner.id }) };
    const event = { id: this.world.ids(), type: resourceEventType(this.kind, type), data: { ...identity, ...data }, metadata };
    return this.world.store.append(stream, revision, [event]);
  }

  #cancel({ resource, requestId, stepId }: StepCancelCommand): { cancelled: boolean } {
    const running = this.#running.get(resourceStream(resource));
    if (running?.step.requestId !== requestId || running.step.stepId !== stepId) return { cancelled: false };
    running.end(new SlipwayError('step-cancelled').toCause());
    return { cancelled: true };
  }

  #inspect({ resource, generation }: InspectQuery): InspectAnswer {
    return { state: this.there.get(resourceKey(resource))?.has(generation) ? 'present' : 'absent', observed: {} };
  }
}

/** A destroy of this generation, or anything of a newer one. */
const isNewer = (data: ResourceEvent['data'], generation: number): boolean =>
  data.generation > generation || (data.generation === generation && 'action' in data && data.action === 'destroy');
