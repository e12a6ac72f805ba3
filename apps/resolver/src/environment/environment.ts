import { resourceKey, type EnvironmentEvent, type Installed, type Wire } from '@slipway/contracts';
import type { EnvironmentState } from '@slipway/solver';

/** What an environment holds, as its stream tells. Changed in place: one reader owns it. */
export class Environment implements EnvironmentState {
  readonly installed = new Map<string, Installed>();
  readonly generations = new Map<string, number>();
  readonly #wires = new Map<string, Wire>();
  #wireList: Wire[] | undefined;

  get wires(): readonly Wire[] {
    return (this.#wireList ??= [...this.#wires.values()]);
  }

  evolve(event: EnvironmentEvent): void {
    if (event.type === 'PlanAdmitted') for (const { key, generation } of event.data.writes) this.#reached(key, generation);
    else if (event.type === 'PlanSettled') this.#settle(event.data);
  }

  #settle({ installed, removed, wires }: Extract<EnvironmentEvent, { type: 'PlanSettled' }>['data']): void {
    for (const key of removed) this.installed.delete(key);
    for (const one of installed) {
      this.installed.set(resourceKey(one), one);
      this.#reached(resourceKey(one), one.generation);
    }
    if (removed.length > 0) {
      const gone = new Set(removed);
      for (const [id, { from, to }] of this.#wires) if (gone.has(from) || gone.has(to)) this.#wires.delete(id);
    }
    for (const wire of wires)
      if (this.installed.has(wire.from) && this.installed.has(wire.to)) this.#wires.set(JSON.stringify(wire), wire);
    this.#wireList = undefined;
  }

  /** A generation that was planned is used up, whatever became of it. */
  #reached(key: string, generation: number): void {
    this.generations.set(key, Math.max(generation, this.generations.get(key) ?? 0));
  }
}
