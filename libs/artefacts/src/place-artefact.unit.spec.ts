import { describe, expect, test } from '@jest/globals';
import { JAVA_KINDS, type Artefact, type JavaArchive } from './artefact.js';
import { javaArchive } from './jar/java-archive.js';
import { parseManifest } from './jar/manifest.js';
import { placeArtefact } from './place-artefact.js';
import { ARTEFACT_RULES } from './rules/registry.js';
import { bundleHeaders, manifestBytes } from './testing/jar.js';

const java = (file: string, headers: Record<string, string> = {}): JavaArchive =>
  javaArchive(file.split('.').at(-1) as JavaArchive['kind'], file, parseManifest(manifestBytes(Object.entries(headers))).main);
const npm = (version: string, name = '@acme/shop'): Artefact => ({ kind: 'npm', file: `shop-${version}.tgz`, name, version });
const deb = (version: string, architecture = 'amd64'): Artefact => ({
  kind: 'deb',
  file: `agent_${version}.deb`,
  name: 'agent',
  version,
  architecture,
});

const ARTEFACTS: Record<string, Artefact> = {
  jar: java('lib-1.0.jar'),
  bundle: java('shop.jar', bundleHeaders()),
  'faulty bundle': java('broken.jar', bundleHeaders({ 'Import-Package': 'a;;' })),
  war: java('shop.war'),
  'bundle that is a war': java('web.war', bundleHeaders()),
  ear: java('shop.ear'),
  sar: java('shop.sar'),
  rar: java('shop.rar'),
  npm: npm('1.0.0'),
  deb: deb('1:2.0-1'),
  file: { kind: 'file', file: 'motd.txt', name: 'motd.txt' },
};

const SHARED_JAR = 'what is shared is a jar';
const UNSHARED_WAR = 'what is not shared is a WAR';
const BUNDLE = 'every artefact is a bundle with valid OSGi metadata';
const DEPLOYABLE = 'what is not shared is a WAR, an EAR, a SAR, a RAR or a jar';

/** What is not shared, and what is: its path, or the rule that it breaks. */
type Row = [unshared: string, shared: string];
const both = (where: string): Row => [where, where];
const deployed = (file: string): Row => [`standalone/deployments/${file}`, SHARED_JAR];
const OSGI_BUNDLE = both('bundle/org.example.shop-1.2.3.jar');
const SYSTEM: Record<string, Row> = {
  jar: both('lib-1.0.jar'),
  bundle: both('shop.jar'),
  'faulty bundle': both('broken.jar'),
  war: both('shop.war'),
  'bundle that is a war': both('web.war'),
  ear: both('shop.ear'),
  sar: both('shop.sar'),
  rar: both('shop.rar'),
  npm: both('node_modules/@acme/shop'),
  deb: both('var/cache/apt/archives/agent_1%3a2.0-1_amd64.deb'),
  file: both('motd.txt'),
};

const TABLE: Record<string, Record<string, Row>> = {
  tomcat: {
    jar: [UNSHARED_WAR, 'lib/lib-1.0.jar'],
    bundle: [UNSHARED_WAR, 'lib/shop.jar'],
    'faulty bundle': [UNSHARED_WAR, 'lib/broken.jar'],
    war: ['webapps/shop.war', SHARED_JAR],
    'bundle that is a war': ['webapps/web.war', SHARED_JAR],
    ear: [UNSHARED_WAR, SHARED_JAR],
    sar: [UNSHARED_WAR, SHARED_JAR],
    rar: [UNSHARED_WAR, SHARED_JAR],
    npm: [UNSHARED_WAR, SHARED_JAR],
    deb: [UNSHARED_WAR, SHARED_JAR],
    file: [UNSHARED_WAR, SHARED_JAR],
  },
  osgi: {
    jar: both(BUNDLE),
    bundle: OSGI_BUNDLE,
    'faulty bundle': both(BUNDLE),
    war: both(BUNDLE),
    'bundle that is a war': OSGI_BUNDLE,
    ear: both(BUNDLE),
    sar: both(BUNDLE),
    rar: both(BUNDLE),
    npm: both(BUNDLE),
    deb: both(BUNDLE),
    file: both(BUNDLE),
  },
  wildfly: {
    jar: ['standalone/deployments/lib-1.0.jar', 'modules/lib/1.0/lib-1.0.jar'],
    bundle: ['standalone/deployments/shop.jar', 'modules/org/example/shop/1.2.3/shop.jar'],
    'faulty bundle': ['standalone/deployments/broken.jar', 'modules/broken/main/broken.jar'],
    war: deployed('shop.war'),
    'bundle that is a war': deployed('web.war'),
    ear: deployed('shop.ear'),
    sar: deployed('shop.sar'),
    rar: deployed('shop.rar'),
    npm: [DEPLOYABLE, SHARED_JAR],
    deb: [DEPLOYABLE, SHARED_JAR],
    file: [DEPLOYABLE, SHARED_JAR],
  },
  host: SYSTEM,
  process: SYSTEM,
  container: SYSTEM,
};

