import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobs } from '@slipway/blobs';
import { hashOf, systemClock, type ResourceKind } from '@slipway/contracts';
import {
  SshConnection,
  configuredHostKey,
  localCommand,
  localFilesystem,
  sshCommand,
  sshFilesystem,
  type Command,
  type Filesystem,
  type SshHost,
} from '@slipway/interfaces';
import { openSecrets } from '@slipway/secrets';
import type { DriverContext, OtherMachine, Target } from '../driver.js';
import { abortable } from '../step/driver-context.js';

/** What a driver said while it worked. */
export interface Said {
  log: string[];
  progress: { fraction: number | undefined; message: string }[];
}

/** This machine, as it is reached over SSH; where its Docker engine is, for drivers that use one. */
export type ContractHost = SshHost & { hostKey: string; docker?: string };

/** Says in a place's folder how it is reached, to every process that opens it. */
const HOST = 'host.json';

interface Reached {
  command: Command;
  filesystem: Filesystem;
  connection?: SshConnection;
  machine?: OtherMachine;
}

/** A real place in a temporary folder, the same for every process that opens it. */
export class ContractPlace {
  #reached: Promise<Reached> | undefined;

  private constructor(readonly folder: string) {}

  /** Its driver reaches it over SSH where a host is given, else as this machine. */
  static async make(host?: ContractHost): Promise<ContractPlace> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-driver-'));
    await chmod(folder, 0o711);
    if (host) {
      const { address, port, user, privateKey, hostKey, docker } = host;
      const text = JSON.stringify({ address, port, user, hostKey, docker, privateKey: privateKey.toString('base64') });
      await writeFile(join(folder, HOST), text, { mode: 0o600 });
    }
    await mkdir(join(folder, 'root'), { mode: 0o711 });
    await mkdir(join(folder, 'secrets'), { mode: 0o700 });
    return new ContractPlace(folder);
  }

  static at(folder: string): ContractPlace {
    return new ContractPlace(folder);
  }

  get root(): string {
    return join(this.folder, 'root');
  }

  /** A driver's context, and what the driver says in it. */
  async context(signal: AbortSignal = new AbortController().signal): Promise<DriverContext & { said: Said }> {
    const said: Said = { log: [], progress: [] };
    const { command, filesystem, machine } = await (this.#reached ??= this.#reach());
    return {
      said,
      command: abortable(command, signal),
      filesystem,
      blobs: await openBlobs({ folder: join(this.folder, 'blobs') }),
      secrets: await openSecrets({ folder: join(this.folder, 'secrets'), keyFile: join(this.folder, 'secrets.key') }),
      clock: systemClock,
      location: 'local',
      root: this.root,
      ...(machine && { machine }),
      signal,
      changing: async () => signal.throwIfAborted(),
      progress: (fraction, message) => void said.progress.push({ fraction, message }),
      log: (line) => void said.log.push(line),
    };
  }

  target(kind: ResourceKind, name: string, generation = 1, epoch = 1): Target {
    const definition = { name: 'sample', version: '1.0.0', hash: hashOf(name) };
    return { resource: { environment: 'default', kind, name }, generation, epoch, definition };
  }

  async #reach(): Promise<Reached> {
    const text = await readFile(join(this.folder, HOST), 'utf8').catch(() => undefined);
    if (text === undefined) return { command: localCommand(), filesystem: localFilesystem() };
    const { hostKey, privateKey, docker, ...host } = JSON.parse(text) as Omit<ContractHost, 'privateKey'> & {
      privateKey: string;
    };
    const keys = configuredHostKey(hostKey, join(this.folder, HOST));
    const connection = new SshConnection({ ...host, privateKey: Buffer.from(privateKey, 'base64') }, keys);
    const machine: OtherMachine = {
      address: host.address,
      setting: 'hosts.local',
      node: process.execPath,
      ...(docker !== undefined && { docker }),
      connect: (port) => connection.forward(port),
    };
    return { command: sshCommand(connection), filesystem: sshFilesystem(connection), connection, machine };
  }

  /** Ends what is open to it. */
  async close(): Promise<void> {
    await (await this.#reached)?.connection?.close();
    this.#reached = undefined;
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
