import { artefactInWords, isOtherVersion, type Artefact, type DebianPackage } from '../artefact.js';
import type { ArtefactRule, Brought } from './artefact-rule.js';

/**
 * What has a file system and programs of its own: a host, a process, a container. It takes files, packages of npm and packages of
 * Debian; of the packages one version of a name, as npm's top folder and dpkg's database have it. Shared or not is a question of whose
 * target it is: the place is the same.
 */
export const system = (title: string): ArtefactRule => ({
  title,
  place({ artefact }, beside) {
    if (artefact.kind === 'npm') {
      const other = beside.find((one) => isOtherVersion(one.artefact, artefact));
      if (artefact.needs)
        return {
          rule: 'an npm package brings along what it depends on',
          reason: `${artefact.needs.join(', ')} is not among its bundleDependencies`,
        };
      return other ? taken('npm package', other) : { path: `node_modules/${artefact.name}`, by: 'npm' };
    }
    if (artefact.kind === 'deb') {
      const other = beside.find(
        (one) => isOtherVersion(one.artefact, artefact) && isOfArchitecture(one.artefact, artefact.architecture),
      );
      return other ? taken('Debian package', other) : { path: `var/cache/apt/archives/${archiveName(artefact)}`, by: 'dpkg' };
    }
    return { path: artefact.file, by: 'file' };
  },
});

const taken = (kind: string, { artefact }: Brought) => ({
  rule: `of one ${kind} only one version is there`,
  reason: `${artefactInWords(artefact)} is there already`,
});

/** Several architectures may stand side by side (Debian's multiarch). */
const isOfArchitecture = (one: Artefact, architecture: string): boolean =>
  one.kind === 'deb' && one.architecture === architecture;

/** As apt calls it in its own folder: `%3a` for the colon of an epoch. */
const archiveName = ({ name, version, architecture }: DebianPackage): string =>
  `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`;
