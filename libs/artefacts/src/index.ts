export type { Artefact, DebianPackage, JavaArchive, JavaKind, NpmPackage, PlainFile } from './artefact.js';
export type { Content } from './content.js';
export type { Bundle, BundleCapability, BundleRequirement } from './osgi/wiring.js';
export { readArtefact } from './read-artefact.js';
export { bundleErrors, withBundle } from './osgi/as-definition.js';
