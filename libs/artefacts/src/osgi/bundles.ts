import { attributeJson } from './attribute.js';
import { wrongIn, type Clause, type Placed } from './clauses.js';
import { allOf, filterValue } from './filter-syntax.js';
import { oneOf, rangeOf, resolutionOf } from './parameters.js';
import { rangeOperations } from './version.js';
import { NAMESPACE, type BundleRequirement } from './wiring.js';

const SYMBOLIC_NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

export function assertSymbolicName(header: string, { text, at }: Placed): void {
  if (!SYMBOLIC_NAME.test(text))
    throw wrongIn(header, at, `"${text}" is no symbolic name: letters, digits, "_", "-", apart by dots`);
}

/** The one clause with one path that Bundle-SymbolicName and Fragment-Host have. */
export function oneName(header: string, clauses: readonly Clause[]): { clause: Clause; name: string } {
  const [clause, second] = clauses;
  const [path, other] = clause!.paths;
  const more = other ?? second?.paths[0];
  if (more) throw wrongIn(header, more.at, 'only one symbolic name stands here');
  assertSymbolicName(header, path!);
  return { clause: clause!, name: path!.text };
}

/** Require-Bundle (Core 8 §3.14.1). */
export const requiredBundles = (header: string, clauses: readonly Clause[]): BundleRequirement[] =>
  clauses.flatMap((clause) => {
    oneOf(header, clause, 'visibility', ['private', 'reexport']);
    const resolution = resolutionOf(header, clause);
    return clause.paths.map((path) => {
      assertSymbolicName(header, path);
      return { namespace: NAMESPACE.bundle, filter: bundleFilter(header, clause, NAMESPACE.bundle, path.text), ...resolution };
    });
  });

/** Fragment-Host (Core 8 §3.15.1). */
export function host(header: string, clauses: readonly Clause[]): { name: string; requirement: BundleRequirement } {
  const { clause, name } = oneName(header, clauses);
  oneOf(header, clause, 'extension', ['framework', 'bootclasspath']);
  return { name, requirement: { namespace: NAMESPACE.host, filter: bundleFilter(header, clause, NAMESPACE.host, name) } };
}

function bundleFilter(header: string, clause: Clause, namespace: string, name: string): string {
  const range = rangeOf(header, clause.attributes.get('bundle-version'));
  const others = [...clause.attributes].filter(([attribute]) => attribute !== 'bundle-version');
  for (const [attribute, parameter] of others) attributeJson(header, attribute, parameter);
  return allOf([
    `(${namespace}=${name})`,
    ...(range ? rangeOperations('bundle-version', range) : []),
    ...others.map(([attribute, { text }]) => `(${attribute}=${filterValue(text)})`),
  ]);
}
