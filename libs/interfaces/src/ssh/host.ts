import { createHash } from 'node:crypto';

/** A host that is reached over SSH, and as whom. */
export interface SshHost {
  /** Name or IP address. */
  address: string;
  /** 22 when left out. */
  port?: number;
  user: string;
  /** In OpenSSH's or PEM form, without a passphrase. It is held in memory only. */
  privateKey: Buffer;
}

/**
 * A host's public key, as it is pinned: its type and its fingerprint, as `ssh-keygen -l` prints it: `ssh-ed25519 SHA256:…`. The type
 * belongs to it: a host has several keys, and is asked for the one that is known.
 */
export type HostKey = string;

/** Which key each host has: kept by the caller, who outlives connections. */
export interface HostKeys {
  /** The key that is pinned for a host (`<address>:<port>`). */
  known(host: string): Promise<HostKey | undefined>;
  /** Pins the key of the first contact, durably; the one that is pinned from now on: of two that come at once the first. */
  pin(host: string, key: HostKey): Promise<HostKey>;
  /** Where a person finds the key of a host, to remove it. */
  where?(host: string): string;
}

/** `<address>:<port>`: what a host's key is pinned to. */
export const hostName = ({ address, port = 22 }: Pick<SshHost, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Of a public key as it goes over the wire (RFC 4253 §6.6): a length, its type, the rest. */
export function hostKeyOf(blob: Buffer): HostKey {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  return `${type} ${fingerprintOf(blob)}`;
}

/** As OpenSSH prints it. */
export const fingerprintOf = (blob: Buffer): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** The signatures by which a host proves that it has a key of this type (RFC 8332 §3). */
export const signaturesOf = (key: HostKey): string[] => {
  const type = key.split(' ')[0]!;
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
};
