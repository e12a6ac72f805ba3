import type { JsonObject } from '@slipway/contracts';
import { specInvalid } from '../furnishing/placeholders.js';

/** What a host gives to whom is wired to it. */
export interface HostOutputs {
  /** Tells it from targets of other types. */
  type: 'host';
  root: string;
}

/** The host among what something is wired to; `null` when there is none. */
export function hostAmong(inputs: Record<string, JsonObject>): HostOutputs | null {
  for (const { type, root } of Object.values(inputs)) {
    if (type === 'host' && typeof root === 'string' && root.startsWith('/')) return { type, root };
  }
  return null;
}

/** The host that something is wired to. Throws `spec-invalid` where there is none. */
export function hostOf(inputs: Record<string, JsonObject>): HostOutputs {
  const host = hostAmong(inputs);
  if (host) return host;
  const requirement = '{name: target, namespace: slipway.target, attributes: {type: host}}';
  throw specInvalid('requirements', `it must require the host that its packages are for: ${requirement}`);
}
