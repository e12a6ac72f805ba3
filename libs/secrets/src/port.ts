/** `secret://<name>#<version>`: what stands in the log instead of a secret. */
export type SecretRef = `secret://${string}#${number}`;

/** Secrets never enter the log. Written before the effect that uses them, emptied by `destroy`. */
export interface Secrets {
  /** Makes a random secret (base64url) unless the name has one already; the same ref again then. */
  ensure(name: string, bytes?: number): Promise<SecretRef>;
  /** A new version with this value. */
  put(name: string, value: string): Promise<SecretRef>;
  /** Throws `secret-missing`. */
  read(ref: SecretRef): Promise<string>;
  /** Forgets all versions of all secrets whose name is `prefix` or begins with `prefix/`. Doing it twice is fine. */
  empty(prefix: string): Promise<void>;
}
