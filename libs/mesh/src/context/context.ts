import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { RequestContext } from '@slipway/contracts';
import { newTrace } from './trace.js';

const storage = new AsyncLocalStorage<RequestContext>();

/**
 * A context for what Slipway does by itself: carrying on after a restart, watching, tidying up.
 * @param id who of Slipway, usually the service's name
 * @param known what is known already, for example the `correlationId` and `requestId` of the job that is carried on
 */
export function systemContext(id: string = 'slipway', known: Partial<RequestContext> = {}): RequestContext {
  return {
    actor: { id, type: 'system' },
    ...known,
    correlationId: known.correlationId ?? randomUUID(),
    trace: known.trace ?? newTrace(),
  };
}

/** Runs `fn`, and all that it starts and awaits, in this context. */
export const runInContext = <T>(context: RequestContext, fn: () => T): T => storage.run(context, fn);

/** The context that we are in, or `undefined` outside of any. */
export const knownContext = (): RequestContext | undefined => storage.getStore();

/** The context that we are in; outside of any a new one in the name of Slipway itself. */
export const currentContext = (): RequestContext => storage.getStore() ?? systemContext();
