/** What is kept of resources for those who could not have what they want: nobody after them takes of it. */
export class Kept {
  readonly #amounts = new Map<string, number>();
  readonly #slots = new Set<string>();

  amountOf(resourceId: string): number {
    return this.#amounts.get(resourceId) ?? 0;
  }

  /** Whether one of some locks on a resource is kept. */
  hasSlot(resourceId: string, slots: readonly string[]): boolean {
    return slots.some((slot) => this.#slots.has(`${resourceId} ${slot}`));
  }

  keep(resourceId: string, { amount, slots }: { amount: number; slots: readonly string[] }): void {
    this.#amounts.set(resourceId, this.amountOf(resourceId) + amount);
    for (const slot of slots) this.#slots.add(`${resourceId} ${slot}`);
  }
}
