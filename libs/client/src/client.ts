import type {
  Accepted,
  CredentialsView,
  Desired,
  DesiredChange,
  DesiredState,
  DeprovisionJob,
  ExportJob,
  ImportJob,
  EventFilter,
  EventView,
  HandlerList,
  HandlerView,
  Extended,
  Info,
  Offered,
  Page,
  Plan,
  PlanJob,
  ProvisionJob,
  ProvisionerView,
  Readiness,
  RequestView,
  RepairJob,
  ResourceView,
  RotationView,
  UpdateJob,
  ViewsState,
} from '@slipway/contracts/public';
import { Environments } from './environments.js';
import { Actions } from './actions.js';
import { Content, Definitions } from './content.js';
import { Http, type Body, type ClientOptions } from './http.js';
import { Lease } from './lease.js';
import { Blueprints, LeasedResources, Leases, Quotas, type LeaseAsk } from './leases.js';
import { Live } from './live.js';
import { Newest } from './newest.js';
import { Rows, part } from './rows.js';
import { Snapshots } from './snapshots.js';
import { eventPages, newestEvents, type NewestEvents } from './recorded.js';
import { untilSettled, type SettledOptions } from './settled.js';
import { waitForRequest, type WaitOptions } from './wait.js';

export interface JobOptions {
  /** The same key again gets the same answer and does nothing twice. Made when left out. */
  idempotencyKey?: string;
}

/** Requests: what was asked for, and what has become of it. */
export class Requests extends Rows<RequestView> {
  /** A page of its events, oldest first. */
  events(id: string, options: { cursor?: string; limit?: number; asOf?: string } = {}): Promise<Page<EventView>> {
    return this.http.items(`/requests/${part(id)}/events`, { query: options });
  }
  /** The logs of its steps, as text. */
  logs(id: string, step?: string): Promise<string> {
    return this.http.text('GET', `/requests/${part(id)}/logs`, { query: { step } });
  }
  cancel = (id: string, reason?: string) => this.control(id, 'cancel', reason);
  retry = (id: string, reason?: string) => this.control(id, 'retry', reason);
  abandon = (id: string, reason: string) => this.control(id, 'abandon', reason);
  pause = (id: string, reason?: string) => this.control(id, 'pause', reason);
  resume = (id: string, reason?: string) => this.control(id, 'resume', reason);

  private control(id: string, verb: string, reason?: string): Promise<Accepted> {
    return this.http.json('POST', `/requests/${part(id)}/${verb}`, { body: reason === undefined ? {} : { reason } });
  }
}

/** A call to an instance's own interface. */
export interface InstanceCall {
  method?: string;
  headers?: Record<string, string>;
  body?: Body;
  signal?: AbortSignal;
}

export interface LogOptions {
  follow?: boolean;
  /** Lines before the end with which it begins. */
  tail?: number | 'all';
  /** Ends it. */
  signal?: AbortSignal;
}

/** Instances, and what can be wanted of one: the answer says that it is recorded, its `health` when it is done. */
export class Instances extends Rows<ResourceView> {
  start = (id: string, reason?: string) => this.want(id, 'start', reason);
  stop = (id: string, reason?: string) => this.want(id, 'stop', reason);
  restart = (id: string, reason?: string) => this.want(id, 'restart', reason);
  /** Wants an instance, which was asked for until a time, for longer. `until`: ISO 8601, with a zone. */
  extend(id: string, until: string, reason?: string): Promise<Extended> {
    return this.http.json('POST', `/instances/${part(id)}/extend`, { body: { until, ...(reason !== undefined && { reason }) } });
  }
  /** Follows an instance until it runs and is healthy, or stands still, as it is wanted. */
  settled = (id: string, wanted: DesiredState, options?: SettledOptions): Promise<ResourceView> =>
    untilSettled(() => this.get(id), wanted, options);

