import { startSshMachine, type TestSshMachine } from '@slipway/interfaces/testing';
import { parse } from 'yaml';
import type { Answer } from './query.js';

/** What an instance is run with. */
export interface TestLaunch {
  id: string;
  token: string;
  image: string;
  instanceType: string;
  userData: string;
  /** A line of authorized_keys, of its key pair. */
  publicKey: string;
  tags: Record<string, string>;
  /** For who asks from outside, and from inside of its network. */
  addresses: { public: string; private: string };
  port: number;
  /** How often it is asked for before it is shown, and how often it is then shown as `pending`. */
  unseenFor: number;
  pendingFor: number;
  /** It ends instead of coming up, for this reason. */
  failsFor?: string;
}

interface CloudConfig {
  ssh_keys: { ed25519_private: string };
}

/** An instance as EC2 has it: what is shown of it goes on with each look, as time does there. Its machine is a real one. */
export class TestInstance {
  state = 'pending';
  reason: string | undefined;
  /** Of EC2's checks of it. */
  health: 'ok' | 'impaired' = 'ok';
  readonly launchedAt = new Date();
  readonly #machine: Promise<TestSshMachine | undefined>;
  #looks = 0;
  #ending: Promise<void> | undefined;

  constructor(readonly launch: TestLaunch) {
    this.#machine = launch.failsFor === undefined ? this.#start() : Promise.resolve(undefined);
    this.#machine.catch(() => {});
  }

  get id(): string {
    return this.launch.id;
  }

  /** One more look at it: whether there is something to be seen. */
  async look(): Promise<boolean> {
    const { unseenFor, pendingFor, failsFor } = this.launch;
    this.#looks += 1;
    if (this.#looks <= unseenFor) return false;
    if (this.state === 'pending' && this.#looks > unseenFor + pendingFor) {
      await this.#machine;
      if (failsFor === undefined) this.state = 'running';
      else this.#over('terminated', failsFor);
    } else if (this.state === 'shutting-down') {
      await this.#ending;
      this.state = 'terminated';
    } else if (this.state === 'stopping') {
      await this.#ending;
      this.state = 'stopped';
    }
    return true;
  }

  terminate(reason = 'Client.UserInitiatedShutdown: User initiated shutdown'): void {
    if (this.state === 'shutting-down' || this.state === 'terminated') return;
    this.#over('shutting-down', reason);
  }

  stop(): void {
    this.#over('stopping', 'Client.UserInitiatedShutdown: User initiated shutdown');
  }

  /** Nothing of it runs any more. */
  async ended(): Promise<void> {
    await (this.#ending ??= this.#machine.then(
      (machine) => machine?.stop(),
      () => {},
    ));
  }

  /** As DescribeInstances and RunInstances show it. */
  shown(): Answer {
    const { token, image, instanceType, tags, addresses } = this.launch;
    const isUp = this.state === 'running';
    return {
      instanceId: this.id,
      imageId: image,
      instanceType,
      clientToken: token,
      launchTime: this.launchedAt.toISOString(),
      instanceState: { code: 0, name: this.state },
      ...(this.reason !== undefined && { stateReason: { code: this.reason.split(':')[0]!, message: this.reason } }),
      ...(isUp && { ipAddress: addresses.public, privateIpAddress: addresses.private }),
      tagSet: Object.entries(tags).map(([key, value]) => ({ key, value })),
    };
  }

  #over(state: string, reason: string): void {
    this.state = state;
    this.reason = reason;
    void this.ended();
  }

  /** What cloud-init does at the first start. */
  async #start(): Promise<TestSshMachine> {
    const { userData, publicKey, addresses, port } = this.launch;
    const text = Buffer.from(userData, 'base64').toString();
    if (!text.startsWith('#cloud-config\n')) throw new Error('its user data are no cloud-config');
    const { ssh_keys } = parse(text) as CloudConfig;
    return startSshMachine({
      addresses: [addresses.public, addresses.private],
      port,
      hostKey: ssh_keys.ed25519_private,
      authorizedKeys: [publicKey],
    });
  }
}
