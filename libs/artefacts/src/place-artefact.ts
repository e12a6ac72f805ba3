import type { Placement } from '@slipway/contracts';
import { artefactInWords } from './artefact.js';
import type { Brought } from './rules/artefact-rule.js';
import { ARTEFACT_RULES } from './rules/registry.js';

/** An artefact that its container does not take: a requirement that nothing satisfies, with what people are to read. */
export interface Unplaced {
  container: string;
  /** The artefact's file. */
  artefact: string;
  rule: string;
  /** All of it in one sentence. */
  message: string;
}

/** Where it goes, or why nowhere. */
export type Placed = { placement: Placement } | { unplaced: Unplaced };

/**
 * Where a definition's artefact goes in a target of that type, with what is there `beside` it: by the rule that is registered for the
 * type, and never where another artefact stands already. Pure.
 */
export function placeArtefact(target: string, brought: Brought, beside: readonly Brought[] = []): Placed {
  const rule = Object.hasOwn(ARTEFACT_RULES, target) ? ARTEFACT_RULES[target] : undefined;
  if (!rule) return unplaced(target, target, brought, NO_RULE, `rules exist for ${Object.keys(ARTEFACT_RULES).join(', ')}`);
  const placed = rule.place(brought, beside);
  if ('rule' in placed) return unplaced(target, rule.title, brought, placed.rule, placed.reason);
  // A program that packages are handed to knows what to do with one that is there.
  const other =
    placed.by === 'file' &&
    beside.find((one) => {
      const its = rule.place(one, []);
      return 'path' in its && its.path === placed.path;
    });
  if (other)
    return unplaced(target, rule.title, brought, ONE_PLACE, `${artefactInWords(other.artefact)} stands at ${placed.path}`);
  return { placement: placed };
}

const NO_RULE = 'a container takes what it has a rule for';
const ONE_PLACE = 'no two artefacts stand at one place';

function unplaced(container: string, title: string, { artefact, shared }: Brought, rule: string, reason: string): Placed {
  const message = `${title} does not take ${artefactInWords(artefact)}${shared ? ' as shared' : ''}: ${rule}; ${reason}`;
  return { unplaced: { container, artefact: artefact.file, rule, message } };
}
