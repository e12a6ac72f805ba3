import { parseVersion, type Version } from '../attribute/version.js';
import { satisfies, type Capability, type Requirement, type Resource } from './resource.js';

const NUMBERS = /\d+(?:\.\d+){0,2}/g;
const ANY = parseVersion('1.0.0')!;

/**
 * Something new that needs nothing and offers just what satisfies a requirement: of the first version that will do of those that the requirement
 * names and the next ones. Undefined where none of them does.
 */
export function exampleOf(requirement: Requirement): Resource | undefined {
  const { namespace, attributes, range, filter } = requirement;
  const named = (filter?.equalities ?? []).map(({ attribute, value }) => [attribute, value] as const);
  const offering = (version: Version): Capability => ({
    namespace,
    attributes: new Map([['version', version], ...named.filter(([name]) => name !== 'version'), ...attributes]),
    uses: [],
  });
  const capability = [...versionsNear(`${range?.text ?? ''} ${filter?.text ?? ''}`), ANY]
    .map(offering)
    .find((one) => satisfies(one, requirement));
  return capability && newWith(capability);
}

function versionsNear(text: string): Version[] {
  const written = (text.match(NUMBERS) ?? []).flatMap((one) => parseVersion(one) ?? []);
  const next = written.flatMap(({ numbers: [major, minor, micro] }) => parseVersion(`${major}.${minor}.${micro + 1}`) ?? []);
  return [...written, ...next];
}

/** No definition has its name. */
const newWith = (capability: Capability): Resource => ({
  id: '(new)',
  name: '(new)',
  version: ANY,
  singleton: false,
  shared: true,
  together: true,
  layer: 0,
  capabilities: [capability],
  requirements: [],
});
