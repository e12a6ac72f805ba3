export { resolve, type ResolveInput } from './resolve.js';
export { Catalogue, identityOf, type PinnedDefinition } from './catalogue.js';
export { Environment, type EnvironmentRecord, type EnvironmentView } from './environment.js';
export { needsOf } from './requirement.js';
