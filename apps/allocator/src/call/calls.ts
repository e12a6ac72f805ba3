import type { Blobs } from '@slipway/blobs';
import {
  SlipwayError,
  badInput,
  callCancellingSubject,
  callSubject,
  causeOf,
  VERBS,
  type CallAnswer,
  type CallInterfaceCommand,
  type CallLine,
  type CancelCallCommand,
  type CallCancelling,
  type Clock,
  type Json,
  type JsonObject,
  type RequestContext,
} from '@slipway/contracts';
import type { Bus } from '@slipway/mesh';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { AllocationState } from '../allocation/state.js';
import type { InterfaceDefinition, InterfaceMethod } from '../blueprint/blueprint.js';
import type { AtWork, Workshop } from '../blueprint/workshop.js';
import { isUsable, type Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import { assertMayUse } from '../service/access.js';
import type { Deciders } from '../service/deciders.js';
import { environmentOfLease } from '../service/leases.js';
import { standingOf } from '../service/standing.js';

const ALIVE_EVERY = 5_000;
/** Of arguments and of an answer, as JSON: both have to fit into a message. */
const MOST_BYTES = 256 * 1024;
/** Longest that one call goes on; a lease that is over ends it sooner. */
const LONGEST_MS = 86_400_000;

export interface CallsOptions {
  mesh: string;
  deciders: Deciders;
  workshop: Workshop;
  interfaces: ReadonlyMap<string, InterfaceDefinition<never>>;
  bus: Bus;
  blobs: Blobs;
  clock: Clock;
  /** Whether this replica reaches what is there. */
  serves(location: string): boolean;
  info(about: object, message: string): void;
}

interface Going {
  leaseId: string;
  token: number;
  ending: AbortController;
}

/**
 * Calls of interfaces on what is leased.
 *
 * C1. Each call looks at the newest state first: only the token of the acquisition that counts gets through.
 * C2. A call ends when its lease does, when its place is given to another acquisition, or when who called says so.
 * C3. What is called is written down with who, on what and how it ended; what was given to it and what it said is not.
 */
export class Calls {
  readonly #going = new Map<string, Going>();
  readonly #ajv = new Ajv2020({ allErrors: true });
  readonly #checks = new Map<object, ValidateFunction>();
  readonly #unsubscribe: () => void;

  constructor(private readonly options: CallsOptions) {
    const { bus, mesh } = options;
    this.#unsubscribe = bus.subscribe(callCancellingSubject(mesh), (body) => {
      const { callId } = (body ?? {}) as Partial<CancelCallCommand>;
      if (typeof callId === 'string') this.#end(callId, 'who called has ended it');
    });
  }

  /**
   * Throws `lease-not-active` (its status; an estimate where there is one; a token of another acquisition), `not-found` for an interface or
   * method that is not there (what is), `bad-input` for arguments, `forbidden`, and what the method throws.
   */
  async call(command: CallInterfaceCommand, context: RequestContext): Promise<CallAnswer> {
    const { leaseId, callId } = command;
    if (this.#going.has(callId)) throw badInput([{ field: 'callId', reason: 'is that of a call that goes on' }]);
    const state = await this.options.deciders.newest(environmentOfLease(leaseId));
    const { lease, resource } = this.#usable(state, command, context);
    const method = this.#methodOf(resource, command);
    if (!this.options.serves(resource.location)) return this.#elsewhere(resource.location, command);
    const ending = new AbortController();
    this.#going.set(callId, { leaseId, token: command.token, ending });
    const began = this.options.clock.now();
    const { actor } = context;
    const about = { lease: leaseId, resource: resource.id, interface: command.interface, method: command.method, callId, actor };
    try {
      const answer = await this.#carryOut(method, command, { state, lease, resource }, ending.signal);
      this.options.info({ ...about, ms: this.options.clock.now() - began, outcome: 'ok' }, 'An interface was called');
      return answer;
    } catch (error) {
      const { code } = causeOf(error);
      this.options.info({ ...about, ms: this.options.clock.now() - began, outcome: code }, 'An interface was called');
      throw error;
    } finally {
      this.#going.delete(callId);
    }
  }

  cancel({ callId }: CancelCallCommand): CallCancelling {
    const { bus, mesh } = this.options;
    this.#end(callId, 'who called has ended it');
    bus.publish(callCancellingSubject(mesh), { callId } satisfies CancelCallCommand);
    return { callId };
  }

  /** C2: something was recorded. */
  noticed(state: AllocationState): void {
    for (const [callId, { leaseId, token }] of this.#going) {
      if (environmentOfLease(leaseId) !== state.environment) continue;
      const lease = state.leases.get(leaseId);
      if (!lease || !isUsable(lease, token)) this.#end(callId, `${leaseId} is not active any more`);
    }
  }

  stop(): void {
    this.#unsubscribe();
    for (const callId of this.#going.keys()) this.#end(callId, 'the allocator stops');
  }

  #end(callId: string, why: string): void {
    this.#going.get(callId)?.ending.abort(new SlipwayError('lease-not-active', `The call was ended: ${why}`, { callId }));
  }

  #usable(
    state: AllocationState,
    { leaseId, token }: CallInterfaceCommand,
    { actor }: RequestContext,
  ): { lease: Lease; resource: Resource } {
    const { deciders } = this.options;
    const lease = state.leases.get(leaseId);
    if (lease) assertMayUse(actor, lease, leaseId);
    const standing = standingOf(state, deciders.catalogue, leaseId, deciders.now());
    const resource = lease?.granted && state.resources.get(lease.granted.resourceId);
    const details = { ...standing } as unknown as JsonObject;
    if (lease?.status === 'active' && deciders.isOver(lease))
      throw new SlipwayError('lease-not-active', `The time of ${leaseId} is over`, details);
    if (lease?.status !== 'active' || !resource) {
      const when = standing.estimate === undefined ? '' : `, perhaps active after ${standing.estimate}`;
      throw new SlipwayError('lease-not-active', `${leaseId} is ${standing.status}${when}`, details);
    }
    if (!isUsable(lease, token))
      throw new SlipwayError('lease-not-active', `${leaseId} was acquired anew: token ${token} is over`, details);
    return { lease, resource };
  }

  #methodOf({ blueprint }: Resource, { interface: name, method: called, arguments: given }: CallInterfaceCommand) {
    const { interfaces, deciders } = this.options;
    const built = deciders.catalogue.get(blueprint)?.interfaces ?? [];
    const definition = built.includes(name) ? interfaces.get(name) : undefined;
    if (!definition) {
      const there = built.filter((one) => interfaces.has(one));
      throw new SlipwayError('not-found', `There is no interface ${name}; there are ${listed(there)}`, { interfaces: there });
    }
    const method = Object.hasOwn(definition.methods, called) ? definition.methods[called] : undefined;
    if (!method) {
      const methods = Object.keys(definition.methods);
      throw new SlipwayError('not-found', `${name} has no method ${called}; it has ${listed(methods)}`, { methods });
    }
    this.#assertArguments(method, given);
    return method as InterfaceMethod<object>;
  }

  #assertArguments(method: InterfaceMethod<never>, given: JsonObject): void {
    if (Buffer.byteLength(JSON.stringify(given)) > MOST_BYTES) throw tooLarge('What is given to a call');
    const check = this.#checks.get(method) ?? this.#ajv.compile(method.arguments);
    this.#checks.set(method, check);
    if (check(given)) return;
    throw badInput(
      check.errors!.map(({ instancePath, message, params }) => ({
        field: ['arguments', ...instancePath.split('/').slice(1)].join('.'),
        reason: `${message}${'additionalProperty' in params ? `: ${String(params['additionalProperty'])}` : ''}`,
      })),
    );
  }

  #elsewhere(location: string, command: CallInterfaceCommand): Promise<CallAnswer> {
    return this.options.bus.request<CallAnswer>('allocator', VERBS.callInterface, command, { location, timeoutMs: LONGEST_MS });
  }

  async #carryOut(
    method: InterfaceMethod<object>,
    command: CallInterfaceCommand,
    { state, lease, resource }: { state: AllocationState; lease: Lease; resource: Resource },
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const { workshop, blobs } = this.options;
    const at = await workshop.atWork(state, { resource, lease }, signal);
    signal.throwIfAborted();
    const tell = this.#teller(command.callId, at);
    const endAlive = this.#keepAlive(tell);
    try {
      const built = await at.blueprint.interface(command.interface, at.lease!, at.resource, at.context);
      signal.throwIfAborted();
      const line = (text: string, from: 'stdout' | 'stderr') => tell({ from, line: text });
      // Who calls removes what was handed over; shared with others it would stay for ever.
      const answer = method.call(built, command.arguments, { signal, blobs: blobs.of(command.callId), line });
      const result = await orEnded(answer, signal);
      if (Buffer.byteLength(JSON.stringify(result ?? null)) > MOST_BYTES) throw tooLarge('The answer of a call');
      return { result: result ?? null };
    } catch (error) {
      // Whose lease is over is told that, and not how his program took it.
      throw signal.aborted ? signal.reason : error;
    } finally {
      endAlive();
    }
  }

  #teller(callId: string, { cover }: AtWork): (line: CallLine) => void {
    const { bus, mesh } = this.options;
    return ({ from, line }) => bus.publish(callSubject(mesh, callId), { from, line: cover(line) } satisfies CallLine);
  }

  #keepAlive(tell: (line: CallLine) => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.options.clock.after(ALIVE_EVERY, () => {
        tell({ from: 'alive', line: '' });
        again();
      });
    };
    again();
    return () => cancel();
  }
}

/** C2: also where what was called takes no notice of the signal. */
function orEnded<T extends Json>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

const listed = (names: readonly string[]): string => names.join(', ') || 'none';
const tooLarge = (what: string): SlipwayError =>
  new SlipwayError('too-large', `${what} has at most ${MOST_BYTES / 1024} KiB: hand over what is larger as a file`);
