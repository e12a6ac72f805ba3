import { SlipwayError, idOf } from '@slipway/contracts';
import type { Position } from '@slipway/event-store';
import { EnvironmentLane } from '../environment/environment.lane.js';
import type { KnownEnvironments, Ports } from '../ports.js';
import { Admissions } from './admissions.js';

/** Every environment begins with one of these. */
const FIRST_EVENTS = ['NameClaimed', 'DispatchPaused'];
const PAGE = 5_000;

interface Open {
  lane: EnvironmentLane;
  admissions: Admissions;
}

/**
 * The environments that there are. Which ones is kept between two lives together with the position up to which that is
 * known, so that a start reads only what came since; without it, or with one of another log, the log is read once.
 */
export class Environments {
  readonly #open = new Map<string, Open>();
  #written: Position | undefined;
  /** Up to which it is known which ones there are. */
  #found: Position | undefined;

  constructor(private readonly ports: Ports) {}

  /** Finds all of them and reads them; the position up to which that is so. */
  async load(): Promise<Position> {
    const known = this.ports.cache?.environments.read();
    const position = await this.#find(known).catch((error: unknown) => {
      if (!known || !(error instanceof SlipwayError) || (error.code !== 'gone' && error.code !== 'bad-input')) throw error;
      this.#open.clear();
      return this.#find(undefined);
    });
    this.#found = position;
    await Promise.all([...this.#open.values()].map(({ lane }) => lane.refresh()));
    return position;
  }

  async #find(known: KnownEnvironments | undefined): Promise<Position> {
    for (const name of known?.names ?? []) this.of(name);
    const filter = { categories: ['environment'], types: FIRST_EVENTS };
    for (let after = known?.position; ;) {
      const page = await this.ports.store.readAll({ limit: PAGE, filter, ...(after !== undefined && { after }) });
      for (const { stream } of page.events) this.of(idOf(stream));
      after = page.position;
      if (page.end) return after;
    }
  }

  /** Opened when it is asked for the first time; its state is read with the first decision or `refresh`. */
  of(name: string): Open {
    let open = this.#open.get(name);
    if (!open) {
      const lane = new EnvironmentLane(name, this.ports);
      open = { lane, admissions: new Admissions(lane, this.ports.config.limits) };
      this.#open.set(name, open);
    }
    return open;
  }

  all(): Open[] {
    return [...this.#open.values()];
  }

  /** Whether a request with that id goes on, as far as we have read. */
  has(requestId: string): boolean {
    return this.all().some(({ lane }) => lane.state.held.has(requestId));
  }

  /** The imports that go on now, whichever replica works on them, also in an environment of which nobody has told us yet. */
  async imports(): Promise<Set<string>> {
    const found = this.#found;
    this.#found = await this.#find(found === undefined ? undefined : { names: [], position: found });
    await Promise.all(this.all().map(({ lane }) => lane.refresh()));
    const requests = this.all().flatMap(({ lane: { state } }) =>
      [...state.held.entries()].map(([id, name]) => ({ id, name, state })),
    );
    return new Set(requests.filter(({ name, state }) => state.names.get(name)?.job === 'import').map(({ id }) => id));
  }

  /** Others may have recorded something there. */
  noticed(name: string, revision: number, failed: (error: unknown) => void): void {
    const { lane, admissions } = this.of(name);
    if (revision <= lane.revision) return;
    lane.refresh().then(() => admissions.look(), failed);
  }

  /** Keeps for the next start which ones there are. */
  write(position: Position): void {
    if (position === this.#written) return;
    this.ports.cache?.environments.write({ position, names: [...this.#open.keys()] });
    this.#written = position;
  }

  /** Ends what is being decided, and keeps all states. */
  async close(): Promise<void> {
    for (const { lane } of this.all()) {
      await lane.idle();
      await lane.keep();
    }
  }
}
