import { SlipwayError, causeOf } from '@slipway/contracts';
import type { BlueprintConfig, MeshConfig } from '@slipway/mesh';
import { BLUEPRINTS } from '../blueprints/index.js';
import { INTERFACES } from '../interfaces/index.js';
import type { Blueprint, BlueprintSettings, InterfaceDefinition } from './blueprint.js';
import type { BlueprintMaker } from './kit/kit.js';
import { loadBlueprint, loadInterface, makeBlueprint } from './load.js';

/** How long a file may take to load, in ms. */
const LOAD_MS = 20_000;

/** What the configuration names, and why some of it is not here: one that cannot be used is told, and keeps nobody from starting. */
export interface Configured {
  /** By name, in the order of the configuration. */
  blueprints: ReadonlyMap<string, Blueprint>;
  /** Those that come with Slipway, and those that are added. */
  interfaces: ReadonlyMap<string, InterfaceDefinition<never>>;
  problems: string[];
}

/** Loads and makes them. `loadMs`: how long each file may take. */
export async function configured(
  config: Pick<MeshConfig, 'blueprints' | 'interfaces'>,
  loadMs: number = LOAD_MS,
): Promise<Configured> {
  const blueprints = new Map<string, Blueprint>();
  const interfaces = new Map(INTERFACES);
  const problems: string[] = [];
  const trying = async (what: string, make: () => Promise<void>) => {
    await make().catch((error: unknown) => problems.push(`${what} cannot be used: ${causeOf(error).message}`));
  };
  for (const [name, one] of Object.entries(config.blueprints))
    await trying(`The blueprint ${name}`, async () => {
      const maker = await inTime(Promise.resolve(makerOf(one, name)), loadMs);
      blueprints.set(name, makeBlueprint(maker, settingsOf(name, one)));
    });
  for (const [name, { file }] of Object.entries(config.interfaces))
    await trying(`The interface ${name}`, async () => {
      const definition = await inTime(loadInterface(file), loadMs);
      if (definition.name !== name) throw wrong(`its file defines ${definition.name}: let both be called the same`);
      interfaces.set(name, definition);
    });
  return { blueprints, interfaces, problems };
}

function makerOf({ file, kind }: BlueprintConfig, name: string): Promise<BlueprintMaker> | BlueprintMaker {
  if (file !== undefined) return loadBlueprint(file);
  const maker = BLUEPRINTS.get(kind ?? name);
  if (maker) return maker;
  throw wrong(`there is no blueprint ${kind ?? name}; there are ${[...BLUEPRINTS.keys()].join(', ')}; or name its file`);
}

const settingsOf = (name: string, config: BlueprintConfig): BlueprintSettings => {
  const { location, capacity, placing, limits, owner, options = {} } = config;
  return {
    ...{ name, location, options },
    ...(capacity !== undefined && { capacity }),
    ...(placing && { placing }),
    ...(limits && { limits: { ...limits } }),
    ...(owner && { owner: { id: owner.id, type: owner.type } }),
  };
};

/** One that waits for something at its top for ever keeps nobody from starting. */
async function inTime<T>(loading: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(wrong(`it has not loaded within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

const wrong = (reason: string): SlipwayError => new SlipwayError('config-invalid', reason);
