export { candidatesAskedFor, type Asked } from './asked-for.js';
export { fillingErrors, offeredBy, offeredWith, offeringsNamed, valuesOf, withChoices } from './offerings.js';
export { resolve, type ResolveInput } from './resolve.js';
export { Catalogue, identityOf, type PinnedDefinition } from './catalogue.js';
export { Environment, type EnvironmentRecord, type EnvironmentView } from './environment.js';
export { identityRequirement, needsOf } from './requirement.js';