const CASES = Object.entries(TABLE).flatMap(([target, rows]) =>
  Object.entries(rows).flatMap(([artefact, [unshared, shared]]) => [
    { target, artefact, shared: false, expected: unshared },
    { target, artefact, shared: true, expected: shared },
  ]),
);

describe('the rules of containers', () => {
  test('the table has every target that is registered, and every kind of artefact', () => {
    expect(Object.keys(TABLE).toSorted()).toEqual(Object.keys(ARTEFACT_RULES).toSorted());
    for (const rows of Object.values(TABLE)) expect(Object.keys(rows)).toEqual(Object.keys(ARTEFACTS));
    expect(new Set(Object.values(ARTEFACTS).map(({ kind }) => kind))).toEqual(new Set([...JAVA_KINDS, 'npm', 'deb', 'file']));
  });

  test.each(CASES)('$target: $artefact, shared $shared: $expected', ({ target, artefact, shared, expected }) => {
    const placed = placeArtefact(target, { artefact: ARTEFACTS[artefact]!, shared });
    expect('placement' in placed ? placed.placement.path : placed.unplaced.rule).toBe(expected);
  });

  test.each(CASES.filter(({ expected }) => /^(what|every)/.test(expected)))(
    '$target refuses $artefact, shared $shared, in a sentence that names container, artefact and rule',
    ({ target, artefact, shared, expected }) => {
      const placed = placeArtefact(target, { artefact: ARTEFACTS[artefact]!, shared });
      const { file } = ARTEFACTS[artefact]!;
      expect(placed).toEqual({ unplaced: { container: target, artefact: file, rule: expected, message: expect.any(String) } });
      const { message } = (placed as { unplaced: { message: string } }).unplaced;
      for (const word of [ARTEFACT_RULES[target]!.title, file, expected]) expect(message).toContain(word);
    },
  );

  test('an npm package that does not bring along what it depends on is refused by these names', () => {
    const artefact: Artefact = { kind: 'npm', file: 'a.tgz', name: 'a', version: '1.0.0', needs: ['b', 'c'] };
    expect(placeArtefact('process', { artefact, shared: false })).toMatchObject({
      unplaced: { message: expect.stringContaining('brings along what it depends on; b, c is not among its bundleDependencies') },
    });
  });

  test('a bundle with faults is refused with each of them', () => {
    const placed = placeArtefact('osgi', { artefact: ARTEFACTS['faulty bundle']!, shared: false });
    expect(placed).toMatchObject({
      unplaced: { message: expect.stringContaining('Import-Package: character 3: something is missing here') },
    });
  });

  test('a target that has no rule takes nothing, and those that have one are named', () => {
    for (const target of ['jetty', 'constructor', '__proto__'])
      expect(placeArtefact(target, { artefact: ARTEFACTS['war']!, shared: false })).toMatchObject({
        unplaced: {
          container: target,
          artefact: 'shop.war',
          message: expect.stringContaining('rules exist for tomcat, osgi, wildfly'),
        },
      });
  });
});

