import {
  SlipwayError,
  VERBS,
  callSubject,
  type AskLeaseCommand,
  type CallEnded,
  type CallInterfaceCommand,
  type Json,
  type JsonObject,
} from '@slipway/contracts';
import { currentContext } from '@slipway/mesh';
import type { GatewayPlace } from './gateway-place.js';

type Verb = keyof typeof VERBS;

/** An allocator as far as the gateway sees it: it records what is asked of it, or refuses as a test tells it. */
export class FakeAllocator {
  /** What it was asked, by whom: `[verb, body, actor]`. */
  readonly asked: [verb: string, body: unknown, actor: string][] = [];
  readonly #refusals = new Map<Verb, SlipwayError>();
  #number = 0;

  constructor(private readonly place: GatewayPlace) {
    this.answers('askLease', async (command: AskLeaseCommand) => {
      const { environment, until: _until, waitUntil: _wait, wait: _waits, key: _key, ...wanted } = command;
      const leaseId = `${environment}.lease-${(this.#number += 1)}`;
      const rest = { attributes: {}, amount: 1, slots: [], priority: 0, replace: false, actor: currentContext().actor };
      const position = await this.record(environment, 'LeaseRequested', { ...rest, ...wanted, leaseId });
      return { leaseId, position };
    });
    for (const verb of ['renewLease', 'releaseLease', 'forceLease'] as const)
      this.answers(verb, ({ leaseId }: { leaseId: string }) => ({ leaseId, position: 'log.1.7' }));
    this.answers('reclaimLeases', ({ leaseId }: { leaseId?: string }) => ({
      leaseIds: leaseId === undefined ? ['default.lease-1', 'default.lease-2'] : [leaseId],
      position: 'log.1.7',
    }));
    this.answers('enterResource', () => ({ resourceId: 'default.host-9', position: 'log.1.7' }));
    for (const verb of ['changeResource', 'drainResource', 'forceResource'] as const)
      this.answers(verb, ({ resourceId }: { resourceId: string }) => ({ resourceId, position: 'log.1.7' }));
    for (const verb of ['changeBlueprint', 'approveBlueprint', 'revokeBlueprint'] as const)
      this.answers(verb, ({ name }: { name: string }) => ({ name, position: 'log.1.7' }));
    this.answers('setQuota', () => ({ position: 'log.1.7' }));
    this.answers('cancelCall', ({ callId }: { callId: string }) => ({ callId }));
  }

  /** What it answers to a verb from then on. */
  answers<Body>(verb: Verb, answer: (body: Body) => unknown): void {
    this.#ends.get(verb)?.();
    const serve = (body: unknown) => {
      this.asked.push([VERBS[verb], body, currentContext().actor.id]);
      const refusal = this.#refusals.get(verb);
      if (refusal) throw refusal;
      return answer(body as Body);
    };
    this.#ends.set(verb, this.place.bus.serve('allocator', VERBS[verb], serve));
  }
  readonly #ends = new Map<Verb, () => void>();

  refuses(verb: Verb, refusal: SlipwayError): void {
    this.#refusals.set(verb, refusal);
  }

  /** What a call says on its way. */
  tells({ callId }: CallInterfaceCommand, from: 'stdout' | 'stderr' | 'alive', line = ''): void {
    const told = this.#told.get(callId) ?? 0;
    const lines = from === 'alive' ? [] : [line];
    this.#told.set(callId, told + lines.length);
    this.place.bus.publish(callSubject(this.place.runtime.config.mesh, callId), { from, lines, number: told + 1 });
  }
  readonly #told = new Map<string, number>();

  /** What it answers when a call has ended. */
  ended({ callId }: CallInterfaceCommand, result: Json): CallEnded {
    return { result, lines: this.#told.get(callId) ?? 0 };
  }

  /** Appends to an environment's leases; the position. */
  record(environment: string, type: string, data: object): Promise<string> {
    const metadata = { environment, actor: { id: 'operator', type: 'user' as const } };
    return this.place.record(`allocation-${environment}`, type, { at: Date.now(), ...data } as JsonObject, metadata);
  }
}
