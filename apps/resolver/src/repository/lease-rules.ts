import { SlipwayError, type FieldError, type JsonObject, type LeaseSpec, type ResourceDefinition } from '@slipway/contracts';
import { needsOf, parseFilter } from '@slipway/solver';
import { idleRules } from './target-rules.js';

/** Further fields of what is made, of a database or an instance. */
const OF_WHAT_IS_MADE = ['apt', 'artefact', 'connectionLimit', 'health', 'host', 'on', 'resourceUri', 'schema'];

/** What is wrong with a spec that says `lease`: it says nothing of how anything is made. */
export function leaseRules(spec: JsonObject): FieldError[] {
  const reason = 'is for what is made; this is leased';
  const made = OF_WHAT_IS_MADE.filter((field) => Object.hasOwn(spec, field)).map((field) => ({ field, reason }));
  const { filter } = spec['lease'] as unknown as LeaseSpec;
  return [...made, ...idleRules(spec, reason), ...(filter === undefined ? [] : filterRules(filter))];
}

function filterRules(filter: string): FieldError[] {
  try {
    parseFilter(filter);
    return [];
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return [{ field: 'lease.filter', reason: error.message }];
  }
}

/** What is made on a leased host names the requirement for it. */
export function onRules({ on }: JsonObject, definition: ResourceDefinition): FieldError[] {
  const known = needsOf(definition).map(({ name }) => name);
  if (typeof on !== 'string' || known.includes(on)) return [];
  return [{ field: 'on', reason: `names no requirement; there are ${known.join(', ') || 'none'}` }];
}
