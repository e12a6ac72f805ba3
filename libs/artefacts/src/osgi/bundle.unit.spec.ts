import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseManifest } from '../jar/manifest.js';
import { bundleHeaders, manifestBytes } from '../testing/jar.js';
import { check, refusalOf, SEED } from '../testing/seed.js';
import { isBundle, readBundle } from './bundle.js';

const section = (headers: Record<string, string>) => parseManifest(manifestBytes(Object.entries(headers))).main;
const read = (over: Record<string, string> = {}) => readBundle(section(bundleHeaders(over)));
const refusal = (over: Record<string, string>) => refusalOf(() => read(over));
/** What a bundle has besides what every bundle has. */
const capabilities = (over: Record<string, string>) => read(over).capabilities.slice(3);

describe('a bundle', () => {
  test('has an identity, and can be required and be host of fragments', () => {
    expect(read()).toEqual({
      symbolicName: 'org.example.shop',
      version: '1.2.3',
      singleton: false,
      capabilities: [
        {
          namespace: 'osgi.identity',
          attributes: { 'osgi.identity': 'org.example.shop', type: 'osgi.bundle', version: '1.2.3' },
        },
        {
          namespace: 'osgi.wiring.bundle',
          attributes: { 'osgi.wiring.bundle': 'org.example.shop', 'bundle-version:Version': '1.2.3' },
        },
        {
          namespace: 'osgi.wiring.host',
          attributes: { 'osgi.wiring.host': 'org.example.shop', 'bundle-version:Version': '1.2.3' },
        },
      ],
      requirements: [],
    });
  });

  test('may be a singleton, take no fragments, and have no version', () => {
    const headers: Record<string, string> = bundleHeaders({
      'Bundle-SymbolicName': 'a;singleton:=true;fragment-attachment:=never',
    });
    delete headers['Bundle-Version'];
    const bundle = readBundle(section(headers));
    expect(bundle).toMatchObject({ version: '0.0.0', singleton: true });
    expect(bundle.capabilities.map(({ namespace }) => namespace)).toEqual(['osgi.identity', 'osgi.wiring.bundle']);
  });

  test('is found by what stands with its name, too', () => {
    const [, bundle, host] = read({ 'Bundle-SymbolicName': 'a;vendor=x;level:Long=2' }).capabilities;
    const attributes = { vendor: 'x', 'level:Long': 2, 'bundle-version:Version': '1.2.3' };
    expect(bundle).toEqual({ namespace: 'osgi.wiring.bundle', attributes: { 'osgi.wiring.bundle': 'a', ...attributes } });
    expect(host).toEqual({ namespace: 'osgi.wiring.host', attributes: { 'osgi.wiring.host': 'a', ...attributes } });
  });

  test('exports packages, each with its version, its bundle, what it uses and what is mandatory', () => {
    const exported =
      'a.b;c.d;version="1.1";vendor=x;size:Long=5;uses:="e,f";mandatory:="vendor";x-internal:=true,g;specification-version=2';
    const bundle = { 'bundle-symbolic-name': 'org.example.shop', 'bundle-version:Version': '1.2.3' };
    const both = { version: '1.1.0', vendor: 'x', 'size:Long': 5, ...bundle };
    expect(capabilities({ 'Export-Package': exported })).toEqual([
      {
        namespace: 'osgi.wiring.package',
        attributes: { 'osgi.wiring.package': 'a.b', ...both },
        uses: ['e', 'f'],
        mandatory: ['vendor'],
      },
      {
        namespace: 'osgi.wiring.package',
        attributes: { 'osgi.wiring.package': 'c.d', ...both },
        uses: ['e', 'f'],
        mandatory: ['vendor'],
      },
      { namespace: 'osgi.wiring.package', attributes: { 'osgi.wiring.package': 'g', version: '2.0.0', ...bundle } },
    ]);
  });

  test('imports packages in a range, of a bundle, with attributes, maybe optionally; dynamic imports take no part', () => {
    const imported =
      'a;b;version="[1,2)";resolution:=optional,c;bundle-symbolic-name=x;bundle-version="(1,2]";vendor="a*(b)",java.util';
    expect(read({ 'Import-Package': imported, 'DynamicImport-Package': '*,a.*;version=1' }).requirements).toEqual([
      {
        namespace: 'osgi.wiring.package',
        filter: '(&(osgi.wiring.package=a)(version>=1.0.0)(!(version>=2.0.0)))',
        resolution: 'optional',
      },
      {
        namespace: 'osgi.wiring.package',
        filter: '(&(osgi.wiring.package=b)(version>=1.0.0)(!(version>=2.0.0)))',
        resolution: 'optional',
      },
      {
        namespace: 'osgi.wiring.package',
        filter: String.raw`(&(osgi.wiring.package=c)(!(bundle-version<=1.0.0))(bundle-version<=2.0.0)(bundle-symbolic-name=x)(vendor=a\*\(b\)))`,
      },
      { namespace: 'osgi.wiring.package', filter: '(osgi.wiring.package=java.util)' },
    ]);
  });

  test('requires bundles and capabilities, and says when', () => {
    const required =
      'osgi.ee;filter:="(&(osgi.ee=JavaSE)(version>=17))",x.y;filter:="(a=b)";resolution:=optional;cardinality:=multiple;effective:=active;n=1';
    expect(
      read({
        'Require-Bundle': 'a;bundle-version="[1,2)";visibility:=reexport,b;resolution:=optional',
        'Require-Capability': required,
      }).requirements,
    ).toEqual([
      { namespace: 'osgi.wiring.bundle', filter: '(&(osgi.wiring.bundle=a)(bundle-version>=1.0.0)(!(bundle-version>=2.0.0)))' },
      { namespace: 'osgi.wiring.bundle', filter: '(osgi.wiring.bundle=b)', resolution: 'optional' },
      { namespace: 'osgi.ee', filter: '(&(osgi.ee=JavaSE)(version>=17))' },
      { namespace: 'x.y', filter: '(a=b)', resolution: 'optional', cardinality: 'multiple', effective: 'active' },
    ]);
  });

  test('provides capabilities with typed attributes', () => {
    const provided = String.raw`x.y;a=b;v:Version=1;version:Version=2;l:List<Version>="1,2";s:List="a\,b,c";d:Double=1.5;n:Long=9007199254740993;uses:="p";effective:=active,z`;
    expect(capabilities({ 'Provide-Capability': provided })).toEqual([
      {
        namespace: 'x.y',
        attributes: {
          a: 'b',
          'v:Version': '1.0.0',
          version: '2.0.0',
          'l:List<Version>': ['1.0.0', '2.0.0'],
          's:List<String>': ['a,b', 'c'],
          'd:Double': 1.5,
          'n:Long': '9007199254740993',
        },
        uses: ['p'],
        effective: 'active',
      },
      { namespace: 'z' },
    ]);
  });

  test.each([
    ['a,b', ['a', 'b']],
    [',a', ['', 'a']],
    ['a,', ['a', '']],
    [String.raw`a\\,b\\\\,c`, ['a,b\\', 'c']],
  ])('a list %j has the elements %j', (text, elements) => {
    expect(capabilities({ 'Provide-Capability': `n;l:List="${text}"` })).toEqual([
      { namespace: 'n', attributes: { 'l:List<String>': elements } },
    ]);
  });

  test('that is a fragment requires its host, and can be neither required nor be one', () => {
    const bundle = read({ 'Fragment-Host': 'org.example.host;bundle-version="[2,3)"' });
    expect(bundle.fragmentOf).toBe('org.example.host');
    expect(bundle.capabilities.map(({ namespace, attributes }) => [namespace, attributes!['type']])).toEqual([
      ['osgi.identity', 'osgi.fragment'],
    ]);
    expect(bundle.requirements).toEqual([
      {
        namespace: 'osgi.wiring.host',
        filter: '(&(osgi.wiring.host=org.example.host)(bundle-version>=2.0.0)(!(bundle-version>=3.0.0)))',
      },
    ]);
  });

  test.each([
    ['JavaSE-17', '(&(osgi.ee=JavaSE)(version=17.0.0))'],
    ['J2SE-1.4', '(&(osgi.ee=JavaSE)(version=1.4.0))'],
    ['OSGi/Minimum-1.2', '(&(osgi.ee=OSGi/Minimum)(version=1.2.0))'],
    ['CDC-1.1/Foundation-1.1', '(&(osgi.ee=CDC/Foundation)(version=1.1.0))'],
    ['CDC-1.0/Foundation-1.1', '(osgi.ee=CDC-1.0/Foundation-1.1)'],
    ['JavaSE-1.8,J2SE-1.5', '(|(&(osgi.ee=JavaSE)(version=1.8.0))(&(osgi.ee=JavaSE)(version=1.5.0)))'],
  ])('that requires the execution environment %s, as it was said formerly, requires %s', (text, filter) => {
    expect(read({ 'Bundle-RequiredExecutionEnvironment': text }).requirements).toEqual([{ namespace: 'osgi.ee', filter }]);
  });

  test('an archive without any header of a bundle does not want to be one', () => {
    expect(isBundle(section({ 'Manifest-Version': '1.0', 'Import-Package': 'a' }))).toBe(false);
    expect(isBundle(section({ 'Bundle-SymbolicName': 'a' }))).toBe(true);
  });

  test.each<[headers: Record<string, string>, reason: RegExp]>([
    [{ 'Bundle-ManifestVersion': '1' }, /^Bundle-ManifestVersion: must be 2, .* it is 1$/],
    [{ 'Bundle-SymbolicName': '' }, /^Bundle-SymbolicName: character 1: something is missing here/],
    [{ 'Import-Package': '' }, /^Import-Package: character 1: something is missing here/],
    [{ 'Bundle-SymbolicName': 'a b' }, /^Bundle-SymbolicName: character 1: "a b" is no symbolic name/],
    [{ 'Bundle-SymbolicName': 'a,b' }, /^Bundle-SymbolicName: character 3: only one symbolic name/],
    [
      { 'Bundle-SymbolicName': 'a;singleton:=maybe' },
      /^Bundle-SymbolicName: character 14: singleton is one of false, true, not "maybe"/,
    ],
    [
      { 'Bundle-SymbolicName': 'a;fragment-attachment:=x' },
      /character 24: fragment-attachment is one of always, resolve-time, never/,
    ],
    [{ 'Bundle-Version': '1.0-SNAPSHOT' }, /^Bundle-Version: character 1: "1.0-SNAPSHOT" is no version/],
    [{ 'Export-Package': 'a;version="[1,2)"' }, /^Export-Package: character 12: "\[1,2\)" is no version/],
    [{ 'Export-Package': 'a,java.lang' }, /^Export-Package: character 3: "java.lang" is Java's own/],
    [{ 'Export-Package': 'a.1b' }, /^Export-Package: character 1: "a.1b" is no name of a package/],
    [
      { 'Export-Package': 'a;bundle-version=1' },
      /^Export-Package: character 18: an export says none of bundle-symbolic-name, bundle-version/,
    ],
    [{ 'Export-Package': 'a;version=1;specification-version=2' }, /character 35: specification-version must be what version is/],
    [
      { 'Export-Package': 'a;n:Integer=1' },
      /^Export-Package: character 13: "Integer" is no type of an attribute: String, Version, Long, Double/,
    ],
    [{ 'Provide-Capability': 'a;n:constructor=1' }, /"constructor" is no type of an attribute/],
    [{ 'Provide-Capability': 'a;n:Long=x' }, /character 10: "x" is no Long/],
    [{ 'Provide-Capability': 'a;n:Long=9223372036854775808' }, /is no Long/],
    [{ 'Provide-Capability': 'a;n:Double=1e999' }, /is no Double/],
    [{ 'Provide-Capability': 'a;n:List<Long>="1,x"' }, /is no List<Long>/],
    [{ 'Provide-Capability': 'osgi.wiring.package' }, /character 1: "osgi.wiring.package" has a header of its own/],
    [{ 'Provide-Capability': 'osgi.identity' }, /character 1: "osgi.identity" has a header of its own/],
    [{ 'Import-Package': 'a,b;version=x' }, /^Import-Package: character 13: "x" is no range of versions/],
    [{ 'Import-Package': 'a,b,a' }, /^Import-Package: character 5: "a" is imported twice/],
    [{ 'Import-Package': 'a;resolution:=dynamic' }, /character 15: resolution is one of mandatory, optional, not "dynamic"/],
    [{ 'DynamicImport-Package': 'a.*.b' }, /^DynamicImport-Package: character 1: "a.\*.b" is no name of a package/],
    [{ 'DynamicImport-Package': 'a;resolution:=optional' }, /character 15: a dynamic import has no resolution/],
    [{ 'Require-Bundle': 'a;visibility:=x' }, /^Require-Bundle: character 15: visibility is one of private, reexport/],
    [{ 'Require-Bundle': 'a;bundle-version=x' }, /^Require-Bundle: character 18: "x" is no range/],
    [{ 'Require-Capability': 'osgi.ee;filter:="(&(a=b)"' }, /^Require-Capability: character 25: in the filter: expected "\("/],
    [{ 'Require-Capability': 'a;cardinality:=x' }, /^Require-Capability: character 16: cardinality is one of single, multiple/],
    [{ 'Require-Capability': 'osgi.wiring.host' }, /"osgi.wiring.host" has a header of its own/],
    [{ 'Require-Capability': 'a b' }, /^Require-Capability: character 1: "a b" is no namespace/],
    [{ 'Fragment-Host': 'a,b' }, /^Fragment-Host: character 3: only one symbolic name/],
    [{ 'Fragment-Host': 'a;extension:=x' }, /^Fragment-Host: character 14: extension is one of framework, bootclasspath/],
    [
      { 'Bundle-RequiredExecutionEnvironment': 'Java SE' },
      /^Bundle-RequiredExecutionEnvironment: character 1: "Java SE" is no execution environment/,
    ],
  ])('with %j is refused, with header and column', (headers, reason) => {
    expect(refusal(headers)).toMatch(reason);
  });

  test('without a name is refused', () => {
    const text = refusalOf(() => readBundle(section({ 'Bundle-ManifestVersion': '2' })));
    expect(text).toMatch(/^Bundle-SymbolicName: is not there/);
  });

  test(`any headers are read or refused clearly (SLIPWAY_SEED=${SEED})`, () => {
    const word = fc.constantFrom(
      'a',
      'org.b',
      ';',
      ',',
      '=',
      ':=',
      ':Long',
      ':List<Version>',
      '"',
      '[1,2)',
      '1.0',
      'version',
      'filter',
      '(a=b)',
      'resolution',
      'optional',
      '*',
      ' ',
      'uses',
    );
    const value = fc.array(word, { maxLength: 15 }).map((words) => words.join(''));
    const header = fc.constantFrom(
      'Bundle-SymbolicName',
      'Bundle-Version',
      'Export-Package',
      'Import-Package',
      'DynamicImport-Package',
      'Require-Bundle',
      'Require-Capability',
      'Provide-Capability',
      'Fragment-Host',
      'Bundle-RequiredExecutionEnvironment',
    );
    return check(
      fc.property(fc.dictionary(header, value, { maxKeys: 4 }), (headers) => void refusal(headers)),
      1500,
    );
  });
});