  /** What it has itself written, as it comes: the last lines (100, or `tail`), and with `follow` all that is written from then on. */
  async logs(id: string, { follow, tail, signal }: LogOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const wanted = { ...(follow && { follow: 'true' }), ...(tail !== undefined && { tail: String(tail) }) };
    const response = await this.http.call('GET', `/instances/${part(id)}/logs`, { query: wanted, ...(signal && { signal }) });
    return response.body!;
  }
  /**
   * A call to the instance's own interface, passed through the gateway: its answer, whatever it says. `path` is below the
   * instance's resource, and may have a query.
   */
  call(id: string, path: string, { method = 'GET', headers, body, signal }: InstanceCall = {}): Promise<Response> {
    const below = path === '' || /^[/?]/.test(path) ? path : `/${path}`;
    const { 'content-type': type = 'application/octet-stream', ...rest } = Object.fromEntries(new Headers(headers));
    return this.http.passed(method, `/instances/${part(id)}/resource${below}`, {
      headers: rest,
      ...(body !== undefined && { content: { body, type } }),
      ...(signal && { signal }),
    });
  }
  /** What opens an instance and what it is wired to, in the clear. That it was read is recorded. */
  credentials(id: string): Promise<CredentialsView> {
    return this.http.json('GET', `/instances/${part(id)}/credentials`);
  }
  /** Makes its secrets anew; the instance's `rotation` tells when it is done. */
  rotateCredentials(id: string, { idempotencyKey = crypto.randomUUID() }: JobOptions = {}): Promise<RotationView> {
    return this.http.json('POST', `/instances/${part(id)}/credentials/rotate`, {
      headers: { 'Idempotency-Key': idempotencyKey },
    });
  }

  private want(id: string, change: DesiredChange, reason?: string): Promise<Desired> {
    return this.http.json('POST', `/instances/${part(id)}/${change}`, { body: reason === undefined ? {} : { reason } });
  }
}

/** Who provisions, what of it is there, and what can be chosen. */
export class Provisioners {
  constructor(private readonly http: Http) {}
  async list(): Promise<ProvisionerView[]> {
    return (await this.http.items<{ items: ProvisionerView[] }>('/provisioners')).items;
  }
  get(name: string): Promise<ProvisionerView> {
    return this.http.json('GET', `/provisioners/${part(name)}`);
  }
  /** What can be chosen by a job that names the same. */
  async offerings(
    name: string,
    options: { guestLocation?: string; definition?: string; clusterId?: string; snapshot?: string; snapshotId?: boolean } = {},
  ): Promise<Offered[]> {
    const { snapshotId, ...asked } = options;
    const query = { ...asked, ...(snapshotId !== undefined && { snapshotId: String(snapshotId) }) };
    return (await this.http.items<{ items: Offered[] }>(`/provisioners/${part(name)}/offerings`, { query })).items;
  }
}

/** Handlers, and what to do about events that they have parked. */
export class Handlers {
  constructor(private readonly http: Http) {}
  list(): Promise<HandlerList> {
    return this.http.items('/handlers');
  }
  get(name: string): Promise<HandlerView> {
    return this.http.json('GET', `/handlers/${part(name)}`);
  }
  /** Lets it try a parked event again. */
  retry(name: string, eventId: string, reason?: string): Promise<Accepted> {
    return this.http.json('POST', `/handlers/${part(name)}/parked/${part(eventId)}/retry`, {
      body: { ...(reason && { reason }) },
    });
  }
  /** Ends a parked event unhandled. */
  discard(name: string, eventId: string, reason: string): Promise<Accepted> {
    return this.http.json('POST', `/handlers/${part(name)}/parked/${part(eventId)}/discard`, { body: { reason } });
  }
}

/** The gateway's read models themselves, for who must mend one. */
export class Views {
  constructor(private readonly http: Http) {}
  state(): Promise<ViewsState> {
    return this.http.json('GET', '/views');
  }
  /** Lets a read model that has stopped at an event go on without it. */
  skip(view: string, eventId: string): Promise<ViewsState> {
    return this.http.json('POST', `/views/${part(view)}/skip`, { body: { eventId } });
  }
}

/** Slipway's public interface, typed. Errors: {@link ApiError} with the code of the error table, {@link NotReachable}. */
export class SlipwayClient {
  private readonly http: Http;
  readonly requests: Requests;
  readonly instances: Instances;
  readonly storages: Rows<ResourceView>;
  readonly databases: Rows<ResourceView>;
  readonly environments: Environments;
  readonly snapshots: Snapshots;
  readonly content: Content;
  readonly definitions: Definitions;
  readonly provisioners: Provisioners;
  readonly handlers: Handlers;
  readonly leases: Leases;
  /** What is leased. */
  readonly resources: LeasedResources;
  readonly blueprints: Blueprints;
  readonly quotas: Quotas;
  readonly views: Views;
  /** Recorded events as they come, from any position on. */
  readonly live: Live;
  /** All operations by their names, over one WebSocket. */
  readonly actions: Actions;

