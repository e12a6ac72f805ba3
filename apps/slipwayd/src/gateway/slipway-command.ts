import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MeshConfig } from '@slipway/mesh';

/**
 * A command of the CLI as it works in a terminal in the clone, whatever the data folder and the certificate.
 *
 * @param caFile what Node trusts beside its own CAs (NODE_EXTRA_CA_CERTS)
 */
export function slipwayCommand({ dataFolder, gateway }: MeshConfig, caFile: string | undefined, ...args: string[]): string {
  const told = dataFolder === resolve('.slipway') ? [] : [`--data=${dataFolder}`];
  const trusted = gateway.tls ? `NODE_EXTRA_CA_CERTS=${quoted(vouching(gateway.tls.certFile, caFile))} ` : '';
  return `${trusted}${['npx', 'slipway', ...told, ...args].map(quoted).join(' ')}`;
}

/** As one word for a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The file that lets a client trust a certificate: its own when it has signed itself, else that of its CA where we know it. */
function vouching(certFile: string, caFile: string | undefined): string {
  const certificate = new X509Certificate(readFileSync(certFile));
  return certificate.checkIssued(certificate) ? certFile : (caFile ?? certFile);
}
