import {
  beforeLastBrace,
  mergedOfferings,
  type FieldError,
  type Json,
  type JsonObject,
  type Offered,
  type Place,
  type ResourceDefinition,
} from '@slipway/contracts';

/** What a definition offers by itself. */
export const offeredBy = ({ offerings }: ResourceDefinition): Offered[] => mergedOfferings({ definition: offerings });

/** All that can be chosen where a definition is asked for at a place. */
export const offeredWith = ({ offered = [] }: Place, definition: ResourceDefinition | undefined): Offered[] => {
  const of = (from: Offered['from']) => offered.filter((one) => one.from === from);
  return mergedOfferings({
    provisioner: of('provisioner'),
    guestLocation: of('guestLocation'),
    definition: definition?.offerings,
  });
};

/** What holds of each offering: what was chosen, else its default. */
export const valuesOf = (offered: readonly Offered[], chosen: JsonObject = {}): JsonObject =>
  Object.fromEntries(
    offered.map(({ name, default: byDefault }) => [name, Object.hasOwn(chosen, name) ? chosen[name]! : byDefault]),
  );

/**
 * What holds for what a definition brings in: its own offerings by their defaults, those of the place as they hold for the
 * definition that was asked for (`root`). A definition's choices are its own: what it brings in is told by a requirement's spec.
 */
export function valuesWithin(
  place: Place,
  definition: ResourceDefinition,
  root: readonly Offered[],
  chosen: JsonObject = {},
): JsonObject {
  const offered = offeredWith(place, definition);
  const inherits = ({ name, from }: Offered) =>
    from !== 'definition' && root.some((one) => one.name === name && one.from !== 'definition');
  const names = offered.filter((one) => inherits(one) && Object.hasOwn(chosen, one.name)).map(({ name }) => name);
  return valuesOf(offered, Object.fromEntries(names.map((name) => [name, chosen[name]!])));
}

/** `${offering.size}` */
const PLACEHOLDER = /\$\{offering\.([^}]*)\}/g;

/** Names of the offerings that a value speaks of, at whatever depth. */
export function offeringsNamed(value: Json | undefined): string[] {
  if (typeof value === 'string') return [...beforeLastBrace(value).matchAll(PLACEHOLDER)].map(([, name]) => name!);
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap((part) => offeringsNamed(part as Json));
}

/** Fields of an instance's spec that are texts whatever is filled in. */
const TEXTS = ['environment', 'command', 'files'];

/** A definition with its choices made: in its spec, and in what its requirements ask for. */
export function withChoices(definition: ResourceDefinition, values: JsonObject): ResourceDefinition {
  if (Object.keys(values).length === 0) return definition;
  const { spec, requirements } = definition;
  return {
    ...definition,
    ...(spec && { spec: filledSpec(spec, values) }),
    ...(requirements && {
      requirements: requirements.map((requirement) => {
        const { attributes, range, spec: over } = requirement;
        return {
          ...requirement,
          ...(attributes && { attributes: filled(attributes, values) as JsonObject }),
          ...(range !== undefined && { range: asText(range, values) }),
          ...(over && { spec: filledSpec(over, values) }),
        };
      }),
    }),
  };
}

const filledSpec = (spec: JsonObject, values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(spec).map(([field, value]) => [field, filled(value, values, TEXTS.includes(field))]));

/** A placeholder alone becomes the value as it is; within a text, or where there must be one, its text. */
function filled(value: Json, values: JsonObject, text = false): Json {
  if (typeof value === 'string') {
    const [whole, name] = /^\$\{offering\.([^}]*)\}$/.exec(value) ?? [];
    return whole !== undefined && !text && Object.hasOwn(values, name!) ? values[name!]! : asText(value, values);
  }
  if (Array.isArray(value)) return value.map((one) => filled(one, values, text));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, filled(one, values, text)]));
}

function asText(text: string, values: JsonObject): string {
  const within = beforeLastBrace(text);
  const replaced = within.replaceAll(PLACEHOLDER, (whole, name: string) => {
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name]!;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  return replaced + text.slice(within.length);
}

/** Whatever a driver would fill in. */
const placeholdersIn = (text: string): string[] => beforeLastBrace(text).match(/\$\{[^}]*\}/g) ?? [];

/**
 * What is wrong with values where they are filled in, as fields below `offerings`: a text may hold no other placeholders then than
 * those that its definition's author wrote. `${offering.a}${offering.b}` with `$` and `{database.password}` would.
 */
export function fillingErrors({ spec, requirements }: ResourceDefinition, values: JsonObject): FieldError[] {
  return textsIn([spec, requirements] as Json).flatMap((text): FieldError[] => {
    const names = offeringsNamed(text).filter((name) => Object.hasOwn(values, name));
    if (names.length === 0) return [];
    const filledIn = ([whole, name]: RegExpMatchArray) => (Object.hasOwn(values, name!) ? [] : [whole]);
    // With its offerings cut out, so that what stands on both sides of one is no placeholder.
    const between = beforeLastBrace(text)
      .split(PLACEHOLDER)
      .filter((_piece, index) => index % 2 === 0);
    const written = new Set([
      ...between.flatMap(placeholdersIn),
      ...[...beforeLastBrace(text).matchAll(PLACEHOLDER)].flatMap(filledIn),
    ]);
    const made = placeholdersIn(asText(text, values)).find((one) => !written.has(one));
    if (made === undefined) return [];
    return [{ field: `offerings.${names[0]}`, reason: `makes ${JSON.stringify(made)}, a placeholder that nobody has written` }];
  });
}

function textsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap((part) => textsIn(part as Json));
}