describe('beside others', () => {
  const at = (target: string, artefact: Artefact, beside: Artefact[], shared = true) =>
    placeArtefact(
      target,
      { artefact, shared },
      beside.map((one) => ({ artefact: one, shared })),
    );
  const [older, newer] = [java('lib-1.0.jar'), java('lib-2.0.jar')];

  test('Tomcat shares one version of a symbolic name, whatever its files are called', () => {
    const renamed = java('other.jar', { 'Automatic-Module-Name': 'lib', 'Implementation-Version': '2.0' });
    for (const artefact of [newer, renamed])
      expect(at('tomcat', artefact, [older])).toMatchObject({
        unplaced: {
          rule: 'of one symbolic name only one version is shared',
          message: expect.stringContaining('lib-1.0.jar (a jar, lib 1.0) is shared already'),
        },
      });
    expect(at('tomcat', java('other-1.0.jar'), [older])).toMatchObject({ placement: { path: 'lib/other-1.0.jar' } });
    expect(at('tomcat', java('shop-2.war'), [java('shop-1.war')], false)).toMatchObject({
      placement: { path: 'webapps/shop-2.war' },
    });
  });

  test('OSGi has several versions of a bundle side by side', () => {
    const placed = at('osgi', java('b.jar', bundleHeaders({ 'Bundle-Version': '2' })), [java('a.jar', bundleHeaders())]);
    expect(placed).toEqual({ placement: { path: 'bundle/org.example.shop-2.0.0.jar', by: 'file' } });
  });

  test('WildFly has several versions of a module side by side, each with its descriptor, and several of what is deployed', () => {
    expect(at('wildfly', newer, [older])).toEqual({
      placement: {
        path: 'modules/lib/2.0/lib-2.0.jar',
        by: 'file',
        writes: [
          {
            path: 'modules/lib/2.0/module.xml',
            text: `<?xml version="1.0" encoding="UTF-8"?>
<module xmlns="urn:jboss:module:1.9" name="lib:2.0">
  <resources>
    <resource-root path="lib-2.0.jar"/>
  </resources>
</module>
`,
          },
        ],
      },
    });
    expect(at('wildfly', java('shop-2.war'), [java('shop-1.war')], false)).toMatchObject({
      placement: { path: 'standalone/deployments/shop-2.war' },
    });
  });

  test.each(['host', 'process', 'container'])(
    'a %s has one version of a package; the same one may be asked for twice',
    (target) => {
      expect(at(target, npm('2.0.0'), [npm('1.0.0')])).toMatchObject({
        unplaced: { rule: 'of one npm package only one version is there' },
      });
      expect(at(target, deb('2.0'), [deb('1.0')])).toMatchObject({
        unplaced: { rule: 'of one Debian package only one version is there' },
      });
      expect(at(target, npm('1.0.0'), [npm('1.0.0')])).toHaveProperty('placement');
      expect(at(target, npm('2.0.0', 'other'), [npm('1.0.0')])).toHaveProperty('placement');
      expect(at(target, deb('1.0'), [deb('1.0')])).toHaveProperty('placement');
      expect(at(target, deb('2.0', 'arm64'), [deb('1.0')])).toHaveProperty('placement');
    },
  );

  test.each([
    ['tomcat', java('shop.war'), java('shop.war'), false],
    ['wildfly', java('shop.ear'), java('shop.ear'), false],
    ['osgi', java('a.jar', bundleHeaders()), java('b.jar', bundleHeaders()), false],
    ['host', ARTEFACTS['file']!, ARTEFACTS['file']!, true],
  ] as const)('%s: no two artefacts stand at one place', (target, artefact, other, shared) => {
    expect(at(target, artefact, [other], shared)).toMatchObject({
      unplaced: { rule: 'no two artefacts stand at one place', message: expect.stringContaining(`${other.file} (`) },
    });
  });
});
