import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { headers } from '@nats-io/transport-node';
import {
  HEADERS,
  subject,
  streamName,
  systemClock,
  type AcceptCommand,
  type Clock,
  type ErrorCode,
  type HandlerEvent,
  type JsonObject,
} from '@slipway/contracts';
import type { HandlerList, HandlerView } from '@slipway/contracts/http';
import { NO_STREAM, type EventLog } from '@slipway/event-store';
import { openSqliteEventLog, restoreLog } from '@slipway/event-store/sqlite';
import { PATIENCE_MS } from '@slipway/event-store/testing';
import {
  HandlerConfig,
  MeshConfig,
  runInContext,
  startBeats,
  systemContext,
  type RunningService,
  type Runtime,
} from '@slipway/mesh';
import { testRuntime, type NatsServer } from '@slipway/mesh/testing';
import { service } from '../index.js';

/** A job that a handler has asked for, as the orchestrator is told. */
export interface Asked {
  command: AcceptCommand;
  actor: string | undefined;
  causation: string | undefined;
  correlation: string | undefined;
}

const errorHeaders = (code: ErrorCode) => {
  const all = headers();
  all.set(HEADERS.error, code);
  return all;
};

const BEGAN = Date.now();
const SPEED = 4;
/** The real clock, only faster: a test needs not wait as long as replicas listen for each other. */
const fastClock: Clock = {
  now: () => Math.round(BEGAN + (Date.now() - BEGAN) * SPEED),
  after: (ms, task) => systemClock.after(ms / SPEED, task),
};

