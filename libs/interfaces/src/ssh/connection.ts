import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import type { SFTPWrapper } from 'ssh2';
import { SlipwayError } from '@slipway/contracts/public';
import { abortReason } from '../local/local-command.js';
import { connect, type ConnectLimits, type Connected } from './connect.js';
import { openForward } from './forward.js';
import { hostName, type HostKey, type HostKeys, type SshHost } from './host.js';
import { BOOT, endLine, type Group } from '../shell/script.js';
import type { Opened, ShellHost } from '../shell/shell-host.js';

export interface ConnectionLimits extends ConnectLimits {
  /** Programs at a time; more wait. sshd's own limit is `MaxSessions` (10): one is for files, one to end programs. */
  programs: number;
  /** After so long without work the connection is closed, in ms. */
  idleMs: number;
}

const LIMITS: ConnectionLimits = { answersWithinMs: 20_000, keepAliveMs: 10_000, programs: 8, idleMs: 60_000 };

/** Files of the host, while the connection lives. */
export interface Session {
  files: SFTPWrapper;
  /** Aborted when nothing is answered any more. */
  gone: AbortSignal;
}

interface Live extends Connected {
  cut: boolean;
  session?: Promise<Session>;
}

/**
 * One connection to one host, for all that is done there: opened when it is needed, and again after a cut; closed when nothing is to do.
 *
 * C1. Nothing is sent before the host has proved that it has the key that is pinned.
 * C2. At most so many programs run at a time; who comes later waits, in order.
 * C3. What a cut has left running is ended before anything else is done there again: who tries again is alone.
 */
export class SshConnection implements ShellHost {
  readonly #limits: ConnectionLimits;
  readonly #waiting: (() => void)[] = [];
  #live: Promise<Live> | undefined;
  #programs = 0;
  #most: number;
  #busy = 0;
  #idle: NodeJS.Timeout | undefined;
  #left: Group[] = [];
  #closed = false;

  constructor(
    private readonly host: SshHost,
    private readonly keys: HostKeys,
    limits: Partial<ConnectionLimits> = {},
  ) {
    this.#limits = { ...LIMITS, ...limits };
    this.#most = this.#limits.programs;
  }

  /** `<address>:<port>`, for messages. */
  get name(): string {
    return hostName(this.host);
  }

