import { DEFINITION_REFERENCE, type JsonObject } from '@slipway/contracts';
import { RemoteRefused } from '../failures.js';
import { isFields, type Fields } from '../json.js';
import { intoTarget, type MadeDefinition } from '../made-package.js';
import { definitionName } from './npm-name.js';

/** A version of a package, as the manifest in its tarball says it. */
export interface NpmVersion {
  npmName: string;
  version: string;
  /** The checksum that it is installed with (W3C Subresource Integrity). */
  integrity: string;
  manifest: Fields;
}

/**
 * What can be run is an instance, which npm installs with all that it depends on; what cannot goes into a target, by itself, and requires
 * what it depends on. Both offer the capability `npm` with their real name. Throws `RemoteRefused` for what no definition can say.
 */
export function npmDefinition(one: NpmVersion, target: string, artefact: string): MadeDefinition {
  const { npmName, version, integrity, manifest } = one;
  const { description } = manifest;
  const program = programOf(npmName, manifest);
  const made =
    program === undefined
      ? { ...intoTarget(target, artefact), dependencies: dependenciesOf(npmName, manifest) }
      : { type: 'instance', spec: { npm: { package: npmName, version, integrity }, command: [program] } };
  return {
    ...{ name: definitionName(npmName), version },
    ...(typeof description === 'string' && { description: description.slice(0, 2000) }),
    capabilities: [{ namespace: 'npm', attributes: { name: npmName, version } }],
    ...(made as JsonObject),
  };
}

/** Whether it is made into something that npm installs itself. */
export const isProgram = ({ npmName, manifest }: NpmVersion): boolean => programOf(npmName, manifest) !== undefined;

/** The one that is called like the package, else the first. */
function programOf(npmName: string, { bin }: Fields): string | undefined {
  const own = npmName.slice(npmName.indexOf('/') + 1);
  if (typeof bin === 'string' && bin !== '') return own;
  const names = isFields(bin) ? Object.keys(bin).filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) : [];
  return names.includes(own) ? own : names.toSorted()[0];
}

function dependenciesOf(npmName: string, { dependencies }: Fields): string[] {
  return Object.entries(isFields(dependencies) ? dependencies : {}).map(([name, range]) => {
    const made = `${definitionName(name)}@${range === '' || range === 'latest' ? '*' : String(range)}`;
    if (DEFINITION_REFERENCE.test(made)) return made;
    throw new RemoteRefused(`${npmName} depends on ${name}@${String(range).slice(0, 100)}, which is no range of versions`);
  });
}
