import type { Blobs } from '@slipway/blobs';
import type { Clock, ResourceDefinition } from '@slipway/contracts';
import { Catalogue, identityOf } from '@slipway/solver';
import type { Logger } from 'pino';
import { problemLine, type Problem } from './document.js';
import { PackageRefused, findPackages, loadPackage, stampOf, type LoadedPackage, type PackageSource } from './package-source.js';
import { watchFolder } from './watch.js';

export interface RepositoryOptions {
  /** Folder of content packages. */
  folder: string;
  blobs: Blobs;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/** What is known of one entry of the content folder. */
interface Known {
  /** Of the content that was looked at last, good or bad. */
  stamp: string;
  /** The last good one. */
  loaded?: LoadedPackage;
  /** Why what stands there now is not taken. */
  problems: Problem[];
}

/**
 * The installable definitions of a content folder.
 *
 * R1. A package is taken as a whole or not at all.
 * R2. A change that fails leaves the last good version in force, and says so in {@link Repository.problems}.
 * R3. A name and version stands once in the repository: a package that brings one that another has already is refused.
 */
export class Repository {
  #known = new Map<string, Known>();
  #folderProblems: Problem[] = [];
  #catalogue = new Catalogue([]);
  #scan: Promise<void> | undefined;
  #again = false;

  constructor(private readonly options: RepositoryOptions) {}

  /** What is in force now. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** What is wrong, one line each with file, line, field and reason. */
  get problems(): string[] {
    const all = [...this.#known].flatMap(([entry, { problems, loaded }]) => {
      const kept = loaded && problems.length > 0 ? ` (${entry} stays as it was: ${loaded.name}@${loaded.version})` : '';
      return problems.map((problem) => problemLine(problem) + kept);
    });
    return [...this.#folderProblems.map(problemLine), ...all];
  }

  /** Follows changes on disk; the returned function ends that. */
  watch(): () => void {
    return watchFolder(this.options.folder, this.options.clock, () => void this.refresh());
  }

  /** Looks at the folder and takes what has changed. Never throws: what is wrong stands in {@link problems}. */
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
      await this.#look();
    } while (this.#again);
  }

  async #look(): Promise<void> {
    const before = this.problems.join('\n');
    let changed = false;
    try {
      const { sources, problems } = await findPackages(this.options.folder);
      this.#folderProblems = problems;
      for (const entry of this.#known.keys())
        if (!sources.some((source) => source.entry === entry)) changed = this.#forget(entry) || changed;
      for (const source of sources) changed = (await this.#take(source)) || changed;
    } catch (error) {
      // The folder itself is away: what was good stays.
      this.#folderProblems = [{ file: this.options.folder, reason: `cannot be read: ${(error as Error).message}` }];
    }
    if (changed) this.#catalogue = new Catalogue([...this.#known.values()].flatMap(({ loaded }) => loaded?.definitions ?? []));
    const { problems } = this;
    if (problems.length > 0 && problems.join('\n') !== before) this.options.logger.warn({ problems }, 'Content was refused');
  }

  #forget(entry: string): boolean {
    const { loaded } = this.#known.get(entry)!;
    this.#known.delete(entry);
    if (loaded) this.options.logger.info({ package: loaded.name, version: loaded.version }, 'Content package is gone');
    return loaded !== undefined;
  }

  /** Loads an entry if it has changed since it was looked at; says whether the definitions have. */
  async #take(source: PackageSource): Promise<boolean> {
    const { folder, blobs, logger } = this.options;
    const known = this.#known.get(source.entry);
    try {
      const stamp = await stampOf(folder, source);
      if (known?.stamp === stamp) return false;
      const loaded = await loadPackage(folder, source, blobs);
      // Read while somebody wrote: the next look will see what it has become.
      if ((await stampOf(folder, source)) !== stamp) {
        this.#again = true;
        return false;
      }
      this.#refuseTwice(source, loaded);
      this.#known.set(source.entry, { stamp, loaded, problems: [] });
      logger.info(
        { package: loaded.name, version: loaded.version, definitions: loaded.definitions.length },
        'Content package is in force',
      );
      return true;
    } catch (error) {
      const refused = error instanceof PackageRefused;
      const problems = refused ? error.problems : [{ file: source.file, reason: (error as Error).message }];
      // What says nothing about the package (blobs away) is tried again with the next look.
      const stamp = refused ? await stampOf(folder, source).catch(() => '') : '';
      this.#known.set(source.entry, { stamp, ...(known?.loaded && { loaded: known.loaded }), problems });
      return false;
    }
  }

  /** R3. */
  #refuseTwice(source: PackageSource, loaded: LoadedPackage): void {
    const refuse = (reason: string): never => {
      throw new PackageRefused([{ file: source.file, reason }]);
    };
    for (const [entry, { loaded: other }] of this.#known) {
      if (!other || entry === source.entry) continue;
      if (other.name === loaded.name) refuse(`${entry} is the content package ${loaded.name} already`);
      const theirs = new Set(other.definitions.map(identityOf));
      const twice = loaded.definitions.find((definition: ResourceDefinition) => theirs.has(identityOf(definition)));
      if (twice) refuse(`${identityOf(twice)} stands in ${entry} already`);
    }
  }
}
