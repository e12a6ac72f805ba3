import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@slipway/contracts';
import type { Death, TestMesh } from '@slipway/testing';

/** Before a process that has died comes back, in ms. */
const AWAY = 200;
/** How long all of them may take to serve, in ms: some die before they do. */
const PATIENCE = 120_000;

/** Lets the processes of a mesh die at one named point after the other; each comes back armed with its next one. */
export class Deaths {
  /** Points at which a process has really killed itself. */
  readonly died: string[] = [];
  readonly #left: Map<ServiceName, Death[]>;
  readonly #lives: Promise<void>[] = [];
  #failure: unknown;
  #over = false;

  constructor(
    private readonly mesh: TestMesh,
    points: Partial<Record<ServiceName, readonly Death[]>>,
  ) {
    this.#left = new Map(Object.entries(points).map(([service, deaths]) => [service as ServiceName, [...deaths]]));
  }

  /** Arms every process with its first point; resolves when the mesh is ready. */
  async begin(): Promise<void> {
    await Promise.all([...this.#left.keys()].map((service) => this.mesh.hostOf(service).kill()));
    for (const service of this.#left.keys()) this.#lives.push(this.#live(service));
    await this.mesh.ready(PATIENCE);
  }

  /** Points that nobody has come to yet. Throws what a process could not come back for. */
  get left(): string[] {
    if (this.#failure) throw this.#failure;
    return [...this.#left].flatMap(([service, deaths]) => deaths.map((death) => told(service, death)));
  }

  /** Nobody comes back any more. */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#lives);
  }

  /** Life after life, each to its point; the last one goes on. */
  async #live(service: ServiceName): Promise<void> {
    const host = this.mesh.hostOf(service);
    const deaths = this.#left.get(service)!;
    try {
      for (let [death] = deaths; !this.#over; [death] = deaths) {
        // What was left unfinished goes on at once: it may die before it is ready.
        await host.start({}, death).catch((error: unknown) => {
          if (!death || host.running) throw error;
        });
        if (!death) return;
        while (host.running && !this.#over) await sleep(5);
        if (this.#over) return;
        const { signal, code } = await host.ended();
        if (signal !== 'SIGKILL') throw new Error(`${service} ended with ${signal ?? code} instead:\n${host.log()}`);
        this.died.push(told(service, death));
        deaths.shift();
        await sleep(AWAY);
      }
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

const told = (service: ServiceName, { when, what, matches }: Death): string => `${service}: ${when} ${what} ${matches}`;
