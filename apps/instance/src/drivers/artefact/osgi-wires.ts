import { join } from 'node:path';
import type { DriverContext } from '@slipway/provisioner';
import { readJson } from '../../furnishing/json-file.js';

/** What a bundle requires, and who has it in the plan: `name version`, `''` for the framework, `null` for who is not there yet. */
export interface Planned {
  namespace: string;
  name: string;
  from: string | null;
}

/** A wire that a framework has made; `provider` is `''` for itself. */
export interface Made {
  namespace: string;
  name: string;
  provider: string;
  version: string;
}

const PLANNED = 'planned.json';

export const savePlanned = (generation: string, wires: readonly Planned[], { filesystem }: DriverContext): Promise<void> =>
  filesystem.writeFile(join(generation, PLANNED), JSON.stringify({ wires }), { mode: 0o600 });

export const readPlanned = async (generation: string, { filesystem }: DriverContext): Promise<Planned[]> =>
  (await readJson<{ wires: Planned[] }>(filesystem, join(generation, PLANNED)))?.wires ?? [];

const inWords = (from: string): string => (from === '' ? 'the framework' : from);

/** How what a framework has wired is other than planned, each difference a sentence. Nothing is said of what was not there yet. */
export function differencesOf(planned: readonly Planned[], made: readonly Made[]): string[] {
  return planned.flatMap(({ namespace, name, from }) => {
    if (from === null) return [];
    const wires = made.filter((one) => one.namespace === namespace && one.name === name);
    const providers = wires.map(({ provider, version }) => (provider === '' ? '' : `${provider} ${version}`));
    if (providers.includes(from)) return [];
    const really = providers.length === 0 ? 'from nobody else' : `from ${providers.map(inWords).join(', ')}`;
    return [`it has ${name} ${really}, and not from ${inWords(from)}`];
  });
}
