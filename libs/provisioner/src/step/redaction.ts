import type { Json, JsonObject } from '@slipway/contracts';
import type { SecretRef, Secrets } from '@slipway/secrets';

const COVER = '[secret]';

/** Shorter ones are too likely to be part of something else. */
const SHORTEST = 8;

/**
 * Secrets as a driver sees them. Every value that it reads or puts is remembered, and covered wherever the driver speaks
 * afterwards: in log, progress, outputs and errors. So a driver that forgets itself still tells nobody.
 */
export class RedactingSecrets implements Secrets {
  readonly #values = new Set<string>();

  constructor(private readonly secrets: Secrets) {}

  ensure(name: string, bytes?: number): Promise<SecretRef> {
    return this.secrets.ensure(name, bytes);
  }

  put(name: string, value: string): Promise<SecretRef> {
    this.#remember(value);
    return this.secrets.put(name, value);
  }

  async read(ref: SecretRef): Promise<string> {
    const value = await this.secrets.read(ref);
    this.#remember(value);
    return value;
  }

  empty(prefix: string): Promise<void> {
    return this.secrets.empty(prefix);
  }

  /** The same text without any of the secrets. */
  cover(text: string): string {
    let covered = text;
    for (const value of this.#values) covered = covered.replaceAll(value, COVER);
    return covered;
  }

  /** The same JSON without any of the secrets, wherever in its texts. */
  coverJson(value: JsonObject): JsonObject {
    return this.#values.size === 0 ? value : (this.#coverAny(value) as JsonObject);
  }

  #remember(value: string): void {
    if (value.length >= SHORTEST) this.#values.add(value);
  }

  #coverAny(value: Json): Json {
    if (typeof value === 'string') return this.cover(value);
    if (Array.isArray(value)) return value.map((item) => this.#coverAny(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#coverAny(item)]));
  }
}
