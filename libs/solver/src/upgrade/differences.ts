import { changedFields, type Change, type Former, type Json, type JsonObject, type PlanStep } from '@slipway/contracts';
import { identityOf } from '../requirement.js';

/** Longest text that is shown of a value. */
const SHOWN = 100;

/** A change, and the field of the spec that it lies in where it does: whether and how it can be made is the driver's to say. */
export type Difference = Omit<Change, 'how'> & { of?: string };

/** What is to be other than it is, field by field; nothing where it is as it is to be. */
export const differencesOf = (before: Former, after: Omit<Former, 'offerings'> & Pick<PlanStep, 'offerings'>): Difference[] => [
  ...definitionOf(before, after),
  ...changedFields(before.spec, after.spec).flatMap((field) =>
    within(`spec.${field}`, before.spec[field], after.spec[field]).map((one) => ({
      ...one,
      of: one.field.slice('spec.'.length),
    })),
  ),
  ...changedFields(before.offerings ?? {}, after.offerings ?? {}).map((name) =>
    changed(`offering.${name}`, before.offerings?.[name], after.offerings?.[name]),
  ),
  ...changedFields(wiresOf(before), wiresOf(after)).map((name) =>
    changed(`requirements.${name}`, wiresOf(before)[name], wiresOf(after)[name]),
  ),
];

function definitionOf(
  { definition: was }: Pick<Former, 'definition'>,
  { definition: is }: Pick<Former, 'definition'>,
): Difference[] {
  const [from, to] = [identityOf(was), identityOf(is)];
  if (from !== to) return [{ field: 'definition', from, to }];
  // The same version with another content: its package was written anew.
  return was.hash === is.hash ? [] : [{ field: 'definition', from: `${from} ${was.hash}`, to: `${to} ${is.hash}` }];
}

/** Where there is an object, or nothing, what differs within. */
function within(field: string, before: Json | undefined, after: Json | undefined): Difference[] {
  const [was, is] = [before ?? {}, after ?? {}];
  if (!isObject(was) || !isObject(is)) return [changed(field, before, after)];
  const inside = changedFields(was, is).flatMap((name) => within(`${field}.${name}`, was[name], is[name]));
  return inside.length > 0 ? inside : [changed(field, before, after)];
}

function changed(field: string, before: Json | undefined, after: Json | undefined): Difference {
  const [from, to] = [shown(before), shown(after)];
  return { field, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function shown(value: Json | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value === undefined ? undefined : JSON.stringify(value);
  return text !== undefined && text.length <= SHOWN ? text : undefined;
}

const wiresOf = ({ wires }: Pick<Former, 'wires'>): JsonObject =>
  Object.fromEntries(wires.map(({ requirement, to }) => [requirement, to]));

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
