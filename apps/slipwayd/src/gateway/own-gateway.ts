import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayClient } from '@slipway/client';
import type { MeshConfig } from '@slipway/mesh';
import { slipwayCommand } from './slipway-command.js';
import { distrust, trust } from './trust.js';

/** The gateway of the mesh that this process has started: as a client calls it, and as people are told to. */
export class OwnGateway {
  readonly client: SlipwayClient;

  /** @param url as the gateway itself says it @param caFile what Node trusts beside its own CAs (NODE_EXTRA_CA_CERTS) */
  constructor(
    readonly url: string,
    private readonly config: MeshConfig,
    private readonly caFile?: string,
  ) {
    this.client = new SlipwayClient({ url, key: readFileSync(join(config.dataFolder, 'gateway.key'), 'utf8').trim() });
    if (this.certFile) trust(this.certFile);
  }

  /** Why calls from here would be refused over its certificate; `null` when they go through. */
  async distrusted(): Promise<string | null> {
    if (!this.certFile) return null;
    const reason = await distrust(this.url);
    return (
      reason &&
      `The certificate ${this.certFile} is not trusted at ${this.url} (${reason}). Start with NODE_EXTRA_CA_CERTS=<file of its CA>, ` +
        `or use a certificate that names ${new URL(this.url).hostname}.`
    );
  }

  /** A command as people type it to reach this mesh. */
  command(...args: string[]): string {
    return slipwayCommand(this.config, this.caFile, ...args);
  }

  private get certFile(): string | undefined {
    return this.config.gateway.tls?.certFile;
  }
}
