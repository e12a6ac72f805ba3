import type { Placement } from '@slipway/contracts';
import { isJavaArchive, kindInWords, type JavaArchive } from '../artefact.js';
import type { ArtefactRule } from './artefact-rule.js';

/**
 * WildFly, below its home: a shared jar is a module of its own for each version (JBoss Modules, layout `<name>/<slot>`), anything that
 * can be deployed stands where the deployment scanner of a standalone server looks, under the name of its file.
 */
export const wildfly: ArtefactRule = {
  title: 'WildFly',
  place({ artefact, shared }) {
    if (shared) {
      if (artefact.kind !== 'jar') return { rule: 'what is shared is a jar', reason: `it is ${kindInWords[artefact.kind]}` };
      return moduleOf(artefact);
    }
    if (!isJavaArchive(artefact))
      return {
        rule: 'what is not shared is a WAR, an EAR, a SAR, a RAR or a jar',
        reason: `it is ${kindInWords[artefact.kind]}`,
      };
    return { path: `standalone/deployments/${artefact.file}`, by: 'file' };
  },
};

/** Versions are slots, `main` where the jar says none. */
function moduleOf({ file, name, version = 'main' }: JavaArchive): Placement {
  const folder = `modules/${name.replaceAll('.', '/')}/${version}`;
  return {
    path: `${folder}/${file}`,
    by: 'file',
    writes: [{ path: `${folder}/module.xml`, text: moduleXml(name, version, file) }],
  };
}

/** The descriptor without which no module is found (`urn:jboss:module:1.9`). Names and versions have nothing in them that XML escapes. */
const moduleXml = (name: string, slot: string, file: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<module xmlns="urn:jboss:module:1.9" name="${slot === 'main' ? name : `${name}:${slot}`}">
  <resources>
    <resource-root path="${file}"/>
  </resources>
</module>
`;
