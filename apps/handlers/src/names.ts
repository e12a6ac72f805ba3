import { CATEGORIES, COMPLETING, RESOURCE_KINDS } from '@slipway/contracts';
import type { ReadFilter } from '@slipway/event-store';

/** Of our own events: a handler that heard them would answer its own work for ever. */
export const OWN_CATEGORY = 'handler';
const WILD = ['*', '>'];

/** Whether a name is one that a pattern stands for: `*` for one part, `>` for one or more that follow. */
export function standsFor(pattern: string, name: string): boolean {
  const wanted = pattern.split('.');
  const parts = name.split('.');
  const open = wanted.at(-1) === '>';
  if (open ? parts.length < wanted.length : parts.length !== wanted.length) return false;
  return wanted.every((part, index) => part === '>' || part === '*' || part === parts[index]);
}

/** Which recorded events can have one of these names: what the log need not be read for is left out. */
export function filterFor(names: readonly string[]): ReadFilter {
  if (names.every((name) => name.startsWith('dfe.'))) return { types: COMPLETING };
  const categories = names.flatMap((name) => {
    const [first, category = '>'] = name.split('.');
    if (first === 'dfe') return ['request', ...RESOURCE_KINDS];
    return WILD.includes(category) ? CATEGORIES.filter((one) => one !== OWN_CATEGORY) : [category];
  });
  return { categories: [...new Set(categories)] };
}
