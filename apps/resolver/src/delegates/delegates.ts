import { randomUUID } from 'node:crypto';
import {
  SlipwayError,
  canonicalJson,
  type Clock,
  type DelegateView,
  type DelegatedContent,
  type DelegatedSnapshot,
  type RequestContext,
} from '@slipway/contracts';
import type { DelegateConfig } from '@slipway/mesh';
import { RemoteAway, RemoteRefused, type RemoteRepository } from '@slipway/remote-content';
import type { Logger } from 'pino';
import { decideLeft, decideTaken } from '../content/recorded.js';
import type { FetchedPackage, RecordedContent } from '../content/recorded-content.js';
import type { ContentRecorder } from '../content/recorder.js';
import type { Stack } from '../repository/stack.js';
import { fetchContent, type FetchedWith } from './fetch-content.js';
import { sourceOf } from './open-delegate.js';

export interface DelegatesOptions extends Omit<FetchedWith, 'blobs'> {
  /** By name, in the order in which they count. */
  configured: Readonly<Record<string, DelegateConfig>>;
  open(config: DelegateConfig): RemoteRepository;
  recorder: ContentRecorder;
  recorded: RecordedContent;
  blobs: FetchedWith['blobs'];
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Who records what is found without being asked. */
  replica: string;
  refreshSeconds: number;
}

/** What is told of one of them. */
const MAX_PROBLEMS = 20;
const PROBLEM_CHARACTERS = 1000;

/** What this replica knows of one of them. */
interface State {
  answeredAt?: number;
  away?: { since: number; reason: string };
  problems: string[];
}

/**
 * Other repositories that this one delegates to: asked what they have at the start, from time to time, and when somebody wants it.
 *
 * D1. What is in force of one is what it had when it was asked, whole and recorded: plans ask nobody. So the same on every replica, and
 *     the same until an event says otherwise.
 * D2. What is recorded is here: definitions and artefacts. One that is away takes nothing with it.
 * D3. What cannot be fetched, or is not good, is told, and leaves what was there before.
 */
export class Delegates {
  readonly #remotes = new Map<string, RemoteRepository>();
  readonly #states = new Map<string, State>();
  readonly #lanes = new Map<string, Promise<unknown>>();
  #stopWaiting = () => {};
  #isStopped = false;

