import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '@slipway/contracts/public';

/** Why there is none here. */
export function whyNoRedfishServer(): string | undefined {
  return spawnSync('openssl', ['version']).status === 0 ? undefined : 'no openssl here, which makes its certificate';
}

/** A machine at a controller: what is set of it is what the controller tells. */
export interface TestMachine {
  id: string;
  power: 'On' | 'Off' | 'PoweringOn' | 'PoweringOff';
  boot: { enabled: 'Disabled' | 'Once'; target: string };
  health: string;
  /** How often it still says that it is turning before it is as it was wanted. */
  turnsFor: number;
  /** It takes what it is told, and does nothing. */
  isStuck: boolean;
  /** What of it is answered in another way. */
  told: JsonObject;
  /** It changes with each change, and no change is taken without it. */
  etag: number;
}

/** What happens the next time instead of an answer. */
export interface RedfishFault {
  /** Of the method and the path; all when left out. */
  of?: RegExp;
  /** How often; 1 when left out. */
  times?: number;
  status?: number;
  head?: Record<string, string>;
  body?: string;
  /** No answer, as long as the server is there. */
  hangs?: true;
  /** The connection ends after it was done, and before that is told. */
  cut?: true;
  /** What is waited for before it has any effect. */
  when?(): Promise<void>;
}

/** Ways to turn a machine. */
const TURNS = new Map([
  ['On', 'On'],
  ['ForceOff', 'Off'],
] as const);

const SYSTEMS = '/redfish/v1/Systems';

/**
 * A management controller on loopback that speaks Redfish (DMTF DSP0266) over HTTPS, with a certificate of its own: it lets in who knows its password, takes
 * changes only under the newest ETag, and turns its machines as one does, in a while.
 */
export class TestRedfishServer {
  readonly user = 'slipway';
  password = 'a-password-of-the-controller';
  readonly machines = new Map<string, TestMachine>();
  readonly faults: RedfishFault[] = [];
  /** What it was asked, by method and path, with how a machine was to be turned. */
  readonly asked: string[] = [];
  certificate: Buffer;
  readonly #server: Server;

  private constructor(own: { cert: Buffer; key: Buffer }) {
    this.certificate = own.cert;
    this.#server = createServer(own, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** With machines of these ids. */
  static async start(...ids: string[]): Promise<TestRedfishServer> {
    const made = new TestRedfishServer(makeCertificate());
    for (const id of ids) made.add(id);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get credential(): string {
    return `${this.user}:${this.password}`;
  }

  /** As `openssl x509 -fingerprint -sha256` prints it. */
  get fingerprint(): string {
    return `SHA256:${new X509Certificate(this.certificate).fingerprint256}`;
  }

  /** Another machine at the same controller. */
  add(id: string): TestMachine {
    const boot = { enabled: 'Disabled' as const, target: 'None' };
    const machine: TestMachine = { id, power: 'Off', boot, health: 'OK', turnsFor: 1, isStuck: false, told: {}, etag: 1 };
    this.machines.set(id, machine);
    return machine;
  }

  /** From now on it shows another certificate. */
  renewCertificate(): void {
    const own = makeCertificate();
    this.certificate = own.cert;
    this.#server.setSecureContext(own);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const asked = `${request.method} ${request.url}`;
    const sent = (body === '' ? {} : JSON.parse(body)) as JsonObject;
    this.asked.push([asked, sent['ResetType']].filter(Boolean).join(' '));
    const fault = this.#faultOf(asked);
    await fault?.when?.();
    if (fault?.hangs) return;
    if (fault?.status !== undefined || fault?.body !== undefined) {
      response.writeHead(fault.status ?? 200, fault.head).end(fault.body);
      return;
    }
    const { status, told, etag } = this.#do(request, sent);
    if (fault?.cut) {
      request.socket.destroy();
      return;
    }
    const tag = etag === undefined ? {} : { etag: `"${etag}"` };
    response.writeHead(status, { 'content-type': 'application/json', 'odata-version': '4.0', ...tag });
    response.end(told && JSON.stringify(told));
  }

  #faultOf(asked: string): RedfishFault | undefined {
    const fault = this.faults.find(({ of }) => of?.test(asked) ?? true);
    if (!fault) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times === 0) this.faults.splice(this.faults.indexOf(fault), 1);
    return fault;
  }

