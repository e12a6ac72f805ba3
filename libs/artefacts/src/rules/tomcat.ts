import { artefactInWords, isOtherVersion, kindInWords } from '../artefact.js';
import type { ArtefactRule } from './artefact-rule.js';

/**
 * Apache Tomcat, below `CATALINA_BASE`: the class loader that all web applications share reads `lib`, and what stands in `webapps` is
 * deployed, under the name of its file (Tomcat 10.1, "Class Loader How-To" and "Context: Naming").
 */
export const tomcat: ArtefactRule = {
  title: 'Tomcat',
  place({ artefact, shared }, beside) {
    if (!shared)
      return artefact.kind === 'war'
        ? { path: `webapps/${artefact.file}`, by: 'file' }
        : { rule: 'what is not shared is a WAR', reason: `it is ${kindInWords[artefact.kind]}` };
    if (artefact.kind !== 'jar') return { rule: 'what is shared is a jar', reason: `it is ${kindInWords[artefact.kind]}` };
    const other = beside.find((one) => one.shared && isOtherVersion(one.artefact, artefact));
    // One class loader has all of them, so that a class of two versions is the one that happens to be found first.
    if (other)
      return {
        rule: 'of one symbolic name only one version is shared',
        reason: `${artefactInWords(other.artefact)} is shared already`,
      };
    return { path: `lib/${artefact.file}`, by: 'file', read: 'start' };
  },
};
