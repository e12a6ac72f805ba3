import type {
  ApprovalBody,
  BlueprintLimits,
  BlueprintRecorded,
  BlueprintView,
  ChangeResourceBody,
  EnterResourceBody,
  LeaseBody,
  LeaseRecorded,
  LeaseView,
  LeasedResourceRecorded,
  LeasedResourceView,
  LeasesReclaimed,
  QuotaBody,
  QuotaRecorded,
  QuotaView,
  ReclaimLeasesBody,
} from '@slipway/contracts/public';
import type { Http } from './http.js';
import { callInterface, type CallOptions, type Holding } from './lease-call.js';
import { Lists, Rows, part } from './rows.js';
import { counted, type TransferOptions } from './transfer.js';

/** What somebody wants; times as ISO 8601 with a zone, or as a `Date`. */
export type LeaseAsk = Omit<LeaseBody, 'until' | 'waitUntil'> & {
  /** When it is over. */
  until?: string | Date;
  /** How long you wait for it. */
  waitUntil?: string | Date;
  /** The same key again gets the same lease. Made when left out. */
  idempotencyKey?: string;
};

/** A file on a leased resource, as it comes in. */
export interface LeasedFile {
  body: ReadableStream<Uint8Array>;
  bytes: number;
}

const timeOf = (time: string | Date): string => (typeof time === 'string' ? time : time.toISOString());

/** Claims on resources: from being asked for until they were taken back. */
export class Leases extends Rows<LeaseView> {
  /** Asks for one; answered at once, active later. {@link SlipwayClient.lease} waits for it and ends it too. */
  ask({ until, waitUntil, idempotencyKey = crypto.randomUUID(), ...wanted }: LeaseAsk): Promise<LeaseRecorded> {
    const times = { ...(until && { until: timeOf(until) }), ...(waitUntil && { waitUntil: timeOf(waitUntil) }) };
    const headers = { 'Idempotency-Key': idempotencyKey };
    return this.http.json('POST', '/leases', { body: { ...wanted, ...times }, headers, has: 'leaseId' });
  }
  /** Not beyond its `latest`. */
  renew = (id: string, until: string | Date): Promise<LeaseRecorded> => this.act(id, 'renew', { until: timeOf(until) });
  release = (id: string, reason?: string): Promise<LeaseRecorded> =>
    this.act(id, 'release', reason === undefined ? {} : { reason });
  /** Takes it back from its holder. */
  reclaim = (id: string, reason: string): Promise<LeaseRecorded> => this.act(id, 'reclaim', { reason });
  /** Says of one that could not be taken back that it is over, whatever is left. */
  force = (id: string, reason: string): Promise<LeaseRecorded> => this.act(id, 'force', { reason });
  /** Takes back all of an owner, or that were asked for with some attributes. */
  reclaimAll(of: ReclaimLeasesBody): Promise<LeasesReclaimed> {
    return this.http.json('POST', '/leases/reclaim', { body: of, has: 'leaseIds' });
  }
  /** Calls a method of an interface: its result, and lines on the way. Throws what it does; who ends the signal ends the call. */
  call<Result>(held: Holding, name: string, method: string, given: object = {}, options: CallOptions = {}): Promise<Result> {
    return callInterface(this.http, held, name, method, given, options);
  }
  /** A file on what is leased, however large. Throws `not-found`. */
  async download({ id, token }: Holding, path: string, { onProgress, signal }: TransferOptions = {}): Promise<LeasedFile> {
    const headers = { 'Slipway-Lease-Token': String(token) };
    const response = await this.http.call('GET', `/leases/${part(id)}/files`, {
      ...{ query: { path }, headers },
      ...(signal && { signal }),
    });
    const bytes = Number(response.headers.get('Content-Length'));
    return { body: counted(response.body as ReadableStream<Uint8Array>, { total: bytes, onProgress }), bytes };
  }
  /** Writes a file on what is leased, however large. `mode`: its permission bits. */
  async upload(
    { id, token }: Holding,
    path: string,
    content: ReadableStream<Uint8Array>,
    { total, mode, onProgress, signal }: TransferOptions & { total?: number; mode?: number } = {},
  ): Promise<void> {
    await this.http.call('PUT', `/leases/${part(id)}/files`, {
      query: { path, ...(mode !== undefined && { mode: mode.toString(8) }) },
      headers: { 'Slipway-Lease-Token': String(token) },
      content: { body: counted(content, { total, onProgress }), type: 'application/octet-stream' },
      ...(signal && { signal }),
    });
  }

  private act(id: string, action: string, body: object): Promise<LeaseRecorded> {
    return this.http.json('POST', `/leases/${part(id)}/${action}`, { body, has: 'leaseId' });
  }
}

/** What is leased: made by blueprints, or entered by hand. */
export class LeasedResources extends Rows<LeasedResourceView> {
  /** It is there, and is never made or destroyed. */
  enter(resource: EnterResourceBody): Promise<LeasedResourceRecorded> {
    return this.http.json('POST', '/resources', { body: resource, has: 'resourceId' });
  }
  change(id: string, change: ChangeResourceBody): Promise<LeasedResourceRecorded> {
    return this.http.json('PATCH', `/resources/${part(id)}`, { body: change, has: 'resourceId' });
  }
  /** It takes no leases any more, and goes once nobody has it. */
  remove(id: string, reason?: string): Promise<LeasedResourceRecorded> {
    return this.http.json('DELETE', `/resources/${part(id)}`, { query: { reason }, has: 'resourceId' });
  }
  /** It is gone, whatever is left of it: of what could not be destroyed, and nobody has any more. Somebody answers for what is left. */
  force(id: string, reason: string): Promise<LeasedResourceRecorded> {
    return this.http.json('DELETE', `/resources/${part(id)}`, { query: { reason, force: 'true' }, has: 'resourceId' });
  }
}

/** How resources are made, what of that is allowed, and to whom. */
export class Blueprints {
  constructor(private readonly http: Http) {}
  /** In the order in which they are tried. */
  async list(environment?: string): Promise<BlueprintView[]> {
    return (await this.http.items<{ items: BlueprintView[] }>('/blueprints', { query: { environment } })).items;
  }
  get(name: string, environment?: string): Promise<BlueprintView> {
    return this.http.json('GET', `/blueprints/${part(name)}`, { query: { environment } });
  }
  /** Changes its limits, at once. What is left out stays. */
  limit(name: string, limits: Partial<BlueprintLimits>, environment?: string): Promise<BlueprintRecorded> {
    return this.http.json('PATCH', `/blueprints/${part(name)}`, { body: { limits, environment } });
  }
  approve = (name: string, approval: ApprovalBody): Promise<BlueprintRecorded> => this.say(name, 'approve', approval);
  revoke = (name: string, approval: ApprovalBody): Promise<BlueprintRecorded> => this.say(name, 'revoke', approval);

  private say(name: string, what: string, body: ApprovalBody): Promise<BlueprintRecorded> {
    return this.http.json('POST', `/blueprints/${part(name)}/${what}`, { body });
  }
}

/** How many leases somebody may have at once. */
export class Quotas extends Lists<QuotaView> {
  /** `most` null: as many as he likes. */
  set(quota: QuotaBody): Promise<QuotaRecorded> {
    return this.http.json('PUT', '/quotas', { body: quota });
  }
}
