import { relative, sep } from 'node:path';

/** The way from a folder down to a path: `''` for the folder itself, `undefined` for what is not below it. Looks at no disk. */
export function wayBelow(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) ? undefined : way;
}
