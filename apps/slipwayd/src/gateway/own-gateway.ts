import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SlipwayClient } from '@slipway/client';
import type { MeshConfig } from '@slipway/mesh';
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

  /** A command of the CLI as it works in a terminal in the clone, whatever the data folder and the certificate. */
  command(...args: string[]): string {
    const { dataFolder } = this.config;
    const told = dataFolder === resolve('.slipway') ? [] : [`--data=${dataFolder}`];
    const trusted = this.certFile ? `NODE_EXTRA_CA_CERTS=${quoted(vouching(this.certFile, this.caFile))} ` : '';
    return `${trusted}${['npx', 'slipway', ...told, ...args].map(quoted).join(' ')}`;
  }

  private get certFile(): string | undefined {
    return this.config.gateway.tls?.certFile;
  }
}

/** As one word for a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The file that lets a client trust a certificate: its own when it has signed itself, else that of its CA where we know it. */
function vouching(certFile: string, caFile: string | undefined): string {
  const certificate = new X509Certificate(readFileSync(certFile));
  return certificate.checkIssued(certificate) ? certFile : (caFile ?? certFile);
}
