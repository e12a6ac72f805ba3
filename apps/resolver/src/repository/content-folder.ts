import { join, resolve } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import type { Clock, Layer } from '@slipway/contracts';
import type { Logger } from 'pino';
import type { Entry } from './compose.js';
import { problemLine, type Problem } from './document.js';
import { PackageRefused, findPackages, loadPackage, stampOf, type LoadedPackage, type PackageSource } from './package-source.js';
import type { LayeredPackage, Refusal } from './stack.js';
import { watchFolder } from './watch.js';

export interface ContentFolderOptions {
  layer: Layer;
  folder: string;
  /** Name of the one package in it that is meant; all when left out. */
  only?: string;
  /** Nothing is wrong with it before it has ever been there. */
  mayBeAbsent?: boolean;
  blobs: Blobs;
  clock: Clock;
  logger: Pick<Logger, 'info'>;
}

/** A package that stands in a folder, in its layer. */
export type FolderPackage = LayeredPackage & LoadedPackage;

/** What is known of one entry of a folder. */
interface Known extends Entry<FolderPackage> {
  /** Of the content that was looked at last, good or bad. */
  stamp: string;
  inForce?: FolderPackage | undefined;
  /** The last that is good in itself. */
  newest?: FolderPackage;
  /** Why what stands there now is not taken. */
  problems: Problem[];
  refusal?: Refusal | undefined;
}

/** The content packages of one folder: what is good in itself. What of them is in force, the whole stack decides. */
export class ContentFolder {
  #known = new Map<string, Known>();
  #folderProblems: Problem[] = [];
  #wasThere = false;

  constructor(private readonly options: ContentFolderOptions) {}

  /** In the order of their names. */
  get entries(): readonly Entry<FolderPackage>[] {
    return this.#inOrder().map(([, known]) => known);
  }

  /** What of it is in force. */
  get inForce(): FolderPackage[] {
    return this.#inOrder().flatMap(([, known]) => known.inForce ?? []);
  }

  /** Told for each of {@link entries} what of it is in force, and why not its newest. */
  settle(inForce: readonly (FolderPackage | undefined)[], refusals: readonly (Refusal | undefined)[]): void {
    for (const [index, [, known]] of this.#inOrder().entries()) {
      if (inForce[index] !== known.inForce) this.#tell(known.inForce, inForce[index]);
      known.inForce = inForce[index];
      known.refusal = refusals[index];
    }
  }

  /** What is wrong, one line each with file, line, field and reason. */
  get problems(): string[] {
    const all = this.#inOrder().flatMap(([entry, { problems, refusal, newest, inForce }]) => {
      const kept = inForce ? ` (${entry} stays as it was: ${inForce.name}@${inForce.version})` : '';
      const refused = refusal && newest ? [placed(newest, refusal)] : [];
      return (problems.length > 0 ? problems : refused).map((problem) => this.#line(problem) + kept);
    });
    return [...this.#folderProblems.map((problem) => this.#line(problem)), ...all];
  }

  watch(changed: () => void): () => void {
    const { folder, only = '', clock } = this.options;
    return watchFolder(join(folder, only), clock, changed);
  }

  /** Looks at the folder. Says whether it is to be looked at again, since somebody wrote meanwhile. Never throws. */
  async look(): Promise<{ again: boolean }> {
    let again = false;
    try {
      const { sources, problems } = await findPackages(this.options.folder, this.options.only);
      this.#wasThere = true;
      this.#folderProblems = problems;
      for (const [entry, { inForce }] of this.#known)
        if (!sources.some((source) => source.entry === entry)) {
          this.#known.delete(entry);
          this.#tell(inForce, undefined);
        }
      for (const source of sources) again = (await this.#take(source)) || again;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isFine = this.options.mayBeAbsent === true && !this.#wasThere && code === 'ENOENT';
      // The folder itself is away: what was good stays.
      this.#folderProblems = isFine ? [] : [{ file: this.options.folder, reason: `cannot be read: ${message}` }];
    }
    return { again };
  }

  /** Files of the shipped content by their names there, all others by their whole paths. */
  #line(problem: Problem): string {
    const { layer, folder } = this.options;
    return problemLine(layer === 'default' ? problem : { ...problem, file: resolve(folder, problem.file) });
  }

  #inOrder(): [string, Known][] {
    return [...this.#known].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #tell(before: FolderPackage | undefined, now: FolderPackage | undefined): void {
    const { layer, logger } = this.options;
    if (now) {
      const told = { layer, package: now.name, version: now.version, definitions: now.definitions.length };
      logger.info(told, 'Content package is in force');
    } else if (before) logger.info({ layer, package: before.name, version: before.version }, 'Content package is gone');
  }

  /** Loads an entry if it has changed since it was looked at; says whether somebody wrote meanwhile. */
  async #take(source: PackageSource): Promise<boolean> {
    const { folder, blobs, layer } = this.options;
    const known = this.#known.get(source.entry);
    const before = { ...(known?.newest && { newest: known.newest }), inForce: known?.inForce };
    try {
      const stamp = await stampOf(folder, source);
      if (known?.stamp === stamp) return false;
      const loaded = await loadPackage(folder, source, blobs);
      // Read while somebody wrote: the next look will see what it has become.
      if ((await stampOf(folder, source)) !== stamp) return true;
      this.#known.set(source.entry, { ...before, stamp, newest: { ...loaded, layer, source: folder }, problems: [] });
    } catch (error) {
      const refused = error instanceof PackageRefused;
      const problems = refused ? error.problems : [{ file: source.file, reason: (error as Error).message }];
      // What says nothing about the package (blobs away) is tried again with the next look.
      const stamp = refused ? await stampOf(folder, source).catch(() => '') : '';
      this.#known.set(source.entry, { ...before, stamp, problems });
    }
    return false;
  }
}

/** A refusal at the definition that it is about. */
export function placed({ file, definitions, places }: LoadedPackage, { key, reason }: Refusal): Problem {
  const index = definitions.findIndex(({ name, version }) => `${name}@${version}` === key);
  return index < 0 ? { file, reason } : { file, ...places[index]!, field: `definitions.${index}`, reason };
}