/** The service on a real NATS and the embedded log, with handlers that a test writes, and somebody in the orchestrator's place. */
export class HandlersPlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-handlers-'));
  readonly asked: Asked[] = [];
  readonly running: { service: RunningService; runtime: Runtime; endBeats: () => void }[] = [];
  /** Whose `node_modules` hold handlers that are packages. */
  packages: string | undefined;
  log!: EventLog;
  clock = fastClock;
  #handlers: Record<string, HandlerConfig> = {};
  #endOrchestrator = () => {};

  constructor(private readonly nats: NatsServer) {}

  /** A handler with this text as its module; `DONE` in it is a file that `done` reads, `MENDED` one that `mend` makes. */
  add(name: string, module: string | undefined, over: Partial<HandlerConfig> = {}): void {
    const file = join(this.folder, `${name}.mjs`);
    const head = `import { appendFileSync, existsSync } from 'node:fs';
const DONE = ${JSON.stringify(this.#done(name))};
const MENDED = ${JSON.stringify(join(this.folder, `${name}.mended`))};
const done = (text) => appendFileSync(DONE, text + '\\n');
`;
    if (module !== undefined) writeFileSync(file, head + module);
    this.#handlers[name] = Object.assign(new HandlerConfig(), { file, tries: 3, backoffSeconds: 0.05, ...over });
  }

  /** Leaves a handler out of the configuration. */
  take(name: string): void {
    delete this.#handlers[name];
  }

  mend(name: string): void {
    writeFileSync(join(this.folder, `${name}.mended`), '');
  }

  /** Lines that a handler has written; one that is being written is none yet. */
  done(name: string): string[] {
    const file = this.#done(name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Starts a replica; one that is `silent` is never heard of by the others. */
  async start(replica = 'one-handlers', { silent = false } = {}): Promise<void> {
    this.log ??= await openSqliteEventLog({ folder: join(this.folder, 'log'), timeLimitMs: PATIENCE_MS });
    const config = Object.assign(new MeshConfig(), { mesh: 'test', handlers: { ...this.#handlers } });
    if (this.packages !== undefined) config.provisioners.folder = this.packages;
    const parts = { config, clock: this.clock, store: this.log.as('handlers'), cacheFolder: join(this.folder, 'cache', replica) };
    const runtime = await testRuntime({ nats: this.nats, service: 'handlers', replica, parts });
    const running = await service.start(runtime);
    const { bus, clock } = runtime;
    const beats = { mesh: 'test', service: 'handlers', replica, bus, clock, health: () => running.health() } as const;
    this.running.push({ service: running, runtime, endBeats: silent ? () => {} : startBeats(beats) });
  }

  /** Ends a replica, in order. */
  async stop(index = 0): Promise<void> {
    const [{ service: running, runtime, endBeats }] = this.running.splice(index, 1) as [(typeof this.running)[number]];
    endBeats();
    await running.stop({ instances: 'leave' });
    await runtime.connection.close();
  }

  /** Answers in the orchestrator's place, to some with the code of an error; the returned function ends it. */
  orchestrate(refuses: (command: AcceptCommand) => ErrorCode | undefined = () => undefined): () => void {
    const { nats } = this.running[0]!.runtime.connection;
    const subscription = nats.subscribe(subject('test', 'orchestrator', 'accept'), {
      callback: (_error, message) => {
        const of = (name: string) => message.headers?.get(name) || undefined;
        const command = message.json<AcceptCommand>();
        this.asked.push({
          command,
          actor: of(HEADERS.actor),
          causation: of(HEADERS.causationId),
          correlation: of(HEADERS.correlationId),
        });
        const code = refuses(command);
        if (code) return void message.respond(JSON.stringify({ message: 'it is refused here' }), { headers: errorHeaders(code) });
        message.respond(JSON.stringify({ requestId: `r-${this.asked.length}`, position: 'p' }));
      },
    });
    return (this.#endOrchestrator = () => subscription.unsubscribe());
  }

  /** Records a request that was accepted and then succeeded; the id of the event of its success. */
  async provisioned(name: string, correlationId = 'call-1'): Promise<string> {
    const id = randomUUID();
    const body = { ownerId: 'ada', instanceId: name, definition: 'hello' };
    const accepted: JsonObject = { job: 'provision', environment: 'default', name, body };
    const metadata = { actor: { id: 'ada', type: 'user' as const }, correlationId, environment: 'default', requestId: id };
    const events = [
      { id: randomUUID(), type: 'RequestAccepted', data: accepted, metadata },
      { id: randomUUID(), type: 'RequestSucceeded', data: {}, metadata },
    ];
    await this.log.as('orchestrator').append(streamName('request', id), NO_STREAM, events);
    return events[1]!.id;
  }

  ask<Answer>(verb: string, body: object): Promise<Answer> {
    const context = systemContext('test', { actor: { id: 'ada', type: 'user' } });
    return runInContext(context, () => this.running[0]!.runtime.bus.request<Answer>('handlers', verb, body));
  }

  async view(name: string): Promise<HandlerView> {
    return (await this.ask<HandlerList>('list-handlers', { name })).items[0]!;
  }

  async typesOf(name: string): Promise<HandlerEvent['type'][]> {
    return (await this.log.as(null).read(streamName('handler', name))).map(({ type }) => type as HandlerEvent['type']);
  }

  /** Resolves when a handler has begun: what is recorded from now on is for it. */
  async registered(...names: string[]): Promise<void> {
    for (const name of names) await eventually(`${name} is registered`, async () => (await this.typesOf(name)).length > 0);
  }

  async backUp(): Promise<void> {
    await this.log.backup!(join(this.folder, 'backup.sqlite'));
  }

  /** Puts the backup in the log's place, while nothing runs: what was recorded since is gone. */
  async restore(): Promise<void> {
    const folder = join(this.folder, 'log');
    await this.log.close();
    restoreLog({ from: join(this.folder, 'backup.sqlite'), folder });
    this.log = await openSqliteEventLog({ folder, timeLimitMs: PATIENCE_MS });
  }

  async remove(): Promise<void> {
    this.#endOrchestrator();
    while (this.running.length > 0) await this.stop();
    await this.log?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #done = (name: string): string => join(this.folder, `${name}.done`);
}

/** Waits until something holds, at most a minute. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(25)) {
    if (Date.now() > deadline) throw new Error(`It did not become true within a minute: ${what}`);
  }
}
