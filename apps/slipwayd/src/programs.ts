import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICES } from '@slipway/contracts';
import type { DataFolder } from './data-folder.js';
import type { Program } from './supervisor/child.js';

const host = fileURLToPath(new URL('./host/main.js', import.meta.url));

/** In the order of their start: who is asked stands before who asks. */
const START_ORDER = [
  'storage',
  'database',
  'instance',
  'resolver',
  'allocator',
  'orchestrator',
  'handlers',
  'gateway',
] as const satisfies (typeof SERVICES)[number][];

/** The processes of the mesh: one for all services, or one for each. */
export function meshPrograms(data: DataFolder, env: NodeJS.ProcessEnv, processes: boolean): Program[] {
  const sets = processes ? START_ORDER.map((service) => [service]) : [[...START_ORDER]];
  return sets.map((services) => {
    const name = services.length === 1 ? services[0]! : 'mesh';
    return {
      name,
      command: [process.execPath, '--enable-source-maps', host, services.join(',')],
      env,
      logFile: join(data.logs, `${name}.log`),
      channel: true,
    };
  });
}
