import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, hashOf, type JsonObject, type ResourceRef } from '@slipway/contracts';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { DriverContext, Identity, Mark, Target } from '../driver.js';
import { Fence } from './fence.js';

/** Name of the marker in a generation's folder. */
export const MARKER = 'slipway.json';

/** What the marker says. */
export interface Marker {
  resource: ResourceRef;
  generation: number;
  epoch: number;
  definition: Target['definition'];
}

/** How what stands is changed, name by name (G7). */
export interface Exchange {
  /** What was built under `name` takes the place of what stands under that name, or another. */
  put(name: string, as?: string): Promise<void>;
  /** What stands under `name`, if anything, goes. */
  take(name: string): Promise<void>;
}

/** What stands at the place under a generation's name. */
export type Standing = 'absent' | 'partial' | 'present' | 'destroyed';

/**
 * A generation of a resource as a folder, `<root>/<environment>.<name>/g<generation>`: the place's own mutual exclusion
 * without a lock that a stopped process could hold.
 *
 * G1. It is built in a staging folder of a unique name, its marker first, and gets its name in one rename(2). So under its
 *     name it is always whole.
 * G2. A tombstone is a file of that same name. rename(2) of a folder onto a file fails with ENOTDIR, onto a folder that is
 *     not empty with ENOTEMPTY: who was stopped in the middle and wakes up late can neither resurrect nor overwrite.
 * G3. It goes by a rename to a trash name; the tombstone stands before anything of it is removed.
 * G4. Where a newer generation stands, or its tombstone, nothing older is made any more.
 * G5. What stands under the name and carries no marker of this resource is `foreign`, and is not touched.
 * G6. What somebody may still be building is renamed away before anything of it is removed: whoever builds it, an earlier
 *     epoch that is not dead yet, then has nothing left to give the name to, instead of half of it.
 * G7. What stands is changed name by name, each by renames that have a staging folder at one of their ends. That is filled before its
 *     epoch is claimed ({@link Fence}), and swept after a later one was: an older epoch that wakes up late gets no claim, or has
 *     nothing left to change it with.
 */
export class GenerationFolder {
  /** Of the resource: all its generations. */
  readonly folder: string;
  /** Of the generation, once it is made. */
  readonly path: string;
  readonly #name: string;

