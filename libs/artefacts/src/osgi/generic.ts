import { attributeJson, attributesJson } from './attribute.js';
import { wrongIn, type Clause, type Placed } from './clauses.js';
import { filterFault } from './filter-syntax.js';
import { directive, names, oneOf, resolutionOf } from './parameters.js';
import { parseOsgiVersion, versionText } from './version.js';
import { NAMESPACE, type BundleCapability, type BundleRequirement } from './wiring.js';

const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const WIRING: readonly string[] = [NAMESPACE.package, NAMESPACE.bundle, NAMESPACE.host];

function assertNamespace(header: string, { text, at }: Placed, taken: readonly string[]): void {
  if (!NAME.test(text)) throw wrongIn(header, at, `"${text}" is no namespace`);
  if (taken.includes(text)) throw wrongIn(header, at, `"${text}" has a header of its own`);
}

/** Provide-Capability (Core 8 §3.3.6). */
export const providedCapabilities = (header: string, clauses: readonly Clause[]): BundleCapability[] =>
  clauses.flatMap((clause) => {
    const attributes = attributesJson(header, clause);
    const uses = names(clause, 'uses');
    return clause.paths.map((path) => {
      assertNamespace(header, path, [...WIRING, NAMESPACE.identity]);
      return {
        namespace: path.text,
        ...(clause.attributes.size > 0 && { attributes }),
        ...(uses && { uses }),
        ...effectiveOf(clause),
      };
    });
  });

/** Require-Capability (Core 8 §3.3.7). Only its filter selects: attributes are for whoever knows the namespace, and checked only. */
export const requiredCapabilities = (header: string, clauses: readonly Clause[]): BundleRequirement[] =>
  clauses.flatMap((clause) => {
    for (const [name, parameter] of clause.attributes) attributeJson(header, name, parameter);
    const filter = directive(clause, 'filter');
    const fault = filter && filterFault(filter.text);
    if (fault) throw wrongIn(header, filter.at + fault.at - 1, `in the filter: ${fault.reason}`);
    const multiple = oneOf(header, clause, 'cardinality', ['single', 'multiple']) === 'multiple';
    const resolution = resolutionOf(header, clause);
    return clause.paths.map((path): BundleRequirement => {
      assertNamespace(header, path, WIRING);
      return {
        namespace: path.text,
        ...(filter && { filter: filter.text.trim() }),
        ...resolution,
        ...(multiple && { cardinality: 'multiple' }),
        ...effectiveOf(clause),
      };
    });
  });

function effectiveOf(clause: Clause): { effective?: string } {
  const effective = directive(clause, 'effective')?.text ?? 'resolve';
  return effective === 'resolve' ? {} : { effective };
}

/**
 * Bundle-RequiredExecutionEnvironment, which Require-Capability has replaced (Core 8 §3.4.1): one of those named will do.
 * `CDC-1.1/Foundation-1.1` is `CDC/Foundation` 1.1; J2SE and JavaSE are one name.
 */
export function requiredEnvironment(header: string, clauses: readonly Clause[]): BundleRequirement {
  const filters = clauses.map(({ paths: [path, other], attributes, directives }) => {
    const more = other ?? [...attributes.values(), ...directives.values()][0];
    if (more) throw wrongIn(header, more.at, 'an execution environment has no parameters');
    return environmentFilter(header, path!);
  });
  return { namespace: NAMESPACE.environment, filter: filters.length === 1 ? filters[0]! : `(|${filters.join('')})` };
}

const ENVIRONMENT = /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)?$/;

function environmentFilter(header: string, { text, at }: Placed): string {
  if (!ENVIRONMENT.test(text)) throw wrongIn(header, at, `"${text}" is no execution environment such as "JavaSE-17"`);
  const parts = text.split('/').map((part) => /^(.*?)-(\d[\w.]*)$/.exec(part) ?? [part, part, '']);
  const versions = [...new Set(parts.map(([, , version]) => version!).filter((version) => version !== ''))];
  const [version] = versions.map(parseOsgiVersion);
  // Two parts with two versions, or one that is none, are one name (Core 8 §3.4.1).
  if (versions.length !== 1 || !version) return `(${NAMESPACE.environment}=${text})`;
  const name = parts
    .map(([, plain]) => plain)
    .join('/')
    .replace(/^J2SE$/, 'JavaSE');
  return `(&(${NAMESPACE.environment}=${name})(version=${versionText(version)}))`;
}
