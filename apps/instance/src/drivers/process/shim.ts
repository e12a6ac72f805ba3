import { readFile } from 'node:fs/promises';

const FILES = ['supervise.sh', 'processes.sh', 'on-host.sh'];

/** The shell files that keep an instance running, as they go into each instance's folder. */
export function shimFiles(): Promise<[name: string, text: string][]> {
  return Promise.all(
    FILES.map(async (name): Promise<[string, string]> => [
      name,
      await readFile(new URL(`../../../shim/${name}`, import.meta.url), 'utf8'),
    ]),
  );
}
