import type { JsonObject } from './json.js';
import type { ResourceKind, ResourceRef } from './services.js';

/** Asks for what opens a resource and all that it is wired to. Reading it is recorded. */
export interface CredentialsQuery {
  resource: ResourceRef;
  /** X25519 public key of who asks, 32 bytes in base64url: the answer opens for nobody else. */
  recipient: string;
}

/** Answer to {@link CredentialsQuery}: `Credentials[]` as JSON, sealed (HPKE, RFC 9180) for the recipient and the resource's stream. */
export interface SealedCredentials {
  generation: number;
  enc: string;
  sealed: string;
  /** Log position of the record that they were read. */
  position: string;
}

/** What one resource gives out, its secrets in the clear: an instance itself, or what it is wired to. */
export interface Credentials {
  kind: ResourceKind;
  /** The requirement's name; of the instance itself its own. */
  name: string;
  values: JsonObject;
}

/**
 * Makes the secrets of a resource anew, and those of what was made for it; an instance gets the new ones. The same rotation again
 * is answered with what has become of it.
 */
export interface RotateCommand {
  resource: ResourceRef;
  /** Names the rotation. */
  rotation: string;
  /**
   * Keys (`database/shop-db`) of what stands in the same environment and was made for the same instance: of what it is wired to, those
   * are rotated with it. What is shared, or was asked for by itself, keeps its secrets: others who use it would not get the new ones.
   */
  owned?: string[];
  /** Only asks whether it could be done: changes nothing. */
  check?: boolean;
}

/** Answer to {@link RotateCommand}. Why it failed comes as the error. */
export interface Rotation {
  state: 'possible' | 'rotating' | 'rotated';
  /** Of what was rotated: as others are wired to it from now on. */
  outputs?: JsonObject;
  /** Log position of the resource's newest event. */
  position: string;
}
