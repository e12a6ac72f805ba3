import { refused } from '../refusal.js';
import { valueOf, type Section } from '../jar/manifest.js';
import { attributesJson } from './attribute.js';
import { host, oneName, requiredBundles } from './bundles.js';
import { parseClauses, wrongIn, type Clause } from './clauses.js';
import { providedCapabilities, requiredCapabilities, requiredEnvironment } from './generic.js';
import { checkDynamicImports, exportedPackages, importedPackages } from './packages.js';
import { oneOf } from './parameters.js';
import { parseOsgiVersion, versionText } from './version.js';
import { NAMESPACE, type Bundle, type BundleCapability } from './wiring.js';

/** Whether a manifest wants to be that of a bundle: anything else has none of these headers. */
export const isBundle = (main: Section): boolean => main.has('bundle-symbolicname') || main.has('bundle-manifestversion');

/**
 * Reads and checks a bundle's headers (OSGi Core 8 §3.2.1): what it provides and requires, as a resource definition writes it. What
 * the headers say to the framework alone (activator, class path, native code) is the framework's. Throws `bad-input` that names the
 * header, the column and the reason.
 */
export function readBundle(main: Section): Bundle {
  const manifestVersion = valueOf(main, 'Bundle-ManifestVersion');
  if (manifestVersion?.trim() !== '2')
    throw refused(
      'Bundle-ManifestVersion',
      `must be 2, which says that it is a bundle of OSGi R4 or later; it is ${manifestVersion ?? 'not there'}`,
    );
  const naming = clausesOf(main, 'Bundle-SymbolicName');
  if (!naming) throw refused('Bundle-SymbolicName', 'is not there: every bundle has one');
  const { clause, name } = oneName('Bundle-SymbolicName', naming);
  const version = versionOf(main);
  const hosted = ifThere(main, 'Fragment-Host', host);
  ifThere(main, 'DynamicImport-Package', checkDynamicImports);
  return {
    symbolicName: name,
    version,
    singleton: oneOf('Bundle-SymbolicName', clause, 'singleton', ['false', 'true']) === 'true',
    ...(hosted && { fragmentOf: hosted.name }),
    capabilities: [
      identity(name, version, hosted !== undefined),
      ...(hosted ? [] : itself(name, version, clause)),
      ...(ifThere(main, 'Export-Package', (header, clauses) => exportedPackages(header, clauses, { name, version })) ?? []),
      ...(ifThere(main, 'Provide-Capability', providedCapabilities) ?? []),
    ],
    requirements: [
      ...(hosted ? [hosted.requirement] : []),
      ...(ifThere(main, 'Import-Package', importedPackages) ?? []),
      ...(ifThere(main, 'Require-Bundle', requiredBundles) ?? []),
      ...(ifThere(main, 'Require-Capability', requiredCapabilities) ?? []),
      ...[ifThere(main, 'Bundle-RequiredExecutionEnvironment', requiredEnvironment)].filter((one) => one !== undefined),
    ],
  };
}

function clausesOf(main: Section, header: string): Clause[] | undefined {
  const text = valueOf(main, header);
  return text === undefined ? undefined : parseClauses(header, text);
}

function ifThere<T>(main: Section, header: string, read: (header: string, clauses: readonly Clause[]) => T): T | undefined {
  const clauses = clausesOf(main, header);
  return clauses && read(header, clauses);
}

function versionOf(main: Section): string {
  const written = valueOf(main, 'Bundle-Version') ?? '0.0.0';
  const version = parseOsgiVersion(written);
  if (!version) throw wrongIn('Bundle-Version', 1, `"${written}" is no version such as "1.2.3" or "1.2.3.v2024"`);
  return versionText(version);
}

/** Core 8 §10.2: what it is, for whoever asks for it by its name. */
const identity = (name: string, version: string, isFragment: boolean): BundleCapability => ({
  namespace: NAMESPACE.identity,
  attributes: { [NAMESPACE.identity]: name, type: isFragment ? 'osgi.fragment' : 'osgi.bundle', version },
});

/**
 * A bundle can be required, and be host of fragments unless it says that it cannot (Core 8 §3.15.2): by its name, its version, and
 * whatever else stands with its name (§3.14.3).
 */
function itself(name: string, version: string, naming: Clause): BundleCapability[] {
  const attachment = oneOf('Bundle-SymbolicName', naming, 'fragment-attachment', ['always', 'resolve-time', 'never']);
  const more = attributesJson('Bundle-SymbolicName', naming, ['bundle-version']);
  const capability = (namespace: string): BundleCapability => ({
    namespace,
    attributes: { ...more, [namespace]: name, 'bundle-version:Version': version },
  });
  return [capability(NAMESPACE.bundle), ...(attachment === 'never' ? [] : [capability(NAMESPACE.host)])];
}
