const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/** How long it waits after that many failures, in ms: doubles up to five minutes. */
export const pauseAfter = (tries: number): number => Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_MS);

/** When what failed is tried again. Keys begin with an id, apart from the rest by a space. */
export class Backoff {
  readonly #failures = new Map<string, { tries: number; retryAt: number; reason: string }>();

  constructor(private readonly now: () => number) {}

  /** Not before this. */
  until(key: string): number {
    return this.#failures.get(key)?.retryAt ?? 0;
  }

  /** `before`: how often it failed as others know it. */
  failed(key: string, reason: string, before = 0): { tries: number; retryAt: number } {
    const tries = Math.max(this.#failures.get(key)?.tries ?? 0, before) + 1;
    const retryAt = this.now() + pauseAfter(tries);
    this.#failures.set(key, { tries, retryAt, reason });
    return { tries, retryAt };
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  forget(id: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${id} `)) this.#failures.delete(key);
  }

  /** Of what failed for an id the one that is tried again last. */
  of(id: string): { tries: number; reason: string } | undefined {
    const ofId = [...this.#failures].filter(([key]) => key.startsWith(`${id} `)).map(([, failure]) => failure);
    return ofId.toSorted((one, other) => other.retryAt - one.retryAt)[0];
  }

  failing(): string[] {
    return [...this.#failures].map(([key, { tries, reason }]) => `${key} failed ${tries} times: ${reason}`);
  }
}
