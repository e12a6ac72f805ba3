/** So much goes on at once of each kind; who comes when it is full waits, first come first served. */
export class AtOnce {
  readonly #going = new Map<string, number>();
  readonly #waiting = new Map<string, Set<string>>();

  constructor(private readonly most: number) {}

  /** Whether it may begin; else it waits, and is told of by {@link leave}. */
  enter(kind: string, id: string): boolean {
    const going = this.#going.get(kind) ?? 0;
    if (going < this.most) {
      this.#going.set(kind, going + 1);
      return true;
    }
    this.#waiting.set(kind, (this.#waiting.get(kind) ?? new Set()).add(id));
    return false;
  }

  /** One has ended: `next` is told of those that waited until it is full again. */
  leave(kind: string, next: (id: string) => void): void {
    this.#going.set(kind, this.#going.get(kind)! - 1);
    const waiting = this.#waiting.get(kind);
    for (const id of waiting ?? []) {
      if (this.#going.get(kind)! >= this.most) return;
      waiting!.delete(id);
      next(id);
    }
    if (this.#going.get(kind) === 0) this.#going.delete(kind);
  }
}
