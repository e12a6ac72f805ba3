import { readAttributes } from '../attribute/attributes.js';
import { parseFilter } from '../attribute/filter.js';
import { parseRange } from '../attribute/range.js';
import { parseVersion } from '../attribute/version.js';
import { IDENTITY } from '../requirement.js';
import { ResolutionEnvironment, type Installed } from './environment.js';
import { resolveRequirements, type Resolution, type ResolutionInput } from './resolution.js';
import { PACKAGE, type Capability, type Requirement, type Resource } from './resource.js';
import { Supply } from './supply.js';

/** The small language of the solver's tests. */

type JsonAttributes = Parameters<typeof readAttributes>[0];

const attributesOf = (json: JsonAttributes) => readAttributes(json, 'attributes', []);

export const capability = (namespace: string, json: JsonAttributes = {}, more: Partial<Capability> = {}): Capability => ({
  namespace,
  attributes: attributesOf(json),
  uses: [],
  ...more,
});

/** A requirement of that name: `b@^1.0.0` of an identity; `ns;(filter)` of anything else. */
export function requirement(text: string, more: Partial<Requirement> = {}): Requirement {
  const rest = { optional: false, multiple: false, amount: 1, ...more };
  const [namespace, filter] = text.split(';') as [string, string?];
  if (filter !== undefined)
    return { name: text, namespace, attributes: new Map(), ...(filter !== '' && { filter: parseFilter(filter) }), ...rest };
  const [name, range] = text.split('@') as [string, string?];
  const identity = { name: text, namespace: IDENTITY, attributes: attributesOf({ name }) };
  return { ...identity, ...(range !== undefined && { range: parseRange(range)! }), ...rest };
}

export type Needs = readonly (string | Requirement)[];

/** `resource('a@1.0.0', ['b@^1'])`: shared and no singleton unless it says so. */
export function resource(identity: string, needs: Needs = [], more: Partial<Resource> = {}): Resource {
  const [name, version = '1.0.0'] = identity.split('@') as [string, string?];
  const { capabilities = [], ...rest } = more;
  return {
    id: `${name}@${version}`,
    name,
    version: parseVersion(version)!,
    singleton: false,
    shared: true,
    together: false,
    layer: 0,
    requirements: needs.map((one) => (typeof one === 'string' ? requirement(one) : one)),
    capabilities: [capability(IDENTITY, { name, version }), ...capabilities],
    ...rest,
  };
}

/** A bundle: `q` or `q@1.0` for packages, `p:q,r` for a package that uses others. */
export function bundle(identity: string, imports: Needs, exports: readonly string[], more: Partial<Resource> = {}): Resource {
  const needs = imports.map((one) => (typeof one === 'string' ? importOf(one) : one));
  const capabilities = exports.map((text) => {
    const [pkg, uses] = text.split(':') as [string, string?];
    const [name, version = '0'] = pkg.split('@') as [string, string?];
    return capability(PACKAGE, { [PACKAGE]: name, version }, { uses: uses?.split(',') ?? [] });
  });
  return resource(identity, needs, { together: true, ...more, capabilities: [...capabilities, ...(more.capabilities ?? [])] });
}

/** A package of a bundle: `q`, or `q@[1,2)`. */
export function importOf(text: string, more: Partial<Requirement> = {}): Requirement {
  const [name, range] = text.split('@') as [string, string?];
  const parsed = range === undefined ? {} : { range: parseRange(range)! };
  return {
    ...requirement(`${PACKAGE};`),
    name: `import ${name}`,
    attributes: attributesOf({ [PACKAGE]: name }),
    ...parsed,
    ...more,
  };
}

export function input(needs: Needs, repository: readonly Resource[], installed: Installed = { resources: [] }): ResolutionInput {
  return {
    environment: new ResolutionEnvironment(installed),
    repository: new Supply(repository),
    requirements: needs.map((one) => (typeof one === 'string' ? requirement(one) : one)),
    now: () => 0,
  };
}

export const resolve = (needs: Needs, repository: readonly Resource[], installed?: Installed): Resolution =>
  resolveRequirements(input(needs, repository, installed));

/** What gets installed, in order; or why not. */
export function selected(resolution: Resolution): string[] | string {
  if (resolution.outcome === 'undecided') return `undecided: ${resolution.limit}`;
  if (resolution.outcome === 'unsatisfied') return resolution.explanation.text;
  return resolution.selected.map(({ key }) => key);
}

export const wiresOf = (resolution: Resolution): string[] =>
  'wires' in resolution ? resolution.wires.map(({ from, requirement: name, to }) => `${from || 'job'} -${name}-> ${to}`) : [];