  constructor(
    private readonly target: Identity,
    /** Of an ensure, its signal too: what was aborted does not get its name. */
    private readonly context: Pick<DriverContext, 'filesystem' | 'root'> & Partial<Pick<DriverContext, 'signal'>>,
  ) {
    const { environment, name } = target.resource;
    this.folder = join(context.root, `${environment}.${name}`);
    this.#name = `g${target.generation}`;
    this.path = join(this.folder, this.#name);
  }

  /** What stands there now. Throws `foreign`. */
  async standing(): Promise<Standing> {
    for (;;) {
      const type = (await this.#files.stat(this.path))?.type;
      if (type === undefined) return (await this.#beside()).length ? 'partial' : 'absent';
      if (await this.#isOurs(type)) return type === 'file' ? 'destroyed' : 'present';
      // It may have gone, or been replaced by its tombstone, between the two looks.
      if ((await this.#files.stat(this.path))?.type !== type) continue;
      const { kind, name } = this.target.resource;
      throw new SlipwayError('foreign', `${this.path} carries no mark of ${kind} ${name}`, { path: this.path });
    }
  }

  /**
   * Makes the generation, unless it is there. `build` fills the staging folder (mode 0711, marker inside); nothing in it may
   * depend on the staging folder's own path. Throws `generation-old` or `foreign`, and what `build` throws.
   */
  async make(definition: Target['definition'], build: (staging: string) => Promise<void>): Promise<'made' | 'found'> {
    await this.#files.mkdir(this.folder, { mode: 0o711 });
    await this.#assertNotOld();
    if ((await this.standing()) === 'present') return 'found';
    await this.#sweepOlderEpochs();
    const { resource, generation, epoch } = this.target;
    const staging = join(this.folder, `.${this.#name}.e${epoch}.${randomBytes(6).toString('hex')}.staging`);
    try {
      await this.#files.mkdir(staging, { mode: 0o711 });
      const marker: Marker = { resource, generation, epoch, definition };
      await this.#files.writeFile(join(staging, MARKER), signed(marker as unknown as JsonObject), {
        mode: 0o644,
        exclusive: true,
      });
      await build(staging);
      this.context.signal?.throwIfAborted();
      await this.#files.rename(staging, this.path);
    } catch (error) {
      await this.#files.remove(staging);
      // Whatever went wrong: that it was given back in the meantime is the better reason.
      await this.#assertNotOld();
      const finished = ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error)) && (await this.standing()) === 'present';
      if (finished) return 'found';
      throw error;
    }
    await this.#undoIfOld();
    return 'made';
  }

  /**
   * Takes it away for good, and leaves a tombstone in its place. `release` ends what holds on to the folder: called while it
   * has its name, and again when nobody can find it any more, also after a crash in between.
   */
  async destroy(release: (path: string) => Promise<void> = async () => {}): Promise<'destroyed' | 'absent'> {
    let effect: 'destroyed' | 'absent' = 'absent';
    for (;;) {
      const standing = await this.standing();
      if (standing === 'present') {
        await release(this.path);
        await this.#toTrash();
        effect = 'destroyed';
      }
      if (standing === 'destroyed' || (await this.#bury())) break;
    }
    for (const name of await this.#beside()) {
      const path = join(this.folder, name);
      if (name.endsWith('.trash')) {
        effect = 'destroyed';
        // Once more: who found it just before may have taken hold of it while it moved.
        await release(path);
      }
      await this.#files.remove(path);
    }
    return effect;
  }

  /**
   * Begins to change what stands: no programs that do so are run for an earlier epoch from then on, those of the fence are. Throws
   * `not-found`, and `generation-old` where a later epoch is at it.
   */
  async claim(command: Command): Promise<Fence> {
    await this.assertPresent();
    const fence = new Fence(this.path, this.target.epoch, command);
    await fence.claim();
    return fence;
  }

  /**
   * Changes what stands: `build` fills a staging folder, `change` puts what is new in the place of what was there. Who is killed in
   * between leaves some of both, and it is to be called again. Throws `not-found`, `generation-old` where a later epoch is at it,
   * and what `build` and `change` throw.
   */
  async renew(
    fence: Pick<Fence, 'claim'>,
    build: (staging: string) => Promise<void>,
    change: (exchange: Exchange) => Promise<void>,
  ): Promise<void> {
    await this.assertPresent();
    const staging = join(this.folder, `.${this.#name}.e${this.target.epoch}.${randomBytes(6).toString('hex')}.staging`);
    try {
      await this.#files.mkdir(staging, { mode: 0o711 });
      await build(staging);
      this.context.signal?.throwIfAborted();
      await this.assertPresent();
      await fence.claim();
      await this.#sweepOlderEpochs();
      await change({
        put: (name, as = name) => this.#exchange(join(staging, name), join(this.path, as)),
        take: (name) => this.#aside(join(this.path, name), join(staging, name)),
      });
    } finally {
      await this.#files.remove(staging);
    }
  }

  /** G7. A folder has no room where another stands: that one goes aside first. */
  async #exchange(from: string, to: string): Promise<void> {
    if ((await this.#files.stat(from))?.type === 'directory') await this.#aside(to, from);
    await this.#files.rename(from, to);
  }

  async #aside(path: string, staged: string): Promise<void> {
    await this.#files.rename(path, `${staged}.old`).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }

  /**
   * A folder of nobody else (mode 0700) for what is only needed while the generation is looked at; to be removed by who asked
   * for it. What a crash leaves there goes with the next epoch that asks, and with the generation. Throws `not-found`.
   */
  async aside(): Promise<string> {
    for (const name of await this.#beside()) {
      const epoch = /\.e(\d+)\.\w+\.aside$/.exec(name)?.[1];
      if (epoch !== undefined && Number(epoch) < this.target.epoch) await this.#files.remove(join(this.folder, name));
    }
    const path = join(this.folder, `.${this.#name}.e${this.target.epoch}.${randomBytes(6).toString('hex')}.aside`);
    await this.assertPresent();
    await this.#files.mkdir(path, { mode: 0o700 });
    try {
      // A destroy that came in between has not seen it.
      await this.assertPresent();
    } catch (error) {
      await this.#files.remove(path);
      throw error;
    }
    return path;
  }

  /** Throws `not-found` unless the generation stands. */
  async assertPresent(): Promise<void> {
    const standing = await this.standing();
    if (standing === 'present') return;
    const { kind, name } = this.target.resource;
    throw new SlipwayError('not-found', `${this.path}: ${kind} ${name} is ${standing} there`, { path: this.path });
  }

  get #files(): Filesystem {
    return this.context.filesystem;
  }

  /** Staging and trash of this generation. */
  async #beside(): Promise<string[]> {
    return (await this.#files.list(this.folder)).filter((name) => name.startsWith(`.${this.#name}.`));
  }

  /** G4, and the tombstone of this one. */
  async #assertNotOld(): Promise<void> {
    const { generation } = this.target;
    if ((await this.standing()) === 'destroyed') {
      throw new SlipwayError('generation-old', `Generation ${generation} was given back`, { generation });
    }
    const newest = Math.max(0, ...(await this.#generations()));
    if (newest > generation) {
      throw new SlipwayError('generation-old', `Generation ${newest} stands here already`, { generation, newest });
    }
  }

  async #generations(): Promise<number[]> {
    return (await this.#files.list(this.folder)).flatMap((name) => (/^g\d+$/.test(name) ? [Number(name.slice(1))] : []));
  }

  /** A newer generation may have come while this one was made: G4 holds also then. */
  async #undoIfOld(): Promise<void> {
    try {
      await this.#assertNotOld();
    } catch (error) {
      if ((await this.standing()) === 'present') await this.#toTrash();
      for (const name of await this.#beside()) await this.#sweep(name);
      throw error;
    }
  }

  async #sweepOlderEpochs(): Promise<void> {
    for (const name of await this.#beside()) {
      const epoch = /\.e(\d+)\..*\.staging$/.exec(name)?.[1];
      if (name.endsWith('.swept') || (epoch !== undefined && Number(epoch) < this.target.epoch)) await this.#sweep(name);
    }
  }

  /** G6. */
  async #sweep(name: string): Promise<void> {
    const swept = join(this.folder, `.${this.#name}.${randomBytes(6).toString('hex')}.swept`);
    try {
      await this.#files.rename(join(this.folder, name), swept);
    } catch (error) {
      // It has got its name, or somebody else has swept it.
      if (codeOf(error) !== 'ENOENT') throw error;
      return;
    }
    await this.#files.remove(swept);
  }

  async #toTrash(): Promise<void> {
    const trash = join(this.folder, `.${this.#name}.${randomBytes(6).toString('hex')}.trash`);
    await this.#files.rename(this.path, trash).catch((error: unknown) => {
      // Somebody else was faster.
      if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error))) throw error;
    });
  }

  /** Puts the tombstone; `false` when something stands there again. */
  async #bury(): Promise<boolean> {
    const { resource, generation, epoch } = this.target;
    await this.#files.mkdir(this.folder, { mode: 0o711 });
    try {
      const tombstone = signed({ tombstone: true, resource: { ...resource }, generation, epoch });
      await this.#files.writeFile(this.path, tombstone, { mode: 0o644, exclusive: true });
      return true;
    } catch (error) {
      // EEXIST: something has come in between. ENOENT: another destroy has swept our half-written tombstone, its own stands.
      if (['EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
      throw error;
    }
  }

  async #isOurs(type: 'file' | 'directory' | 'other'): Promise<boolean> {
    if (type === 'other') return false;
    const { resource, generation } = this.target;
    const mark = await readMark(this.#files, type === 'file' ? this.path : join(this.path, MARKER));
    return mark !== null && hashOf(mark.resource) === hashOf(resource) && mark.generation === generation;
  }
}

