export { factsOf, fromFacts, isBundle } from './facts.js';
export { ARTEFACT_RULES } from './rules/registry.js';
export { placeArtefact, type Placed, type Unplaced } from './place-artefact.js';
export type { ArtefactRule, Broken, Brought } from './rules/artefact-rule.js';
