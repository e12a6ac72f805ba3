import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { percentile } from './figure.js';
import type { Allocated } from './lease-holder.js';
import { LinesOf } from './lines-of.js';

const FILL_MS = 600_000;
const TURN_MS = 60_000;

/** A process that holds leases, and what its allocations took. */
export class HeldLeases {
  readonly #process: LinesOf;
  #times: number[] = [];
  /** Of all its threads (ms). */
  cpu = 0;

  constructor(folder: string, { resources, kinds, leases }: { resources: number; kinds: number; leases: number }) {
    const program = fileURLToPath(new URL('./lease-holder.js', import.meta.url));
    const own = mkdtempSync(join(folder, 'held-'));
    this.#process = new LinesOf(process.execPath, [program, own, ...[resources, kinds, leases].map(String)]);
  }

  /** Resolves when all its leases are there. */
  async filled(): Promise<void> {
    await this.#ask(0, FILL_MS);
  }

  /** Allocates so many, and gives them back. */
  async allocate(count: number): Promise<void> {
    const { times, cpu } = await this.#ask(count, TURN_MS);
    this.#times.push(...times);
    this.cpu += cpu;
  }

  /** What was measured so far is not counted. */
  forget(): void {
    this.#times = [];
    this.cpu = 0;
  }

  /** The time below which a share of the allocations lies (ms). */
  at(share: number): number {
    return percentile(this.#times, share);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  async #ask(count: number, milliseconds: number): Promise<Allocated> {
    const answer = await this.#process.ask(`${count}\n`, milliseconds);
    if (answer === undefined) throw new Error('A process that holds leases has ended');
    return JSON.parse(answer) as Allocated;
  }
}
