import { confinedFilesystem } from '@slipway/interfaces';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { announced } from '../blueprint/kit/announced.js';
import { declared } from '../blueprint/kit/declared.js';
import { hostOn } from '../blueprint/kit/host-on.js';
import { optionsOf } from '../blueprint/kit/options.js';

/** What prlimit(1) calls them. */
const LIMITS = { processes: 'nproc', memoryBytes: 'as', openFiles: 'nofile', fileBytes: 'fsize', cpuSeconds: 'cpu' } as const;

interface Options {
  limits: Partial<Record<keyof typeof LIMITS, number>>;
}
const WHOLE = { type: 'integer', minimum: 1 };
const OPTIONS = {
  limits: {
    type: 'object',
    default: {},
    additionalProperties: false,
    properties: Object.fromEntries(Object.keys(LIMITS).map((limit) => [limit, WHOLE])),
  },
};

/**
 * A host on this machine: a folder of its own, and in it one for each lease, where programs run within limits. Option `limits`: of each program,
 * as prlimit(1) has them. Programs run as the user of the allocator; files are reached in the lease's own folder only.
 */
export const localHost: BlueprintMaker = (settings) => {
  const { limits } = optionsOf<Options>(settings, OPTIONS);
  const set = Object.entries(limits).map(([limit, value]) => `--${LIMITS[limit as keyof typeof LIMITS]}=${value}`);
  return declared(
    settings,
    { type: 'host', interfaces: ['command', 'filesystem'], capacity: 4, limits: { resources: 1 } },
    hostOn(
      async (_resource, context) => {
        const { command, folder } = context;
        return announced({ command, filesystem: confinedFilesystem(folder), root: folder }, context);
      },
      {
        by: set.length === 0 ? [] : ['prlimit', ...set, '--'],
        isConfined: true,
        ways: async () => ({ host: '127.0.0.1', place: {} }),
      },
    ),
  );
};
