import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { freePort } from '@slipway/interfaces/testing';
import { Query, xml, type Answer } from './query.js';
import { wrongWith, type Signer } from './signature.js';
import { TestInstance } from './test-instance.js';

/** What goes wrong with an action the next time it is asked for. */
export interface Fault {
  action: string;
  /** The next so many times; 1 when left out. */
  times?: number;
  /** Refused with this code, before it has any effect. */
  code?: string;
  status?: number;
  message?: string;
  /** The connection ends after it had its effect, and before that is told. */
  cut?: true;
  /** What is waited for before it has any effect. */
  when?(): Promise<void>;
}

/** What EC2 answers instead of doing as it was asked. */
class Refusal extends Error {
  constructor(
    readonly code: string,
    message = code,
    readonly status = 400,
  ) {
    super(message);
  }
}

/**
 * A cloud that speaks EC2's Query API (2016-11-15), on loopback: form posts that are signed, answers in XML, and instances that are machines with an
 * `sshd`. It is asked, and what is asked for is done, as EC2 does it: eventually, once for each client token, and with errors of the same names.
 */
export class TestCloud implements Signer {
  readonly region = 'eu-test-1';
  readonly accessKeyId = 'AKIATESTTESTTEST';
  readonly secretAccessKey = 'a-secret-of-the-cloud+/only-for-tests';
  readonly images = ['ami-debian', 'ami-other'];
  readonly instanceTypes = ['t3.small', 't3.large'];
  readonly instances: TestInstance[] = [];
  readonly keyPairs = new Map<string, { publicKey: string; tags: Record<string, string> }>();
  /** Actions that were asked for, in order, also in vain. */
  readonly asked: string[] = [];
  readonly faults: Fault[] = [];
  /** Of instances from now on: see {@link TestInstance}. */
  unseenFor = 1;
  pendingFor = 1;
  failsFor: string | undefined;
  readonly #tokens = new Map<string, { query: string; instance: TestInstance }>();
  readonly #server: Server;

