import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { wayBelow } from '@slipway/interfaces';
import type { ProvisionersConfig } from '@slipway/mesh';

/** Where packages are installed unless it is configured: this clone, `apps/resolver/{src,dist}/repository` is four folders deep in it. */
const ROOT = resolve(import.meta.dirname, '../../../..');

/** A content package that a plugin brings: `only` is the folder of `folder` that holds it. */
export interface Brought {
  folder: string;
  only: string;
}

/**
 * The content packages that the configured provisioners' npm packages bring: `"slipway": {"content": "./content"}` in their `package.json`. One
 * that is not installed is told by who needs its drivers; what else is wrong stands in `problems`.
 */
export async function broughtContent({
  hosts,
  folder = ROOT,
}: Pick<ProvisionersConfig, 'hosts' | 'folder'>): Promise<{ packages: Brought[]; problems: string[] }> {
  const packages: Brought[] = [];
  const problems: string[] = [];
  const names = new Set(Object.values(hosts).flatMap(({ package: name }) => name ?? []));
  for (const name of names)
    try {
      const manifest = installed(name, folder);
      if (manifest === undefined) continue;
      const { slipway } = JSON.parse(await readFile(manifest, 'utf8')) as { slipway?: { content?: unknown } };
      const content = slipway?.content;
      if (content === undefined) continue;
      const path = resolve(dirname(manifest), String(content));
      if (typeof content !== 'string' || !wayBelow(dirname(manifest), path))
        throw new Error(`${String(content)} is no folder of the package`);
      packages.push({ folder: dirname(path), only: basename(path) });
    } catch (error) {
      problems.push(`The content of the package ${name} cannot be used: ${(error as Error).message}`);
    }
  return { packages, problems };
}

function installed(name: string, folder: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(join(folder, 'package.json')));
  } catch {
    return undefined;
  }
}
