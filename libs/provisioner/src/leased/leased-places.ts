import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { SlipwayError, causeOf, type Clock, type LeasedPlace, type ResourceKind } from '@slipway/contracts';
import {
  ContainerHost,
  SshConnection,
  apartCommand,
  configuredHostKey,
  engineAddress,
  localFilesystem,
  privateKeyOf,
  shellCommand,
  shellFilesystem,
  sshCommand,
  sshFilesystem,
  type Filesystem,
} from '@slipway/interfaces';
import type { SecretRef, Secrets } from '@slipway/secrets';
import type { Place } from '../ports.js';
import type { LeasedHost } from './leased-host.js';
import { assertActive, type Leases } from './leases.js';

/** A key of OpenSSH has at most some KiB. */
const KEY_BYTES = 64 * 1024;

/** How long a lease that was active counts as such while the allocator cannot be asked, in ms: nothing is granted anew meanwhile. */
const CONFIRMED_FOR = 60_000;

export interface LeasedPlacesOptions {
  kind: ResourceKind;
  leases: Leases;
  secrets: Secrets;
  clock: Clock;
}

interface Reached {
  confirmedAt: number;
  at: Promise<At>;
  /** By driver. */
  places: Map<string, Promise<Place>>;
}

/** A host, and how it is left alone again. */
type At = Omit<Place, 'root'> & { close(): Promise<void> };

/**
 * Places on leased hosts, each in the folder of its lease: with the lease it goes, and all that runs from it.
 *
 * H1. Whoever works there has heard that the lease is active, under the token that he knows, right before; what does so while the allocator is
 *     away has heard it within a minute.
 */
export class LeasedPlaces {
  readonly #reached = new Map<string, Reached>();

  constructor(private readonly options: LeasedPlacesOptions) {}

  /** Throws `lease-not-active`, `driver-failed` where the host cannot be reached. */
  async place(on: LeasedHost, driver: string): Promise<Place> {
    const reached = await this.#confirmed(on);
    const known = reached.places.get(driver) ?? this.#make(on, driver, reached);
    reached.places.set(driver, known);
    // What failed is tried again by the next who asks.
    known.catch(() => reached.places.delete(driver));
    return known;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#reached.keys()].map((key) => this.#forget(key)));
  }

  /** H1. */
  async #confirmed(on: LeasedHost): Promise<Reached> {
    const { leases, clock } = this.options;
    const key = `${on.lease}/${on.token}`;
    const known = this.#reached.get(key);
    try {
      assertActive(await leases.standing(on.lease), on.token);
    } catch (error) {
      const away = !['lease-not-active', 'not-found'].includes(causeOf(error).code);
      if (away && known && clock.now() - known.confirmedAt < CONFIRMED_FOR) return known;
      if (!away) await this.#forget(key);
      throw error;
    }
    const reached = this.#reached.get(key) ?? this.#reach(key, on);
    reached.confirmedAt = clock.now();
    return reached;
  }

  #reach(key: string, on: LeasedHost): Reached {
    const at = this.#at(on);
    const reached = { confirmedAt: 0, at, places: new Map() };
    this.#reached.set(key, reached);
    at.catch(() => this.#reached.delete(key));
    return reached;
  }

  async #forget(key: string): Promise<void> {
    const known = this.#reached.get(key);
    this.#reached.delete(key);
    await (await known?.at.catch(() => undefined))?.close();
  }

  async #make({ place, lease }: LeasedHost, driver: string, { at }: Reached): Promise<Place> {
    const { close: _close, ...reached } = await at;
    const { filesystem } = reached;
    let root = place.folder;
    for (const name of [this.options.kind, driver]) {
      root = join(root, name);
      await filesystem.mkdir(root, { mode: 0o711 });
    }
    await assertPassable(filesystem, root, { place, lease });
    return { ...reached, root };
  }

  async #at({ place, host, lease }: LeasedHost): Promise<At> {
    const setting = `the host of ${lease}`;
    if (place.ssh) {
      const connection = await this.#connection(place.ssh, lease);
      return {
        command: sshCommand(connection),
        filesystem: sshFilesystem(connection),
        machine: { address: host, setting, connect: (port) => connection.forward(port) },
        close: () => connection.close(),
      };
    }
    if (place.docker) {
      const { engine, certificates, container: name } = place.docker;
      const container = new ContainerHost(await engineAddress(engine, certificates, localFilesystem()), name);
      const filesystem = shellFilesystem(container);
      return {
        command: shellCommand(container),
        filesystem,
        machine: { address: host, setting, connect: (port) => connected(host, port) },
        close: async () => filesystem.close(),
      };
    }
    return { command: apartCommand(), filesystem: localFilesystem(), close: async () => {} };
  }

  async #connection(ssh: NonNullable<LeasedPlace['ssh']>, lease: string): Promise<SshConnection> {
    const { address, port, user, hostKey } = ssh;
    const privateKey =
      'key' in ssh
        ? privateKeyOf(await this.options.secrets.read(ssh.key as SecretRef))
        : await localFilesystem().readFile(ssh.keyFile, KEY_BYTES);
    if (!privateKey)
      throw new SlipwayError(
        'driver-failed',
        `The key file of ${lease} is not at this machine: ${'keyFile' in ssh && ssh.keyFile}`,
      );
    return new SshConnection({ address, port, user, privateKey }, configuredHostKey(hostKey, `what ${lease} gave out`));
  }
}

/** Who runs what stands there is somebody else, where the host is reached as root: he has to come to it. */
async function assertPassable(
  filesystem: Filesystem,
  root: string,
  { place: { ssh, docker }, lease }: Pick<LeasedHost, 'place' | 'lease'>,
): Promise<void> {
  const asRoot = ssh ? ssh.user === 'root' : !docker && process.getuid?.() === 0;
  if (!asRoot) return;
  for (let folder = dirname(root); folder !== '/'; folder = dirname(folder)) {
    const mode = (await filesystem.stat(folder))?.mode ?? 0;
    if ((mode & 0o001) !== 0) continue;
    const message = `${folder} on the host of ${lease} is closed to the users that instances run as: have its blueprint keep its folder where all can pass through, such as /var/lib/slipway`;
    throw new SlipwayError('driver-failed', message, { folder, lease });
  }
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