  #do({ method, url, headers }: IncomingMessage, sent: JsonObject): { status: number; told?: JsonObject; etag?: number } {
    const path = (url ?? '').replace(/\/$/, '');
    // Who asks what there is need not say who he is (DSP0266, "Authentication").
    if (path === '/redfish/v1') return { status: 200, told: { RedfishVersion: '1.20.0', Systems: { '@odata.id': SYSTEMS } } };
    if (headers.authorization !== `Basic ${Buffer.from(this.credential).toString('base64')}`)
      return refusal(401, 'Base.1.0.NoValidSession', 'There is no valid session');
    if (path === SYSTEMS) return { status: 200, told: { Members: [...this.machines.keys()].map(wayTo) } };
    const [, id = '', action] = /^\/redfish\/v1\/Systems\/([^/]+)(\/Actions\/ComputerSystem\.Reset)?$/.exec(path) ?? [];
    const machine = this.machines.get(id);
    if (!machine) return refusal(404, 'Base.1.0.ResourceMissingAtURI', `There is nothing at ${path}`);
    if (action !== undefined) return turn(machine, sent);
    if (method === 'GET') return { status: 200, told: shown(machine), etag: machine.etag };
    if (method !== 'PATCH') return refusal(405, 'Base.1.0.ActionNotSupported', 'That is not done here');
    if (headers['if-match'] !== `"${machine.etag}"`)
      return refusal(412, 'Base.1.0.PreconditionFailed', 'The ETag is not the newest');
    const wanted = sent['Boot'] as Record<string, string>;
    if (machine.isStuck) return { status: 204 };
    machine.etag += 1;
    machine.boot = {
      enabled: wanted['BootSourceOverrideEnabled'] === 'Once' ? 'Once' : 'Disabled',
      target: wanted['BootSourceOverrideTarget'] ?? machine.boot.target,
    };
    return { status: 204 };
  }
}

const wayTo = (id: string): JsonObject => ({ '@odata.id': `${SYSTEMS}/${id}` });

const refusal = (status: number, MessageId: string, Message: string) => ({
  status,
  told: { error: { code: MessageId, message: 'See there', '@Message.ExtendedInfo': [{ MessageId, Message }] } },
});

function turn(machine: TestMachine, { ResetType: how }: JsonObject): { status: number; told?: JsonObject } {
  const to = TURNS.get(how as 'On');
  if (to === undefined) return refusal(400, 'Base.1.0.ActionParameterNotSupported', `There is no ${String(how)}`);
  if (machine.power === to) return refusal(409, 'Base.1.0.ResourceInUse', `It is ${to} already`);
  if (machine.isStuck) return { status: 202 };
  machine.etag += 1;
  machine.power = to === 'On' ? 'PoweringOn' : 'PoweringOff';
  machine.turnsFor = Math.max(machine.turnsFor, 1);
  return { status: 204 };
}

/** Each look lets it go on. */
function shown(machine: TestMachine): JsonObject {
  const { id, power, boot, health, told } = machine;
  if (power === 'PoweringOn' || power === 'PoweringOff') {
    machine.turnsFor -= 1;
    if (machine.turnsFor <= 0) {
      machine.power = power === 'PoweringOn' ? 'On' : 'Off';
      // Once is once.
      if (machine.power === 'On') machine.boot = { enabled: 'Disabled', target: 'None' };
    }
  }
  return {
    ...{ '@odata.id': `${SYSTEMS}/${id}`, Id: id, PowerState: power, Status: { State: 'Enabled', Health: health } },
    ...{ Manufacturer: 'Slipway', Model: 'Test 1', SerialNumber: `S-${id}` },
    ProcessorSummary: { Count: 1, CoreCount: 8 },
    MemorySummary: { TotalSystemMemoryGiB: 32 },
    Boot: {
      BootSourceOverrideEnabled: boot.enabled,
      BootSourceOverrideTarget: boot.target,
      'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Hdd'],
    },
    Actions: {
      '#ComputerSystem.Reset': {
        target: `${SYSTEMS}/${id}/Actions/ComputerSystem.Reset`,
        'ResetType@Redfish.AllowableValues': ['On', 'ForceOff'],
      },
    },
    ...told,
  };
}

function makeCertificate(): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-redfish-'));
  try {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1'];
    const names = ['-subj', '/CN=A controller', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
