import { CATEGORIES, NAME, OWNER_ID } from '@slipway/contracts';
import type { ReadFilter } from '@slipway/event-store';
import { badInput, type FieldError } from '@slipway/mesh';

const TYPE = /^[A-Za-z]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How many values one field of a filter may have. */
const MOST = 100;

/** What each field of an EventFilter may hold, and whether it may hold several. */
const FIELDS: Record<string, { several: boolean; fits: (value: string) => boolean; hint: string }> = {
  type: { several: true, fits: (value) => TYPE.test(value), hint: 'must be an event\'s type such as "RequestAccepted"' },
  category: {
    several: true,
    fits: (value) => CATEGORIES.includes(value as never),
    hint: `must be one of ${CATEGORIES.join(', ')}`,
  },
  environment: { several: false, fits: (value) => NAME.test(value), hint: "must be an environment's name" },
  request: { several: false, fits: (value) => UUID.test(value), hint: "must be a request's id" },
  owner: { several: false, fits: (value) => OWNER_ID.test(value), hint: "must be an owner's id" },
};
export const FILTER_FIELDS = Object.keys(FIELDS);

/** An `EventFilter` from outside (frame or query) as the log takes it. Throws `bad-input` naming every field that is wrong. */
export function readFilter(raw: unknown): ReadFilter {
  if (raw === undefined) return {};
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
    throw badInput([{ field: 'filter', reason: 'must be a JSON object' }]);
  }
  const values: Record<string, string[]> = {};
  const faults: FieldError[] = [];
  for (const [field, value] of Object.entries(raw)) {
    if (value === undefined) continue;
    const fault = faultOf(field, [value].flat());
    if (fault) faults.push({ field, reason: fault });
    else values[field] = [value].flat();
  }
  if (faults.length > 0) throw badInput(faults);
  const { type, category, environment, request, owner } = values;
  return {
    ...(type && { types: type }),
    ...(category && { categories: category }),
    ...(environment && { environment: environment[0]! }),
    ...(request && { requestId: request[0]! }),
    ...(owner && { ownerId: owner[0]! }),
  };
}

function faultOf(field: string, values: unknown[]): string | null {
  if (!Object.hasOwn(FIELDS, field)) return `is not known; there are ${FILTER_FIELDS.join(', ')}`;
  const { several, fits, hint } = FIELDS[field]!;
  if (values.length === 0 || values.length > (several ? MOST : 1)) {
    return several ? `must have 1 to ${MOST} values` : 'must have one value';
  }
  return values.every((value) => typeof value === 'string' && fits(value)) ? null : hint;
}
