/** Something that waits for its turn. */
export interface Waiter {
  readonly id: string;
  /** Higher goes first. */
  readonly priority: number;
  /** Whose it is: among equals in priority owners take turns. */
  readonly owner: string;
  /** Among those of one owner and priority the smaller goes first. */
  readonly order: string;
}

/**
 * Who goes next: higher priority first; within one priority each owner in turn, however much one of them asks for; of one
 * owner in the order of acceptance.
 */
export class Queue<W extends Waiter> {
  readonly #waiters = new Map<string, W>();
  /** By priority, then by owner; who was served last stands last. */
  readonly #lines = new Map<number, Map<string, W[]>>();

  get size(): number {
    return this.#waiters.size;
  }

  has(id: string): boolean {
    return this.#waiters.has(id);
  }

  /** Does nothing when it waits already. */
  add(waiter: W): void {
    if (this.has(waiter.id)) return;
    this.#waiters.set(waiter.id, waiter);
    const owners = this.#lines.get(waiter.priority) ?? new Map<string, W[]>();
    this.#lines.set(waiter.priority, owners);
    const line = owners.get(waiter.owner) ?? [];
    owners.set(waiter.owner, line);
    let at = line.length;
    while (at > 0 && line[at - 1]!.order > waiter.order) at -= 1;
    line.splice(at, 0, waiter);
  }

  remove(id: string): void {
    const waiter = this.#waiters.get(id);
    if (!waiter) return;
    const owners = this.#lines.get(waiter.priority)!;
    this.#shorten(owners, waiter, owners.get(waiter.owner)!);
  }

  /** Takes out who goes next among the owners that may. */
  next(mayGo: (owner: string) => boolean): W | undefined {
    for (const priority of [...this.#lines.keys()].toSorted((a, b) => b - a)) {
      const owners = this.#lines.get(priority)!;
      for (const [owner, line] of owners) {
        if (!mayGo(owner)) continue;
        const [waiter] = line;
        owners.delete(owner);
        owners.set(owner, line);
        this.#shorten(owners, waiter!, line);
        return waiter;
      }
    }
    return undefined;
  }

  #shorten(owners: Map<string, W[]>, waiter: W, line: W[]): void {
    this.#waiters.delete(waiter.id);
    line.splice(line.indexOf(waiter), 1);
    if (line.length === 0) owners.delete(waiter.owner);
    if (owners.size === 0) this.#lines.delete(waiter.priority);
  }
}
