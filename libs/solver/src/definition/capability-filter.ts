import type { FieldError, JsonObject } from '@slipway/contracts';
import { readAttributes } from '../attribute/attributes.js';
import { parseFilter } from '../attribute/filter.js';
import { matchesFilter } from '../attribute/match.js';

/**
 * Says of a capability's attributes, as they are written, whether a filter of OSGi Core 8 §3.2.7 matches them: as it would in a
 * requirement, so that what no requirement can read matches nothing. Throws `bad-input` that names `field` and the character, at once,
 * for a filter that is none.
 */
export function capabilityFilter(text: string, field = 'filter'): (attributes: JsonObject) => boolean {
  const filter = parseFilter(text, field);
  return (attributes) => {
    const errors: FieldError[] = [];
    const read = readAttributes(attributes, 'attributes', errors);
    return matchesFilter(read, filter) && errors.length === 0;
  };
}
