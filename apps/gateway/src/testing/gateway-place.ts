import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  CATEGORY_OWNER,
  RESOURCE_KINDS,
  VERBS,
  categoryOf,
  hashOf,
  resourceEventType,
  resourceStream,
  streamName,
  systemClock,
  type AcceptCommand,
  type Category,
  type JsonObject,
  type RequestEvent,
} from '@slipway/contracts';
import { NO_STREAM, type EventLog, type EventStore, type NewEvent } from '@slipway/event-store';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { MeshConfig, type Runtime } from '@slipway/mesh';
import { LocalBus } from '@slipway/mesh/testing';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startGateway, type GatewayOptions, type RunningGateway } from '../gateway.js';
import { loadOrMakeKey } from '../identity/key.js';
import { openViews } from '../views/open-views.js';
import type { Views } from '../views/port.js';

/** A gateway on a real socket, with a log and a bus in memory: what its tests stand on. */
export class GatewayPlace {
  gateway!: RunningGateway;
  views!: Views;
  key = '';

  private constructor(
    readonly folder: string,
    readonly log: EventLog,
    readonly store: EventStore,
    readonly bus: LocalBus,
    readonly blobs: MemoryBlobs,
    readonly runtime: Runtime,
    /** What it has logged. */
    readonly lines: Record<string, unknown>[],
  ) {}

  static async open(
    options: Partial<GatewayOptions> & { runtime?: Partial<Runtime>; log?: EventLog } = {},
  ): Promise<GatewayPlace> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-gateway-'));
    const log = options.log ?? new MemoryEventLog();
    const config = Object.assign(new MeshConfig(), { mesh: 'test', dataFolder: folder });
    config.gateway.port = 0;
    const bus = new LocalBus({ mesh: 'test', clock: systemClock });
    const lines: Record<string, unknown>[] = [];
    const logger = pino(
      { level: 'info' },
      { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const blobs = new MemoryBlobs();
    const runtime = {
      service: 'gateway',
      replica: 'test-gateway',
      store: log.as('gateway'),
      clock: systemClock,
      metrics: new Registry(),
      cacheFolder: join(folder, 'cache', 'test-gateway'),
      ...{ config, bus, blobs, logger },
      ...options.runtime,
    } as unknown as Runtime;
    const place = new GatewayPlace(folder, log, log.as('orchestrator'), bus, blobs, runtime, lines);
    await place.start(options);
    return place;
  }

  async start(options: Partial<GatewayOptions> = {}): Promise<void> {
    this.views =
      options.views ?? (await openViews({ folder: this.runtime.cacheFolder, log: this.runtime.store, blobs: this.blobs }));
    this.gateway = await startGateway(this.runtime, { ...options, views: this.views });
    this.key = loadOrMakeKey(this.runtime.config.dataFolder);
  }

  async close(): Promise<void> {
    await this.gateway.stop({ instances: 'leave' });
    await this.log.close();
    await rm(this.folder, { recursive: true });
  }

  /** A call with the key, unless told otherwise. */
  call(
    method: string,
    path: string,
    { headers, body }: { headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<Response> {
    return fetch(`${this.gateway.url}${path.startsWith('/api') ? path : `/api/v1${path}`}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async json<T = JsonObject>(method: string, path: string, options?: Parameters<GatewayPlace['call']>[2]): Promise<T> {
    return (await (await this.call(method, path, options)).json()) as T;
  }

  /** Appends to a stream whose revision the test does not care for. */
  async record(stream: string, type: string, data: JsonObject, metadata: Partial<NewEvent['metadata']> = {}): Promise<string> {
    const owner = CATEGORY_OWNER[categoryOf(stream) as Category];
    const store = owner === 'orchestrator' ? this.store : this.log.as(owner);
    const events = await store.read(stream);
    const appended = await store.append(stream, events.length === 0 ? NO_STREAM : events.at(-1)!.revision, [
      { id: randomUUID(), type, data, metadata: { actor: { id: 'operator', type: 'user' }, ...metadata } },
    ]);
    return appended.position;
  }

  request(id: string, { type, data }: RequestEvent): Promise<string> {
    return this.record(streamName('request', id), type, data as unknown as JsonObject, {
      requestId: id,
      environment: 'default',
      ownerId: 'ada',
    });
  }

  /** A resource that is there, as its own stream says. */
  async resource(
    kind: 'instance' | 'storage' | 'database',
    name: string,
    environment = 'default',
    { url = `http://${name}`, spec = {} }: { url?: string; spec?: JsonObject } = {},
  ): Promise<string> {
    const stream = resourceStream({ environment, kind, name });
    const outcome = { requestId: randomUUID(), stepId: `${kind}/${name}`, try: 1, generation: 1, epoch: 1 };
    const definition = { name: 'thing', version: '1.0.0', hash: hashOf(name) };
    const metadata = { requestId: outcome.requestId, environment, ownerId: 'ada' };
    const place = { replica: 'r', location: 'local', driver: 'test', definition, spec, inputs: {}, deadline: 0 };
    await this.record(stream, resourceEventType(kind, 'Started'), { ...outcome, action: 'ensure', ...place }, metadata);
    const made = { ...outcome, effect: 'made', outputs: { url }, observed: {} };
    return this.record(stream, resourceEventType(kind, 'Provisioned'), made, metadata);
  }

  /** Orchestrator, resolver and sub-provisioners as far as the gateway sees them: they accept, and say they are well. */
  serveMesh(): { accepted: AcceptCommand[] } {
    const accepted: AcceptCommand[] = [];
    this.bus.serve('orchestrator', VERBS.accept, async (body) => {
      const command = body as AcceptCommand;
      const requestId = idOfKey(command.key);
      const known = await this.store.read(streamName('request', requestId));
      if (known.length > 0) return { requestId, position: known[0]!.position, repeated: true };
      accepted.push(command);
      return { requestId, position: await this.request(requestId, acceptance(command)) };
    });
    for (const service of ['orchestrator', 'resolver', 'allocator'] as const)
      this.bus.serve(service, VERBS.health, well(service));
    for (const kind of RESOURCE_KINDS) this.bus.serve(kind, VERBS.health, well(kind), 'local');
    return { accepted };
  }
}

const DRIVERS: Record<string, string[]> = { storage: ['directory'], database: ['sqlite'], instance: ['process', 'artefact'] };

const well = (service: string) => () => ({
  ...{ service, replica: `one-${service}`, ready: true, reasons: [] },
  locations: DRIVERS[service]
    ? [{ location: 'local', kind: service, drivers: DRIVERS[service].map((name) => ({ name, verbs: ['provision'] })) }]
    : [],
});

/** A request's id as the fake orchestrator makes it: of its key alone. */
export function idOfKey(key: string): string {
  const hash = hashOf(key);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

export function acceptance({ job, body }: Pick<AcceptCommand, 'job' | 'body'>): RequestEvent {
  const owner = { id: String(body['ownerId'] ?? 'ada'), type: 'user' as const };
  const name = String(body['instanceId']);
  return {
    type: 'RequestAccepted',
    data: {
      ...{ job, environment: 'default', name, owner, actor: { id: 'operator', type: 'user' }, body },
      ...{ bodyHash: hashOf(body), priority: 0, keepOnFailure: false },
    },
  };
}
