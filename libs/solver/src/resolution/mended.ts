import { parseVersion } from '../attribute/version.js';
import { isSatisfiedBy } from './by-the-book.js';
import type { Fix } from './fix.js';
import type { Model } from './oracle.js';
import type { Capability, Requirement, Resource } from './resource.js';
import { resource } from './testing.js';
import { requirementInWords } from './words.js';

/** The ways in which the change that an explanation names can be made in a model, as its sentence says it. For tests. */
export function mended(model: Model, { kind, message }: Fix): Model[] {
  const { repository, installed } = model;
  const everywhere = (change: (one: Resource) => Resource): Model[] => [
    { ...model, repository: repository.map(change), installed: { ...installed, resources: installed.resources.map(change) } },
  ];
  const said = (pattern: RegExp) => {
    const found = pattern.exec(message);
    if (!found) throw new Error(`A fix of kind ${kind} says: ${message}`);
    return found.slice(1) as [string, string];
  };
  if (kind === 'provide') {
    const [words] = said(/^It would do if there were something (?:other than .+ )?that provides (.+)\.$/);
    const all = [model.asked, ...[...repository, ...installed.resources].map(({ requirements }) => requirements)].flat();
    const providers = providersOf(all.find((one) => requirementInWords(one) === words)!);
    return providers.map((one) => ({ ...model, repository: [...repository, one] }));
  }
  if (kind === 'side-by-side') {
    const [name] = said(/^It would do if several versions of (\S+) could be there side by side\.$/);
    return everywhere((one) => (one.name === name ? { ...one, singleton: false } : one));
  }
  if (kind === 'include') {
    const [id] = said(/^It would do if (\S+) could be made here\.$/);
    return everywhere(({ excluded, ...one }) => (one.id === id || excluded === undefined ? one : { ...one, excluded }));
  }
  if (kind === 'upgrade') {
    const [id] = said(/^It would do if (\S+) could be upgraded\.$/);
    return [{ ...model, installed: { ...installed, upgradable: [...installed.upgradable, id] } }];
  }
  const [id, namespace] = said(/^It would do if (\S+) had more of (\S+)\.$/);
  const endless = ({ capacity, ...rest }: Capability): Capability =>
    rest.namespace === namespace || capacity === undefined ? rest : { ...rest, capacity };
  return everywhere((one) => (one.id === id ? { ...one, capabilities: one.capabilities.map(endless) } : one));
}

/** Something new that needs nothing and offers just that, in a version of each kind that models tell apart. */
function providersOf(requirement: Requirement): Resource[] {
  const { namespace, attributes } = requirement;
  const capabilities = ['0.1.0', '1.5.0', '2.5.0', '9.0.0'].map((version): Capability => ({
    namespace,
    attributes: new Map([['version', parseVersion(version)!], ...attributes]),
    uses: [],
  }));
  const able = capabilities.filter((one) => isSatisfiedBy(requirement, one));
  return able.map((one) => resource('provider', [], { together: true, capabilities: [one] }));
}
