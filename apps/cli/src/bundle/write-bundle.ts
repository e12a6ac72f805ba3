import { open, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { SlipwayClient } from '@slipway/client';
import { UsageError, explain } from '../exit.js';
import { archive, contents } from './archive.js';
import { collect, environment, type BundleFile, type Missing } from './collect.js';
import { cover } from './cover.js';

/** What was written where. */
export interface WrittenBundle {
  file: string;
  bytes: number;
  files: Pick<BundleFile, 'name' | 'about'>[];
  missing: Missing[];
}

export interface BundleOptions {
  /** Where to; must not be there yet. */
  file: string;
  /** Version of this program. */
  version: string;
  /** What the doctor has found. */
  findings: unknown;
  /** Secrets that this program knows, to be covered wherever they stand. */
  secrets: readonly string[];
  /** Throws when there is no mesh to ask: then the bundle holds what there is without one. */
  connect(): SlipwayClient;
}

/** Writes a support bundle: one `.tar.gz`, readable by its owner only. Throws {@link UsageError} when the file can't be new. */
export async function writeBundle({ file, version, findings, secrets, connect }: BundleOptions): Promise<WrittenBundle> {
  const path = resolve(file);
  const target = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new UsageError(`${path} is there already: name another with --bundle=<file>.`);
    if (error.code === 'ENOENT')
      throw new UsageError(`There is no folder ${dirname(path)}: name another file with --bundle=<file>.`);
    throw new UsageError(`${path} can't be written (${error.code ?? error.message}): name another file with --bundle=<file>.`);
  });
  try {
    const { files: told, missing } = await fromMesh(connect);
    const found = { name: 'findings.json', about: 'what the doctor has found', text: `${JSON.stringify(findings, null, 2)}\n` };
    const files = [environment(version), found, ...told];
    const all = [{ name: 'README.txt', text: contents(files, missing) }, ...files];
    const covered = all.map(({ name, text }) => ({ name, text: cover(text, secrets) }));
    const bytes = await archive(basename(path).replace(/\.(tar\.gz|tgz)$/, ''), covered);
    await target.writeFile(bytes);
    return { file: path, bytes: bytes.length, files: files.map(({ name, about }) => ({ name, about })), missing };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await target.close();
  }
}

async function fromMesh(connect: () => SlipwayClient): ReturnType<typeof collect> {
  try {
    return await collect(connect());
  } catch (error) {
    return { files: [], missing: [{ name: 'all that the gateway tells', reason: explain(error).text.replaceAll('\n', ' ') }] };
  }
}
