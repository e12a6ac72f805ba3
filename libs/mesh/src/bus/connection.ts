import { connect, type NatsConnection } from '@nats-io/transport-node';
import { SlipwayError } from '@slipway/contracts';

export interface ConnectOptions {
  /** `nats://host:port` or `tls://host:port`; several servers of a cluster apart by commas. */
  url: string;
  token?: string;
  /** Shown by the server's monitoring. */
  name: string;
  /** CA that the server's certificate must come from (PEM); the system's when left out. `tls://` only. */
  caFile?: string;
  /** How long the first connection may take, in ms; 10,000 when left out. From then on it is tried for ever. */
  firstConnectMs?: number;
}

/**
 * One connection of a process to NATS: reconnects for ever, and knows whether it is connected.
 */
export class Connection {
  #connected = true;
  #connectedSince = Date.now();
  readonly #onLost = new Set<() => void>();
  readonly #onBack = new Set<() => void>();

  private constructor(readonly nats: NatsConnection) {
    void this.#watch();
  }

  /** Throws `unreachable` when there is no connection in time, with what the server or the network said. */
  static async open(options: ConnectOptions): Promise<Connection> {
    const servers = options.url.split(',').map((server) => server.trim());
    const tls = servers.some((server) => server.startsWith('tls://'));
    const end = Date.now() + (options.firstConnectMs ?? 10_000);
    for (;;) {
      try {
        const nats = await connect({
          servers: servers.map((server) => server.replace(/^[a-z]+:\/\//, '')),
          name: options.name,
          ...(options.token !== undefined && { token: options.token }),
          ...(tls && { tls: options.caFile === undefined ? {} : { caFile: options.caFile } }),
          timeout: 2_000,
          reconnect: true,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 100,
          reconnectJitter: 100,
          pingInterval: 5_000,
          maxPingOut: 2,
          ignoreAuthErrorAbort: true,
          noAsyncTraces: true,
        });
        return new Connection(nats);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        // A wrong credential does not become right by waiting.
        const final = /authori[sz]ation|authentication/i.test(reason);
        if (final || Date.now() >= end) {
          throw new SlipwayError(
            'unreachable',
            `NATS at ${options.url}: ${reason}`,
            { url: options.url, reason },
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  connected(): boolean {
    return this.#connected;
  }

  /** Since when (ms since the epoch), or `undefined` while there is no connection. */
  connectedSince(): number | undefined {
    return this.#connected ? this.#connectedSince : undefined;
  }

  /** Calls `listener` each time the connection is lost; the returned function ends it. */
  onLost(listener: () => void): () => void {
    this.#onLost.add(listener);
    return () => this.#onLost.delete(listener);
  }

  /** Calls `listener` each time the connection is back. */
  onBack(listener: () => void): () => void {
    this.#onBack.add(listener);
    return () => this.#onBack.delete(listener);
  }

  /** Sends what is still to be sent (at most a second), then closes. */
  async close(): Promise<void> {
    if (this.nats.isClosed()) return;
    if (this.#connected)
      await Promise.race([this.nats.drain(), new Promise((resolve) => setTimeout(resolve, 1_000))]).catch(() => {});
    await this.nats.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') this.#lost();
      if (status.type === 'reconnect') {
        this.#connected = true;
        this.#connectedSince = Date.now();
        for (const listener of this.#onBack) listener();
      }
    }
    this.#lost();
  }

  #lost(): void {
    if (!this.#connected) return;
    this.#connected = false;
    for (const listener of this.#onLost) listener();
  }
}
