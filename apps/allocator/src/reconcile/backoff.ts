const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/** How long it waits after that many failures, in ms: doubles up to five minutes. */
export const pauseAfter = (tries: number): number => Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_MS);

interface Failed {
  tries: number;
  retryAt: number;
  reason: string;
}

/** When what failed for somebody (a lease, a resource) is tried again. */
export class Backoff {
  /** By id, then by what was to be done. */
  readonly #failures = new Map<string, Map<string, Failed>>();

  constructor(private readonly now: () => number) {}

  /** Not before this. */
  until(id: string, what: string): number {
    return this.#failures.get(id)?.get(what)?.retryAt ?? 0;
  }

  /** `before`: how often it failed as others know it. */
  failed(id: string, what: string, reason: string, before = 0): { tries: number; retryAt: number } {
    const ofId = this.#failures.get(id) ?? new Map<string, Failed>();
    const tries = Math.max(ofId.get(what)?.tries ?? 0, before) + 1;
    const retryAt = this.now() + pauseAfter(tries);
    this.#failures.set(id, ofId.set(what, { tries, retryAt, reason }));
    return { tries, retryAt };
  }

  succeeded(id: string, what: string): void {
    const ofId = this.#failures.get(id);
    if (ofId?.delete(what) && ofId.size === 0) this.#failures.delete(id);
  }

  forget(id: string): void {
    this.#failures.delete(id);
  }

  /** Of what failed for an id the one that is tried again last. */
  of(id: string): { tries: number; reason: string } | undefined {
    return [...(this.#failures.get(id)?.values() ?? [])].toSorted((one, other) => other.retryAt - one.retryAt)[0];
  }

  /** What fails again and again, at most so much. */
  failing(most: number): string[] {
    const told: string[] = [];
    for (const [id, ofId] of this.#failures)
      for (const [what, { tries, reason }] of ofId) {
        if (told.length === most) return told;
        told.push(`${id} ${what} failed ${tries} times: ${reason}`);
      }
    return told;
  }
}
