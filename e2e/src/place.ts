import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below the places of a mesh that is not the mark of something destroyed: paths of resources that exist. */
export function standing(dataFolder: string): string[] {
  const places = join(dataFolder, 'places');
  const found: string[] = [];
  for (const location of names(places)) {
    for (const kind of names(join(places, location))) {
      for (const driver of names(join(places, location, kind))) {
        const root = join(places, location, kind, driver);
        for (const resource of names(root).filter((name) => name.includes('.'))) {
          for (const entry of names(join(root, resource))) {
            const path = join(root, resource, entry);
            if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) found.push(`${kind}/${resource}/${entry}`);
          }
        }
      }
    }
  }
  return found.toSorted();
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Process ids whose arguments show that they belong to a mesh's data folder, and to the resource that is named. */
export const processesIn = (dataFolder: string, resource = ''): number[] => processesWith(join(dataFolder, 'places'), resource);

/** Process ids whose arguments name a path, and the resource. */
export const processesWith = (path: string, resource = ''): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      const command = commandOf(pid);
      return command.includes(path) && command.includes(resource);
    });

/** Empty when it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
