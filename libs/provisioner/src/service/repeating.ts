import type { Clock } from '@slipway/contracts';

/** Things that are done at once and then again and again, each never twice at the same time. */
export class Repeating {
  readonly #timers = new Map<() => Promise<void>, () => void>();
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Does it now, and `ms` milliseconds after each time it has ended. */
  every(ms: number, task: () => Promise<void>): void {
    if (this.#stopped) return;
    const round = task()
      .catch(this.failed)
      .finally(() => {
        this.#underWay.delete(round);
        if (!this.#stopped)
          this.#timers.set(
            task,
            this.clock.after(ms, () => this.every(ms, task)),
          );
      });
    this.#underWay.add(round);
  }

  /** Resolves when nothing of it goes on any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
    await Promise.all(this.#underWay);
  }
}
