/** A handler's own thread: loads its module, and calls it for one event after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  EVENT_NAME,
  SlipwayError,
  causeOf,
  type EventToHandle,
  type HandlerModule,
  type JobKind,
  type JsonObject,
} from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import { OWN_CATEGORY } from '../names.js';
import type { FromThread, ThreadSettings, ToThread } from './messages.js';

const port = parentPort!;
const { module: url, handler, options } = workerData as ThreadSettings;
const tell = (message: FromThread) => port.postMessage(message);
const waiting = new Map<number, { resolve(accepted: Accepted): void; reject(error: unknown): void }>();

try {
  const loaded = (await import(url)) as Partial<HandlerModule>;
  const { names, handle } = checked(loaded);
  port.on('message', (message: ToThread) => {
    if (message.do === 'handle') void carryOut(handle, message.event, message.try);
    else settle(message);
  });
  tell({ told: 'loaded', names });
} catch (error) {
  tell({ told: 'unusable', reason: error instanceof Error ? error.message : String(error) });
}

function checked({ names, handle }: Partial<HandlerModule>): HandlerModule {
  if (!Array.isArray(names) || names.length === 0) throw new Error('exports no "names", a list of what it listens to');
  const wrong = names.find((name) => typeof name !== 'string' || !EVENT_NAME.test(name));
  if (wrong !== undefined)
    throw new Error(`exports the name ${JSON.stringify(wrong)}; one is such as "dfe.provisioned" or "events.request.failed"`);
  if (names.some((name) => name.startsWith(`events.${OWN_CATEGORY}.`)))
    throw new Error(`listens to events.${OWN_CATEGORY}, which are recorded of handlers themselves`);
  if (typeof handle !== 'function') throw new Error('exports no function "handle"');
  return { names, handle };
}

async function carryOut(handle: HandlerModule['handle'], event: EventToHandle, count: number): Promise<void> {
  const sent: Promise<Accepted>[] = [];
  const send = (job: JobKind, body: object) => {
    const number = sent.length;
    const asked = new Promise<Accepted>((resolve, reject) => waiting.set(number, { resolve, reject }));
    sent.push(asked);
    tell({ told: 'send', number, job, body: JSON.parse(JSON.stringify(body ?? null)) as JsonObject });
    return asked;
  };
  try {
    await handle(event, { key: event.id, handler, try: count, options, send });
    // Also what it does not wait for itself belongs to the event.
    await Promise.all(sent);
    tell({ told: 'handled' });
  } catch (error) {
    await Promise.allSettled(sent);
    tell({ told: 'handled', cause: causeOf(error, 'handler-failed') });
  }
}

function settle({ number, accepted, cause }: Extract<ToThread, { do: 'answer' }>): void {
  const asked = waiting.get(number);
  waiting.delete(number);
  if (cause) asked?.reject(SlipwayError.from(cause));
  else asked?.resolve(accepted!);
}