/** All generations below a root that carry our mark and are not given back: finished, half made, or half removed. */
export async function generationMarks(context: Pick<DriverContext, 'filesystem' | 'root'>): Promise<Mark[]> {
  const { filesystem, root } = context;
  const marks: Mark[] = [];
  for (const folder of await filesystem.list(root)) {
    if ((await filesystem.stat(join(root, folder)))?.type !== 'directory') continue;
    for (const name of await filesystem.list(join(root, folder))) {
      const where = join(root, folder, name);
      const mark = await readMark(filesystem, join(where, MARKER));
      if (mark) marks.push({ resource: mark.resource, generation: mark.generation, where });
    }
  }
  return marks;
}

/** A mark is one line of JSON with its own SHA-256, so that a file that merely looks like one is none. */
const signed = (mark: JsonObject): string => `${JSON.stringify({ mark, sha256: hashOf(mark) })}\n`;

async function readMark(filesystem: Filesystem, file: string): Promise<Omit<Marker, 'definition'> | null> {
  const text = await filesystem.readFile(file, 64 * 1024).catch(() => null);
  if (!text) return null;
  try {
    const { mark, sha256 } = JSON.parse(text.toString('utf8')) as { mark: Marker; sha256: string };
    return hashOf(mark) === sha256 ? mark : null;
  } catch {
    return null;
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code);