  private constructor(
    /** Of every machine: each has addresses of its own. */
    readonly sshPort: number,
  ) {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => {
        const { code, status } = error instanceof Refusal ? error : new Refusal('InternalError', error.message, 500);
        const errors = { Errors: { Error: { Code: code, Message: error.message } }, RequestID: 'test' };
        response.writeHead(status, { 'content-type': 'text/xml' }).end(xml('Response', errors));
      });
    });
  }

  static async start(): Promise<TestCloud> {
    const cloud = new TestCloud(await freePort());
    cloud.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => cloud.#server.once('listening', resolve));
    return cloud;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Those that bear a tag. */
  of(resource: string): TestInstance[] {
    return this.instances.filter(({ launch }) => launch.tags['slipway:resource'] === resource);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await Promise.all(this.instances.map((instance) => instance.ended()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const wrong = wrongWith(request, body, this);
    if (wrong !== undefined) throw new Refusal(wrong, 'AWS was not able to validate the provided access credentials', 401);
    const query = new Query(body.toString());
    const action = query.get('Action') ?? '';
    this.asked.push(action);
    const fault = this.#faultOf(action);
    await fault?.when?.();
    if (fault?.code !== undefined) throw new Refusal(fault.code, fault.message, fault.status);
    const answer = await this.#do(action, query);
    if (fault?.cut) request.socket.destroy();
    else response.writeHead(200, { 'content-type': 'text/xml' }).end(xml(`${action}Response`, answer));
  }

  #faultOf(action: string): Fault | undefined {
    const fault = this.faults.find((one) => one.action === action);
    if (!fault) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times === 0) this.faults.splice(this.faults.indexOf(fault), 1);
    return fault;
  }

  async #do(action: string, query: Query): Promise<Answer> {
    switch (action) {
      case 'ImportKeyPair':
        return this.#importKeyPair(query);
      case 'DeleteKeyPair':
        this.keyPairs.delete(query.get('KeyName')!);
        return { return: 'true' };
      case 'RunInstances':
        return this.#run(query);
      case 'DescribeInstances':
        return this.#describe(query);
      case 'DescribeInstanceStatus':
        return this.#status(query);
      case 'TerminateInstances':
        return this.#terminate(query);
      default:
        throw new Refusal('InvalidAction', `The action ${action} is not valid for this web service.`);
    }
  }

  #importKeyPair(query: Query): Answer {
    const name = query.get('KeyName')!;
    if (this.keyPairs.has(name)) throw new Refusal('InvalidKeyPair.Duplicate', `The keypair already exists`);
    const publicKey = Buffer.from(query.get('PublicKeyMaterial')!, 'base64').toString();
    this.keyPairs.set(name, { publicKey, tags: query.tags('key-pair') });
    return { keyName: name, keyPairId: `key-${this.keyPairs.size}` };
  }

  #run(query: Query): Answer {
    const token = query.get('ClientToken')!;
    const wanted = query.without('ClientToken');
    const known = this.#tokens.get(token);
    if (known && known.query !== wanted)
      throw new Refusal('IdempotentParameterMismatch', 'Arguments on this idempotent request are inconsistent');
    const instance = known?.instance ?? this.#launch(token, query);
    this.#tokens.set(token, { query: wanted, instance });
    return { reservationId: 'r-test', instancesSet: [instance.shown()] };
  }

  #launch(token: string, query: Query): TestInstance {
    const [image, instanceType] = [query.get('ImageId')!, query.get('InstanceType')!];
    if (!this.images.includes(image)) throw new Refusal('InvalidAMIID.NotFound', `The image id '[${image}]' does not exist`);
    if (!this.instanceTypes.includes(instanceType))
      throw new Refusal('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`);
    const keyPair = this.keyPairs.get(query.get('KeyName')!);
    if (!keyPair) throw new Refusal('InvalidKeyPair.NotFound', `The key pair '${query.get('KeyName')}' does not exist`);
    const number = this.instances.length + 1;
    const { unseenFor, pendingFor, failsFor, sshPort: port } = this;
    const instance = new TestInstance({
      id: `i-${String(number).padStart(17, '0')}`,
      ...{ token, image, instanceType, port, unseenFor, pendingFor },
      userData: query.get('UserData')!,
      publicKey: keyPair.publicKey,
      tags: query.tags('instance'),
      addresses: { public: `127.81.${number >> 8}.${number & 255}`, private: `127.82.${number >> 8}.${number & 255}` },
      ...(failsFor !== undefined && { failsFor }),
    });
    this.instances.push(instance);
    return instance;
  }

  /** One on each page. */
  async #describe(query: Query): Promise<Answer> {
    const ids = query.list('InstanceId');
    const filters = query.filters();
    const found: TestInstance[] = [];
    for (const instance of this.instances) {
      const isAsked = ids.length > 0 ? ids.includes(instance.id) : filters.every((filter) => matches(instance, filter));
      if (isAsked && (await instance.look())) found.push(instance);
    }
    this.#assertFound(ids, found);
    const from = Number(query.get('NextToken') ?? 0);
    return {
      reservationSet: found
        .slice(from, from + 1)
        .map((instance) => ({ reservationId: 'r-test', instancesSet: [instance.shown()] })),
      ...(from + 1 < found.length && { nextToken: String(from + 1) }),
    };
  }

  #status(query: Query): Answer {
    const ids = query.list('InstanceId');
    const found = this.instances.filter(({ id }) => ids.includes(id));
    this.#assertFound(ids, found);
    return {
      instanceStatusSet: found.map(({ id, state, health }) => ({
        instanceId: id,
        instanceState: { code: 16, name: state },
        systemStatus: { status: 'ok' },
        instanceStatus: { status: health },
      })),
    };
  }

  #terminate(query: Query): Answer {
    const ids = query.list('InstanceId');
    const found = this.instances.filter(({ id }) => ids.includes(id));
    this.#assertFound(ids, found);
    for (const instance of found) instance.terminate();
    return { instancesSet: found.map(({ id, state }) => ({ instanceId: id, currentState: { code: 32, name: state } })) };
  }

  #assertFound(ids: readonly string[], found: readonly TestInstance[]): void {
    const missing = ids.filter((id) => found.every((instance) => instance.id !== id));
    if (missing.length > 0)
      throw new Refusal('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`);
  }
}

function matches({ launch, state }: TestInstance, { name, values }: { name: string; values: readonly string[] }): boolean {
  const value = name.startsWith('tag:')
    ? launch.tags[name.slice(4)]
    : { 'client-token': launch.token, 'instance-state-name': state }[name];
  return value !== undefined && values.includes(value);
}
