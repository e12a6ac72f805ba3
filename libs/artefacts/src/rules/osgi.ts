import { isJavaArchive, kindInWords } from '../artefact.js';
import type { ArtefactRule } from './artefact-rule.js';

const RULE = 'every artefact is a bundle with valid OSGi metadata';

/**
 * An OSGi framework: bundles, in a folder that its launcher installs from (Apache Felix: `felix.auto.deploy.dir`, `bundle` when left
 * out). Whether one is shared makes no difference, as every bundle has its own class space; several versions stand side by side.
 */
export const osgi: ArtefactRule = {
  title: 'OSGi',
  place({ artefact }) {
    if (!isJavaArchive(artefact)) return { rule: RULE, reason: `it is ${kindInWords[artefact.kind]}` };
    const { osgi: metadata } = artefact;
    if (!metadata) return { rule: RULE, reason: 'its manifest has no Bundle-SymbolicName' };
    if ('faults' in metadata)
      return { rule: RULE, reason: metadata.faults.map(({ where, reason }) => `${where}: ${reason}`).join('; ') };
    const { symbolicName, version } = metadata.bundle;
    return { path: `bundle/${symbolicName}-${version}.jar`, by: 'file' };
  },
};
