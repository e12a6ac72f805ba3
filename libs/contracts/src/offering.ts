import { IsDefined, IsObject, IsString, MaxLength, MinLength } from 'class-validator';
import type { Json, JsonObject } from './json.js';
import { IsName } from './names.js';

/** Who offers: the nearer to what is asked for, the more it counts ({@link mergedOfferings}). */
export const OFFERED_BY = ['provisioner', 'guestLocation', 'definition'] as const;
export type OfferedBy = (typeof OFFERED_BY)[number];

/** A choice for the end user: a version, a size, a feature. */
export class Offering {
  /** What it is chosen by: `--offering size=64MiB`, `${offering.size}`. */
  @IsName() name: string;
  /** One line for people. */
  @IsString() @MinLength(1) @MaxLength(120) title: string;
  /** JSON Schema (draft 2020-12) of its values. */
  @IsObject() schema: JsonObject;
  /** What holds when nothing is chosen; fits the schema. */
  @IsDefined() default: Json;
}

/** An offering as it is shown: with who offers it. */
export interface Offered extends Pick<Offering, 'name' | 'title' | 'schema' | 'default'> {
  from: OfferedBy;
}

/**
 * What can be chosen, by name: of one name the definition's counts before the guest location's, and that before the
 * provisioner's, as a whole.
 */
export function mergedOfferings(by: Partial<Record<OfferedBy, readonly Offering[] | undefined>>): Offered[] {
  const merged = new Map<string, Offered>();
  for (const from of OFFERED_BY)
    for (const { name, title, schema, default: byDefault } of by[from] ?? [])
      merged.set(name, { name, title, schema, default: byDefault, from });
  return [...merged.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
