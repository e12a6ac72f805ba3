import type { Json, JsonObject } from '@slipway/contracts';
import type {
  InstalledCapabilityView,
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
} from '@slipway/contracts/http';
import type { Matching } from '@slipway/event-store/read-models';
import { capabilityFilter } from '@slipway/solver';

/** What an environment can be asked for. */
export interface InstalledRows {
  resources: InstalledView;
  capabilities: InstalledCapabilityView;
  requirements: InstalledRequirementView;
  wires: InstalledWireView;
}
export type InstalledNoun = keyof InstalledRows;

/** What a filter sees of a row. What a capability says of itself comes before what is said of it. */
const ATTRIBUTES: { [Noun in InstalledNoun]: (row: InstalledRows[Noun]) => Record<string, Json | undefined> } = {
  resources: ({ definition, owner, offerings: _offerings, ...row }) => ({
    ...(row as Omit<InstalledView, 'definition' | 'owner' | 'offerings'>),
    ...{ definition: definition.name, version: definition.version, ownerId: owner.id },
  }),
  capabilities: ({ namespace, resource, definition, since, attributes }) => ({
    ...{ namespace, resource, definition: definition.name, since },
    ...attributes,
  }),
  requirements: ({ definition, attributes: _attributes, ...row }) => ({
    ...(row as Omit<InstalledRequirementView, 'definition' | 'attributes'>),
    ...{ definition: definition.name, resolution: row.resolution ?? 'mandatory' },
  }),
  wires: (row) => ({ ...row }),
};

/** A filter of OSGi Core 8 §3.2.7 as a test of rows. Throws `bad-input` that names the character. */
export function matching<Noun extends InstalledNoun>(noun: Noun, text: string): Matching {
  const passes = capabilityFilter(text);
  return {
    text,
    passes: (row) => {
      const seen = ATTRIBUTES[noun](JSON.parse(row) as InstalledRows[Noun]);
      return passes(Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined)) as JsonObject);
    },
  };
}
