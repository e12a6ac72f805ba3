import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import { readJson } from '../../furnishing/json-file.js';
import type { ContainerState } from './container.js';

/** What was counted so far: an engine begins anew with each start by hand, and with each container. */
interface Counted {
  before: number;
  seen: number;
}

/** How often the engine has started it again since it was made; never goes back. */
export async function restartsOf(home: string, state: ContainerState | null, filesystem: Filesystem): Promise<number> {
  const file = join(home, 'restarts.json');
  const counted = (await readJson<{ [K in keyof Counted]: number }>(filesystem, file)) ?? { before: 0, seen: 0 };
  const seen = state?.RestartCount ?? 0;
  const next = seen < counted.seen ? { before: counted.before + counted.seen, seen } : { ...counted, seen };
  if (next.seen !== counted.seen) await filesystem.writeFile(file, JSON.stringify(next));
  return next.before + next.seen;
}
