import { randomBytes } from 'node:crypto';
import type { SecretRef, Secrets } from '../port.js';
import {
  assertSecretLength,
  assertSecretName,
  assertSecretValue,
  parseSecretRef,
  secretMissing,
  secretRef,
} from '../reference.js';

/** Secrets in memory, for tests and simulations. `random` may be seeded. */
export class MemorySecrets implements Secrets {
  /** Versions of each secret, the first at index 0. */
  readonly values = new Map<string, string[]>();

  constructor(readonly random: (bytes: number) => Buffer = randomBytes) {}

  async ensure(name: string, bytes = 32): Promise<SecretRef> {
    assertSecretName(name);
    assertSecretLength(bytes);
    const versions = this.values.get(name);
    return versions ? secretRef(name, versions.length) : this.put(name, this.random(bytes).toString('base64url'));
  }

  async put(name: string, value: string): Promise<SecretRef> {
    assertSecretName(name);
    assertSecretValue(value);
    const versions = [...(this.values.get(name) ?? []), value];
    this.values.set(name, versions);
    return secretRef(name, versions.length);
  }

  async read(ref: SecretRef): Promise<string> {
    const { name, version } = parseSecretRef(ref);
    const value = this.values.get(name)?.[version - 1];
    if (value === undefined) throw secretMissing(ref);
    return value;
  }

  async empty(prefix: string): Promise<void> {
    assertSecretName(prefix);
    for (const name of this.values.keys()) if (name === prefix || name.startsWith(`${prefix}/`)) this.values.delete(name);
  }
}
