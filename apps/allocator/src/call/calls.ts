import type { Blobs } from '@slipway/blobs';
import {
  SlipwayError,
  badInput,
  callCancellingSubject,
  VERBS,
  type CallEnded,
  type CallInterfaceCommand,
  type CancelCallCommand,
  type CallCancelling,
  type Clock,
  type JsonObject,
  type RequestContext,
} from '@slipway/contracts';
import type { Bus } from '@slipway/mesh';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { InterfaceDefinition, InterfaceMethod } from '../blueprint/blueprint.js';
import type { AtWork } from '../blueprint/workshop.js';
import type { Resource } from '../resource/resource.js';
import type { Deciders } from '../service/deciders.js';
import { handedOver } from './handed-over.js';
import { Telling } from './telling.js';
import type { Uses } from './uses.js';

/** Of arguments and of an answer, as JSON: both have to fit into a message. */
const MOST_BYTES = 256 * 1024;
/** Longest that one call goes on; a lease that is over ends it sooner. */
const LONGEST_MS = 86_400_000;
const ENDED = 'who called has ended it';

export interface CallsOptions {
  mesh: string;
  deciders: Deciders;
  uses: Uses;
  interfaces: ReadonlyMap<string, InterfaceDefinition<never>>;
  bus: Bus;
  blobs: Blobs;
  /** Of each file that is handed over as a blob. */
  mostFileBytes: number;
  clock: Clock;
}

/** Calls of interfaces on what is leased; each is a use of its lease. */
export class Calls {
  readonly #ajv = new Ajv2020({ allErrors: true });
  readonly #checks = new Map<object, ValidateFunction>();
  readonly #unsubscribe: () => void;

  constructor(private readonly options: CallsOptions) {
    const { bus, mesh, uses } = options;
    this.#unsubscribe = bus.subscribe(callCancellingSubject(mesh), (body) => {
      const { callId } = (body ?? {}) as Partial<CancelCallCommand>;
      if (typeof callId === 'string') uses.end(callId, ENDED);
    });
  }

  /**
   * Throws `lease-not-active` (its status; an estimate where there is one; a token of another acquisition), `not-found` for an interface or
   * method that is not there (what is), `bad-input` for arguments, `forbidden`, and what the method throws.
   */
  async call(command: CallInterfaceCommand, context: RequestContext): Promise<CallEnded> {
    const { uses, bus } = this.options;
    const { callId, interface: name, method: called } = command;
    if (uses.isGoing(callId)) throw badInput([{ field: 'callId', reason: 'is that of a call that goes on' }]);
    const held = await uses.admit(command, context);
    const method = this.#methodOf(held.resource, command);
    const { location } = held.resource;
    if (!uses.isHere(held)) return bus.request('allocator', VERBS.callInterface, command, { location, timeoutMs: LONGEST_MS });
    const gone = (why: SlipwayError) => uses.end(callId, why.message);
    const telling = new Telling({ bus, clock: this.options.clock, mesh: this.options.mesh, callId }, gone);
    const use = { id: callId, about: { interface: name, method: called, callId }, message: 'An interface was called' };
    try {
      return await uses.carryOut(use, held, context, (at, signal) => this.#carryOut(method, command, at, telling, signal));
    } finally {
      telling.end();
    }
  }

  cancel({ callId }: CancelCallCommand): CallCancelling {
    const { bus, mesh, uses } = this.options;
    uses.end(callId, ENDED);
    bus.publish(callCancellingSubject(mesh), { callId } satisfies CancelCallCommand);
    return { callId };
  }

  stop(): void {
    this.#unsubscribe();
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

  async #carryOut(
    method: InterfaceMethod<object>,
    { callId, interface: name, arguments: given }: CallInterfaceCommand,
    { blueprint, lease, resource, context, cover, coverJson }: AtWork,
    telling: Telling,
    signal: AbortSignal,
  ): Promise<CallEnded> {
    const built = await blueprint.interface(name, lease!, resource, context);
    signal.throwIfAborted();
    const lines = (texts: readonly string[], from: 'stdout' | 'stderr') => telling.tell(texts.map(cover), from);
    const line = (text: string, from: 'stdout' | 'stderr') => void lines([text], from);
    // Who calls removes what was handed over; shared with others it would stay for ever.
    const blobs = handedOver(this.options.blobs.of(callId), this.options.mostFileBytes);
    const result = (await method.call(built, given, { signal, blobs, line, lines }).finally(() => telling.flush())) ?? null;
    if (Buffer.byteLength(JSON.stringify(result)) > MOST_BYTES) throw tooLarge('The answer of a call');
    return { result: coverJson({ result })['result']!, lines: telling.told };
  }
}

const listed = (names: readonly string[]): string => names.join(', ') || 'none';
const tooLarge = (what: string): SlipwayError =>
  new SlipwayError('too-large', `${what} has at most ${MOST_BYTES / 1024} KiB: hand over what is larger as a file`);