  /** Ends the connection, and all that waits for it; what runs there may go on. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    for (const next of this.#waiting.splice(0)) next();
    const live = await this.#live?.catch(() => undefined);
    if (!live || live.cut) return;
    const ended = new Promise<void>((resolve) => live.client.once('close', () => resolve()));
    live.client.end();
    const impatient = setTimeout(() => live.socket.destroy(), 2_000);
    await ended;
    clearTimeout(impatient);
  }

  /** Its place is given to the next when it is closed. */
  async open(signal?: AbortSignal): Promise<Opened> {
    for (;;) {
      await this.#place(signal);
      try {
        const opened = await this.#channel();
        this.#busy += 1;
        opened.channel.once('close', () => {
          this.#done();
          this.#leave();
        });
        return opened;
      } catch (error) {
        this.#leave();
        // sshd takes fewer sessions than it usually does: others are there, one of them ends before we try again.
        if (!isRefusedChannel(error) || this.#programs === 0) throw this.#told(error);
        this.#most = this.#programs;
      }
    }
  }

  /** Files of the host, for as long as `use` takes. */
  async files<T>(use: (session: Session) => Promise<T>): Promise<T> {
    this.#busy += 1;
    clearTimeout(this.#idle);
    try {
      const live = await this.#connected();
      return await use(await (live.session ??= this.#startFiles(live)));
    } catch (error) {
      throw this.#told(error);
    } finally {
      this.#done();
    }
  }

  /**
   * A connection to a port of the host's own loopback; the caller ends it. Rejects with the code `ECONNREFUSED` where nobody takes it
   * there, with `driver-failed` where the host's `sshd` lets nobody through.
   */
  async forward(port: number): Promise<Duplex> {
    this.#busy += 1;
    try {
      const channel = await this.#begin((live) => openForward(live, port, this.name));
      channel.once('close', () => this.#done());
      return channel;
    } catch (error) {
      this.#done();
      throw this.#told(error);
    }
  }

  /** The key that the host has proved to have, and that is pinned since the first contact. Throws what a contact throws. */
  async hostKey(): Promise<HostKey> {
    this.#busy += 1;
    try {
      return (await this.#connected()).hostKey;
    } catch (error) {
      throw this.#told(error);
    } finally {
      this.#done();
    }
  }

  async end(group: Group): Promise<void> {
    const live = await this.#live?.catch(() => undefined);
    if (!live || live.cut) this.#left.push(group);
    else await endGroups(live, [group]).catch(() => this.#left.push(group));
  }

  #channel(): Promise<Opened> {
    return this.#begin(async (live) => ({
      ...(await openShell(live)),
      lost: () => (live.cut ? `The connection to ${this.name} was cut` : `sshd at ${this.name} has ended the session`),
      cut: () => live.socket.destroy(),
    }));
  }

  /** Nothing was begun over a connection that has ended meanwhile: another one will do. */
  async #begin<T>(begin: (live: Live) => Promise<T>): Promise<T> {
    for (let isFirst = true; ; isFirst = false) {
      const live = await this.#connected();
      try {
        return await begin(live);
      } catch (error) {
        if (!live.cut || !isFirst) throw error;
      }
    }
  }

  #connected(): Promise<Live> {
    if (this.#closed) throw new SlipwayError('driver-failed', `The connection to ${this.name} was closed here`);
    clearTimeout(this.#idle);
    return (this.#live ??= this.#connect());
  }

  async #connect(): Promise<Live> {
    try {
      const live: Live = { ...(await connect(this.host, this.keys, this.#limits)), cut: false };
      const current = this.#live;
      live.client.once('close', () => {
        live.cut = true;
        if (this.#live === current) this.#live = undefined;
      });
      // C3.
      if (this.#left.length > 0) await endGroups(live, this.#left);
      this.#left = [];
      return live;
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  #startFiles(live: Live): Promise<Session> {
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    const end = () => {
      delete live.session;
      gone.abort();
    };
    return new Promise((resolve, reject) => {
      live.client.sftp((error, files) => {
        if (error) {
          end();
          return reject(error);
        }
        files.on('error', () => {}).once('close', end);
        live.client.once('close', end);
        resolve({ files, gone: gone.signal });
      });
    });
  }

  /** C2. */
  async #place(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw abortReason(signal);
    if (this.#programs >= this.#most) {
      await new Promise<void>((resolve, reject) => {
        const next = () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = () => {
          this.#waiting.splice(this.#waiting.indexOf(next), 1);
          reject(abortReason(signal!));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(next);
      });
    } else this.#programs += 1;
  }

  /** Hands the place on, so that nobody comes in between. */
  #leave(): void {
    const next = this.#programs <= this.#most ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#programs -= 1;
  }

  #done(): void {
    this.#busy -= 1;
    if (this.#busy > 0 || this.#closed) return;
    this.#idle = setTimeout(() => {
      void this.#live?.then((live) => this.#busy === 0 && live.client.end()).catch(() => {});
    }, this.#limits.idleMs).unref();
  }

  #told(error: unknown): unknown {
    if (error instanceof SlipwayError || (error as NodeJS.ErrnoException).syscall !== undefined) return error;
    const reason = (error as Error).message;
    return new SlipwayError(
      'driver-failed',
      `${this.name} does not do as it is asked: ${reason}`,
      { host: this.name, reason },
      { cause: error },
    );
  }
}

/** RFC 4254 §5.1. */
const isRefusedChannel = (error: unknown): boolean => typeof (error as { reason?: unknown }).reason === 'number';

const openShell = ({ client }: Pick<Live, 'client'>): Promise<Pick<Opened, 'channel' | 'exitCode'>> =>
  new Promise((resolve, reject) => {
    client.exec(BOOT, (error, channel) => {
      if (error) return reject(error);
      let exitCode: number | undefined;
      // At once: it may come before whoever waits for the channel goes on.
      channel.once('exit', (code: number | null, name?: string) => {
        exitCode = code ?? 128 + (constants.signals[name as NodeJS.Signals] ?? 0);
      });
      resolve({ channel, exitCode: () => exitCode });
    });
  });

/** A host that does not even end programs any more is not worked at. */
const ENDS_WITHIN_MS = 10_000;

async function endGroups({ client, socket }: Connected, groups: readonly Group[]): Promise<void> {
  const limit = setTimeout(() => socket.destroy(), ENDS_WITHIN_MS);
  try {
    const { channel, exitCode } = await openShell({ client });
    const closed = new Promise((resolve) => channel.once('close', resolve));
    channel.on('error', () => {}).resume();
    channel.stderr.resume();
    channel.end(endLine(groups));
    await closed;
    if (exitCode() === undefined) throw new Error('the connection was cut while what was left there was ended');
  } finally {
    clearTimeout(limit);
  }
}
