export { resolve, type ResolveInput } from './resolve.js';
export { Catalogue, identityOf, type PinnedDefinition } from './catalogue.js';
export type { EnvironmentState } from './environment.js';
export { needsOf } from './requirement.js';
