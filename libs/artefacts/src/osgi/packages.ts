import { attributeJson, attributesJson } from './attribute.js';
import { wrongIn, type Clause, type Placed } from './clauses.js';
import { directive, names, rangeOf, resolutionOf } from './parameters.js';
import { allOf, filterValue } from './filter-syntax.js';
import { parseOsgiVersion, rangeOperations, versionText } from './version.js';
import { NAMESPACE, type BundleCapability, type BundleRequirement } from './wiring.js';

/** A package's name as Java has it (Core 8 §1.3.2). */
const PACKAGE = /^[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u;
/** What an export may not say, since the framework does. */
const OWN = ['bundle-symbolic-name', 'bundle-version'];
/** The old name of `version`, still to be understood (Core 8 §3.6.5). */
const OLD_VERSION = 'specification-version';

function assertPackage(header: string, { text, at }: Placed): void {
  if (!PACKAGE.test(text)) throw wrongIn(header, at, `"${text}" is no name of a package`);
}

/** Under `version`, or the old name; both must say the same. */
function versionOf(header: string, { attributes }: Clause) {
  const [version, old] = [attributes.get('version'), attributes.get(OLD_VERSION)];
  if (version && old && version.text !== old.text) throw wrongIn(header, old.at, `${OLD_VERSION} must be what version is`);
  return version ?? old;
}

/** Export-Package (Core 8 §3.6.5). */
export function exportedPackages(
  header: string,
  clauses: readonly Clause[],
  bundle: { name: string; version: string },
): BundleCapability[] {
  return clauses.flatMap((clause) => {
    const own = OWN.map((name) => clause.attributes.get(name)).find((attribute) => attribute !== undefined);
    if (own) throw wrongIn(header, own.at, `an export says none of ${OWN.join(', ')}: the framework does`);
    const written = versionOf(header, clause);
    const version = parseOsgiVersion(written?.text ?? '0');
    if (!version) throw wrongIn(header, written!.at, `"${written!.text}" is no version such as "1.2.3"`);
    const attributes = attributesJson(header, clause, ['version', OLD_VERSION]);
    const [uses, mandatory] = [names(clause, 'uses'), names(clause, 'mandatory')];
    return clause.paths.map((path) => {
      assertPackage(header, path);
      if (/^java(\.|$)/.test(path.text)) throw wrongIn(header, path.at, `"${path.text}" is Java's own; no bundle exports it`);
      return {
        namespace: NAMESPACE.package,
        attributes: {
          ...attributes,
          [NAMESPACE.package]: path.text,
          version: versionText(version),
          'bundle-symbolic-name': bundle.name,
          'bundle-version:Version': bundle.version,
        },
        ...(uses && { uses }),
        ...(mandatory && { mandatory }),
      };
    });
  });
}

/** Import-Package (Core 8 §3.6.4). No package is imported twice. */
export function importedPackages(header: string, clauses: readonly Clause[]): BundleRequirement[] {
  const imported = new Set<string>();
  return clauses.flatMap((clause) => {
    const range = rangeOf(header, versionOf(header, clause));
    const bundleRange = rangeOf(header, clause.attributes.get('bundle-version'));
    const others = [...clause.attributes].filter(([name]) => !['version', OLD_VERSION, 'bundle-version'].includes(name));
    for (const [name, parameter] of others) attributeJson(header, name, parameter);
    const operations = [
      ...(range ? rangeOperations('version', range) : []),
      ...(bundleRange ? rangeOperations('bundle-version', bundleRange) : []),
      ...others.map(([name, { text }]) => `(${name}=${filterValue(text)})`),
    ];
    const resolution = resolutionOf(header, clause);
    return clause.paths.map((path) => {
      assertPackage(header, path);
      if (imported.has(path.text)) throw wrongIn(header, path.at, `"${path.text}" is imported twice`);
      imported.add(path.text);
      return {
        namespace: NAMESPACE.package,
        filter: allOf([`(${NAMESPACE.package}=${path.text})`, ...operations]),
        ...resolution,
      };
    });
  });
}

/** DynamicImport-Package (Core 8 §3.9.2): looked for when a class is, so that it takes no part in resolving. It is checked only. */
export function checkDynamicImports(header: string, clauses: readonly Clause[]): void {
  for (const clause of clauses) {
    const resolution = directive(clause, 'resolution');
    if (resolution) throw wrongIn(header, resolution.at, 'a dynamic import has no resolution');
    rangeOf(header, versionOf(header, clause));
    for (const path of clause.paths)
      if (path.text !== '*') assertPackage(header, { ...path, text: path.text.replace(/\.\*$/, '') });
  }
}