  constructor(options: ClientOptions) {
    const newest = new Newest();
    this.http = new Http(options, newest);
    this.requests = new Requests(this.http, '/requests');
    this.instances = new Instances(this.http, '/instances');
    this.storages = new Rows(this.http, '/storages');
    this.databases = new Rows(this.http, '/databases');
    this.environments = new Environments(this.http, '/environments');
    this.snapshots = new Snapshots(this.http, '/snapshots');
    this.content = new Content(this.http);
    this.definitions = new Definitions(this.http);
    this.provisioners = new Provisioners(this.http);
    this.handlers = new Handlers(this.http);
    this.leases = new Leases(this.http, '/leases');
    this.resources = new LeasedResources(this.http, '/resources');
    this.blueprints = new Blueprints(this.http);
    this.quotas = new Quotas(this.http, '/quotas');
    this.views = new Views(this.http);
    this.live = new Live(this.http);
    this.actions = new Actions(this.http, newest, options.logToken);
  }

  provision = (job: ProvisionJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/provision', job, options);
  deprovision = (job: DeprovisionJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/deprovision', job, options);
  /** A service as a snapshot holds it, under a name that nothing has yet. */
  import = (job: ImportJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/import', job, options);
  /** All data of an instance, of one moment, as a snapshot: the request's result names it. */
  export = (job: ExportJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/export', job, options);
  /** An instance that is there in another size, with other choices, or in a newer version of its definition; its data are kept. */
  /** Brings back what is other than the log says. */
  repair = (job: RepairJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/repair', job, options);
  update = (job: UpdateJob, options?: JobOptions): Promise<Accepted> => this.job('/ops/update', job, options);
  /** Asks for a lease, at once; what is returned waits for it, uses it, and gives it back. Or one that was asked for before, by its id. */
  lease = (wanted: LeaseAsk | string): Lease =>
    new Lease(this.leases, typeof wanted === 'string' ? Promise.resolve({ leaseId: wanted }) : this.leases.ask(wanted));
  /** What a request would do; changes nothing. */
  plan = (job: PlanJob): Promise<Plan> => this.http.json('POST', '/plans', { body: job, has: 'outcome' });
  /** Follows a request until it has ended (or needs attention). */
  wait = (requestId: string, options?: WaitOptions): Promise<RequestView> => waitForRequest(this, requestId, options);

  /** A page of recorded events, oldest first; go on from `next`. */
  events(filter: EventFilter = {}, options: { after?: string; limit?: number } = {}): Promise<Page<EventView>> {
    return this.http.items('/events', { query: { ...filter, ...options } });
  }
  /** All events after a position, page by page, oldest first. */
  eventPages = (filter?: EventFilter, options?: { after?: string; limit?: number }): AsyncGenerator<Page<EventView>> =>
    eventPages(this, filter, options);
  /** The newest events that pass a filter, oldest first, and whether there are older ones. */
  newestEvents = (filter: EventFilter, count: number): Promise<NewestEvents> => newestEvents(this, filter, count);
  info = (): Promise<Info> => this.http.json('GET', '/info', { has: 'mesh' });
  /** Figures of every process that answers, in Prometheus' text format. */
  metrics = (): Promise<string> => this.http.text('GET', '/metrics');
  /** Never throws because it is not ready: that is its answer. */
  async ready(): Promise<Readiness> {
    try {
      return await this.http.json('GET', '/health/ready', { has: 'checks' });
    } catch (error) {
      const details = (error as { problem?: { details?: { checks?: Readiness['checks'] } } }).problem?.details;
      if (details?.checks) return { ready: false, checks: details.checks };
      throw error;
    }
  }
  /** One tar: log, blobs, models' checkpoints, manifest with SHA-256s. */
  backup = (): Promise<Response> => this.http.call('POST', '/backup');
  /** Verified as a whole before anything changes; the mesh starts again with it. */
  restore = (archive: Body, options: { replace?: boolean } = {}): Promise<{ staged: boolean }> =>
    this.http.json('POST', '/restore', {
      content: { body: archive, type: 'application/x-tar' },
      query: { replace: options.replace ? 'true' : undefined },
    });

  private job(path: string, body: unknown, options: JobOptions = {}): Promise<Accepted> {
    const headers = { 'Idempotency-Key': options.idempotencyKey ?? crypto.randomUUID() };
    return this.http.json('POST', path, { body, headers, has: 'requestId' });
  }
}
