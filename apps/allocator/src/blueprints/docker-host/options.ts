import { SlipwayError } from '@slipway/contracts';
import type { DockerOptions } from '@slipway/interfaces';
import type { BlueprintSettings } from '../../blueprint/blueprint.js';
import { optionsOf } from '../../blueprint/kit/options.js';

/** What the configuration says of hosts that are containers. */
export interface DockerHostOptions {
  /** The first where nobody says. */
  images: string[];
  /** `unix://…` or `tcp://…`. */
  engine: string;
  certificates?: string;
  configFolder?: string;
  network?: string;
  limits: ContainerLimits;
}

/** Of all programs of a container together. */
export interface ContainerLimits {
  memoryBytes?: number;
  /** Parts of one count. */
  cpus?: number;
  processes?: number;
}

const ABSOLUTE = { type: 'string', pattern: '^/' };
const OPTIONS = {
  // No name that the client takes for an option.
  images: { type: 'array', items: { type: 'string', pattern: '^[a-z0-9][^\\s\\u0000]*$' }, minItems: 1 },
  engine: { type: 'string', pattern: '^(unix:///|tcp://)\\S+$', default: 'unix:///var/run/docker.sock' },
  certificates: ABSOLUTE,
  configFolder: ABSOLUTE,
  network: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
  limits: {
    type: 'object',
    default: {},
    additionalProperties: false,
    properties: {
      // What an engine takes at least.
      memoryBytes: { type: 'integer', minimum: 6 * 1024 ** 2 },
      cpus: { type: 'number', exclusiveMinimum: 0 },
      processes: { type: 'integer', minimum: 1 },
    },
  },
};

const LOOPBACK = /^tcp:\/\/(127(\.\d+){3}|localhost|\[::1\])(:|\/|$)/;

/** Throws `config-invalid` with the option that is wrong. */
export function dockerHostOptions(settings: BlueprintSettings): DockerHostOptions {
  const options = optionsOf<DockerHostOptions>(settings, OPTIONS, ['images']);
  const { engine, certificates } = options;
  if (!engine.startsWith('tcp://') || certificates !== undefined || LOOPBACK.test(engine)) return options;
  const field = `blueprints.${settings.name}.options.certificates`;
  const message = `${field} is missing: whoever reaches ${engine} in the clear is root there`;
  throw new SlipwayError('config-invalid', message, { field });
}

/** How the client finds the engine. */
export const clientOf = ({ engine, certificates, configFolder }: DockerHostOptions): DockerOptions => ({
  host: engine,
  ...(certificates !== undefined && { certificates }),
  ...(configFolder !== undefined && { configFolder }),
});