  constructor(private readonly options: DelegatesOptions) {
    for (const name of this.#names) this.#states.set(name, { problems: [] });
  }

  /** Asks them all now, and again and again; the returned function ends that. */
  follow(): () => Promise<void> {
    const { clock, logger, replica, refreshSeconds } = this.options;
    const ask = async (): Promise<void> => {
      const context = { actor: { id: replica, type: 'system' as const }, correlationId: randomUUID() };
      try {
        await this.#dropOthers(context);
        await this.refresh(context);
      } catch (error) {
        logger.warn({ err: error }, 'What other repositories have could not be recorded; they are asked again');
      }
      if (!this.#isStopped) this.#stopWaiting = clock.after(refreshSeconds * 1000, () => void ask());
    };
    void ask();
    return async () => {
      this.#isStopped = true;
      this.#stopWaiting();
      for (const remote of this.#remotes.values()) await remote.close();
      await Promise.allSettled(this.#lanes.values());
    };
  }

  /**
   * Asks all, or one, and records what has changed. That one is away is no error: it is told. Throws `not-found` for one that is not
   * configured, `log-unavailable`, and what blobs throw.
   */
  async refresh(context: RequestContext, only?: string): Promise<void> {
    if (only !== undefined && !this.#states.has(only))
      throw new SlipwayError('not-found', `There is no other repository ${only}; there are ${this.#names.join(', ') || 'none'}`, {
        name: only,
      });
    const asked = await Promise.allSettled(
      this.#names
        .filter((name) => only === undefined || name === only)
        .map((name) => this.#next(name, () => this.#ask(name, context))),
    );
    for (const one of asked) if (one.status === 'rejected') throw one.reason;
  }

  /** What of them is not in force, and why: a sentence each. */
  get problems(): string[] {
    return this.#names.flatMap((name) => this.#problemsOf(name));
  }

  /** Those that are away, a sentence each. */
  get away(): string[] {
    return this.#names.flatMap((name) => this.#awayOf(name));
  }

  views(stack: Stack): DelegateView[] {
    const packages = stack.delegated() as readonly FetchedPackage[];
    return this.#names.map((name): DelegateView => {
      const config = this.options.configured[name]!;
      const { answeredAt, away } = this.#states.get(name)!;
      const own = packages.filter(({ delegate }) => delegate === name);
      return {
        ...{ name, kind: config.kind, source: sourceOf(config), packages: own.length },
        definitions: own.reduce((total, { definitions }) => total + definitions.length, 0),
        ...(answeredAt !== undefined && { answeredAt: timeOf(answeredAt) }),
        ...(away && { awaySince: timeOf(away.since) }),
        problems: this.#problemsOf(name),
      };
    });
  }

  get #names(): string[] {
    return Object.keys(this.options.configured);
  }

  #awayOf(name: string): string[] {
    const { away, answeredAt } = this.#states.get(name)!;
    if (!away) return [];
    const source = sourceOf(this.options.configured[name]!);
    const kept =
      answeredAt === undefined ? 'what was fetched of it before, if anything, goes on' : 'what was fetched of it before goes on';
    return [`${name} (${source}) is away since ${timeOf(away.since)}: ${away.reason}; ${kept}`];
  }

  #problemsOf = (name: string): string[] => [
    ...this.#awayOf(name),
    ...this.#states.get(name)!.problems.map((problem) => `${name}: ${problem}`),
  ];

  /** One after the other for each: who asks while it is being asked gets what it has afterwards. */
  #next(name: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#lanes.get(name) ?? Promise.resolve()).then(work);
    this.#lanes.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #ask(name: string, context: RequestContext): Promise<void> {
    const { recorder, recorded, blobs, clock, logger, configured } = this.options;
    const config = configured[name]!;
    const before = this.#states.get(name)!;
    try {
      const standing = (await recorded.read()).recorded.delegates.get(name);
      const known = standing?.source === sourceOf(config) ? (await recorded.snapshotOf(standing)).packages : [];
      const { packages, problems, away } = await fetchContent(this.#remote(name, config), known, this.options, config.maxBytes);
      const snapshot: DelegatedSnapshot = { packages };
      const taken: DelegatedContent = {
        ...{ name, source: sourceOf(config), content: await blobs.put(canonicalJson(snapshot)), packages: packages.length },
        definitions: packages.reduce((total, one) => total + one.definitions, 0),
        actor: context.actor,
      };
      await recorder.record(context, async () => {
        const state = await recorded.read();
        return { state, event: decideTaken(state.recorded, taken) };
      });
      const now = clock.now();
      this.#settle(name, { answeredAt: now, problems, ...(away !== undefined && { away: { since: now, reason: away } }) });
    } catch (error) {
      const { answeredAt, away } = before;
      const last = answeredAt !== undefined && { answeredAt };
      const { message } = error as Error;
      if (error instanceof RemoteAway)
        this.#settle(name, { ...last, away: { since: away?.since ?? clock.now(), reason: message }, problems: [] });
      else if (error instanceof RemoteRefused) this.#settle(name, { ...last, problems: [`it is not taken: ${message}`] });
      else throw error;
    } finally {
      const { problems } = this;
      if (problems.length > 0 && JSON.stringify(before) !== JSON.stringify(this.#states.get(name)))
        logger.warn({ problems }, 'Other repositories are not in force as they are');
    }
  }

  /** What is wrong with others' content may be without end. */
  #settle(name: string, { problems, ...state }: State): void {
    const told = problems.slice(0, MAX_PROBLEMS).map((problem) => problem.slice(0, PROBLEM_CHARACTERS));
    const more = problems.length - told.length;
    this.#states.set(name, { ...state, problems: more > 0 ? [...told, `${more} more problems`] : told });
  }

  /** Opened when it is first asked, so that what is wrong with it is told as everything else is. */
  #remote(name: string, config: DelegateConfig): RemoteRepository {
    const there = this.#remotes.get(name);
    if (there) return there;
    const opened = this.options.open(config);
    this.#remotes.set(name, opened);
    return opened;
  }

  /** What is recorded and not configured any more goes; its blobs stay, since plans and instances may name them. */
  async #dropOthers(context: RequestContext): Promise<void> {
    const { recorder, recorded, configured } = this.options;
    for (const name of (await recorded.read()).recorded.delegates.keys())
      if (!Object.hasOwn(configured, name))
        await recorder.record(context, async () => {
          const state = await recorded.read();
          return { state, event: decideLeft(state.recorded, { name, actor: context.actor }) };
        });
  }
}

const timeOf = (time: number): string => new Date(time).toISOString();
