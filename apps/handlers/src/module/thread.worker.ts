/** A handler's own thread: loads its module, and calls it for one event after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  EVENT_NAME,
  SlipwayError,
  causeOf,
  type Cause,
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
/** Jobs that were asked for, by event and number. */
const waiting = new Map<string, { resolve(accepted: Accepted): void; reject(error: unknown): void }>();

try {
  const loaded = (await import(url)) as Partial<HandlerModule>;
  const { names, handle } = checked(loaded);
  port.on('message', (message: ToThread) => {
    if (message.do === 'handle') void carryOut(handle, message.event, message.try);
    else settle(message);
  });
  tell({ told: 'loaded', names });
} catch (error) {
  tell({ told: 'unusable', reason: wrongWith(error) });
}

/** Where the file itself is missing, Node tells of the one that asked for it, which is ours. */
function wrongWith(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, url: missing } = error as { code?: string; url?: string };
  return code === 'ERR_MODULE_NOT_FOUND' && missing === url ? 'is not there' : error.message;
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
  const sent: Sent[] = [];
  let over = false;
  const send = (job: JobKind, body: object) => {
    if (over) return late(event, job);
    const plain = JSON.parse(JSON.stringify(body ?? null)) as JsonObject;
    const number = sent.length;
    const asked = new Sent((resolve, reject) => waiting.set(askedBy(event.id, number), { resolve, reject }));
    sent.push(asked);
    tell({ told: 'send', event: event.id, number, job, body: plain });
    return asked;
  };
  let cause: Cause | undefined;
  try {
    await handle(event, { key: event.id, handler, try: count, options, send });
  } catch (error) {
    cause = causeOf(error, 'handler-failed');
  }
  // Also what it does not wait for itself belongs to the event, and what it asks for meanwhile.
  for (const asked of sent) {
    const refused = await asked.refusal();
    if (refused !== undefined && !asked.heeded) cause ??= causeOf(refused, 'handler-failed');
  }
  // A refusal that it passes on where nobody waits for it ends the thread now, and not while the next event is handled.
  if (sent.length > 0) await new Promise((resolve) => setImmediate(resolve));
  over = true;
  tell({ told: 'handled', ...(cause && { cause }) });
}

/** A job that was asked for. What is refused is the handler's own matter when it looks at it, and fails the event when nobody does. */
class Sent extends Promise<Accepted> {
  /** What comes of it is no job. */
  static override get [Symbol.species]() {
    return Promise;
  }

  /** Whether the handler waits for it: `await` calls `then` as well. */
  heeded = false;

  constructor(executor: (resolve: (accepted: Accepted) => void, reject: (error: unknown) => void) => void) {
    super(executor);
    // Unheeded it does not end the thread: its event fails.
    super.then(undefined, () => {});
  }

  override then<Done = Accepted, Failed = never>(
    fulfilled?: ((accepted: Accepted) => Done | PromiseLike<Done>) | null,
    rejected?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    this.heeded = true;
    return super.then(fulfilled, rejected);
  }

  /** What it was refused with, once it is settled. */
  refusal(): Promise<unknown> {
    return super.then(
      () => undefined,
      (error: unknown) => error,
    );
  }
}

/** One that comes when its event has ended is nobody's: another event's it must not become. */
function late(event: EventToHandle, job: JobKind): Promise<Accepted> {
  const message = `Handler ${handler}: it sends ${job} for ${event.name} ${event.id}, which has ended; return what you wait for from handle`;
  console.error(message);
  const refused = Promise.reject(new SlipwayError('not-possible', message, { eventId: event.id }));
  // Where nobody waits for it, it is told by the line alone, and does not end the thread of the next event.
  refused.catch(() => {});
  return refused;
}

const askedBy = (event: string, number: number): string => `${event}/${number}`;

function settle({ event, number, accepted, cause }: Extract<ToThread, { do: 'answer' }>): void {
  const asked = waiting.get(askedBy(event, number));
  waiting.delete(askedBy(event, number));
  if (cause) asked?.reject(SlipwayError.from(cause));
  else asked?.resolve(accepted!);
}
