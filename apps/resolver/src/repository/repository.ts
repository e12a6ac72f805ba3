import type { Blobs } from '@slipway/blobs';
import type { Clock } from '@slipway/contracts';
import { Catalogue } from '@slipway/solver';
import type { Logger } from 'pino';
import type { FolderRecord } from '../content/folder-record.js';
import { NOTHING } from '../content/recorded.js';
import type { FetchedPackage, RecordedContent, RecordedState } from '../content/recorded-content.js';
import type { Brought } from './brought-content.js';
import { compose } from './compose.js';
import { ContentFolder } from './content-folder.js';
import { problemLine } from './document.js';
import { Stack, rank, type LayeredPackage } from './stack.js';

export interface RepositoryOptions {
  /** Folder of content packages: the layer `default`. */
  folder: string;
  /** Folder of this machine's own: the layer `local`. None when left out. */
  localFolder?: string;
  /** What plugins bring, the layer `plugin`, and what of it cannot be used. */
  brought?: { packages: readonly Brought[]; problems: readonly string[] };
  /** What was recorded of the layers `writable` and `dynamic`; nothing when left out. */
  recorded?: RecordedContent;
  /** Names of the other repositories that are delegated to, in the order in which they count. What else is recorded is not in force. */
  delegates?: readonly string[];
  /** Where changes of the folders are recorded; nowhere when left out. */
  record?: FolderRecord;
  blobs: Blobs;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * The installable definitions: what is in force of all layers of content.
 *
 * R1. A package is taken as a whole or not at all.
 * R2. A change that fails leaves the last good version in force, and says so in {@link Repository.problems}.
 * R3. A name and version stands once in a layer; in another only where the rules of the layers let it override or be overridden.
 */
export class Repository {
  readonly #folders: ContentFolder[];
  #stack = new Stack();
  #decided: readonly LayeredPackage[] = [];
  #delegated: readonly FetchedPackage[] = [];
  #logProblem: string | undefined;
  #catalogue = new Catalogue([]);
  #scan: Promise<void> | undefined;
  #again = false;

  constructor(private readonly options: RepositoryOptions) {
    const { folder, localFolder, brought, blobs, clock, logger } = options;
    const given = { blobs, clock, logger };
    this.#folders = [
      ...(localFolder === undefined
        ? []
        : [new ContentFolder({ ...given, layer: 'local', folder: localFolder, mayBeAbsent: true })]),
      new ContentFolder({ ...given, layer: 'default', folder }),
      ...(brought?.packages ?? []).map((one) => new ContentFolder({ ...given, layer: 'plugin', ...one })),
    ];
  }

  /** What is in force now. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }
  get stack(): Stack {
    return this.#stack;
  }

  /**
   * What is in force with all that was recorded until now, by whichever replica. Throws `log-unavailable`, and what blobs throw
   * where a package that is in force cannot be read.
   */
  async current(): Promise<{ state: RecordedState; stack: Stack; catalogue: Catalogue }> {
    const { recorded, delegates = [] } = this.options;
    const { state, packages, delegated: all } = recorded ? await recorded.packages() : NOTHING_RECORDED;
    const delegated = delegates.flatMap((name) => all.filter(({ delegate }) => delegate === name));
    if (!sameMembers(packages, this.#decided) || !sameMembers(delegated, this.#delegated)) {
      this.#decided = packages;
      this.#delegated = delegated;
      this.#compose();
    }
    return { state, stack: this.#stack, catalogue: this.#catalogue };
  }

  /** What is wrong, one line each with file, line, field and reason. */
  get problems(): string[] {
    const ofLog = this.#logProblem === undefined ? [] : [this.#logProblem];
    return [...ofLog, ...(this.options.brought?.problems ?? []), ...this.#folders.flatMap(({ problems }) => problems)];
  }

  /** Follows changes on disk; the returned function ends that. */
  watch(): () => void {
    const stops = this.#folders.map((folder) => folder.watch(() => void this.refresh()));
    return () => stops.forEach((stop) => stop());
  }

  /** Looks at the folders and takes what has changed. Never throws: what is wrong stands in {@link problems}. */
  refresh(): Promise<void> {
    if (this.#scan) {
      this.#again = true;
      return this.#scan;
    }
    this.#scan = this.#refresh().finally(() => (this.#scan = undefined));
    return this.#scan;
  }

  async #refresh(): Promise<void> {
    do {
      this.#again = false;
      const before = this.problems.join('\n');
      for (const folder of this.#folders) if ((await folder.look()).again) this.#again = true;
      this.#compose();
      await this.#followLog();
      const { problems } = this;
      if (problems.length > 0 && problems.join('\n') !== before) this.options.logger.warn({ problems }, 'Content was refused');
    } while (this.#again);
  }

  /** Takes what was recorded, and records what has changed here. What is away is tried again with the next look. */
  async #followLog(): Promise<void> {
    try {
      await this.current();
      await this.options.record?.record(this.#folders.flatMap((folder) => folder.inForce));
      this.#logProblem = undefined;
    } catch (error) {
      this.#logProblem = problemLine({ file: 'the log', reason: (error as Error).message });
    }
  }

  #compose(): void {
    const entries = this.#folders.map((folder) => folder.entries);
    const { stack, inForce, refusals } = compose(this.#decided, entries.flat());
    let from = 0;
    for (const [index, folder] of this.#folders.entries()) {
      const to = from + entries[index]!.length;
      folder.settle(inForce.slice(from, to), refusals.slice(from, to));
      from = to;
    }
    for (const one of this.#delegated) stack.addDelegated(one);
    const isSame =
      sameMembers(stack.packages(), this.#stack.packages()) && sameMembers(stack.delegated(), this.#stack.delegated());
    if (isSame) return;
    this.#stack = stack;
    const layers = new Map(stack.inForce().map(({ definition, package: { layer } }) => [definition, rank(layer)]));
    this.#catalogue = new Catalogue(layers.keys(), (definition) => layers.get(definition)!);
  }
}

const NOTHING_RECORDED = { state: { recorded: NOTHING, revision: -1, position: null }, packages: [], delegated: [] };

const sameMembers = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((one, index) => one === others[index]);
