import { describe, expect, test } from '@jest/globals';
import { ContentPackage, type ResourceDefinition } from '@slipway/contracts';
import { plainToInstance } from 'class-transformer';
import { fieldErrors } from '@slipway/mesh';
import { packageRules } from './rules.js';

/** All that is wrong with a package of these definitions, by the contract's classes and by our rules. */
function wrong(...definitions: object[]): string[] {
  const content = plainToInstance(ContentPackage, { name: 'p', version: '1.0.0', definitions });
  const errors = fieldErrors(content);
  return (errors.length > 0 ? errors : packageRules(content)).map(({ field, reason }) => `${field}: ${reason}`);
}
const a = (more: object): Partial<ResourceDefinition> => ({ name: 'a', version: '1.0.0', ...more });
const app = (spec: object, more: object = {}) => a({ type: 'instance', spec: { command: ['node'], ...spec }, ...more });

const npm = (wanted: object, artefact?: string) => app({ npm: wanted, ...(artefact && { artefact }) });

const boxed = (container: object, more: object = {}) =>
  a({ type: 'instance', spec: { container, ...more }, requirements: [{ namespace: 'database', name: 'db' }] });

const leased = (lease: object, more: object = {}) =>
  a({
    type: 'instance',
    driver: 'lease',
    spec: { lease, ...more },
    requirements: [{ namespace: 'database', name: 'db' }],
  } as never);

const debs = (apt: object, type = 'host') =>
  a({
    type: 'instance',
    requirements: [{ name: 'target', namespace: 'slipway.target', attributes: { type } }],
    spec: { apt },
  } as never);

describe('rules of a content package', () => {
  test('what is leased passes, and what stands on it', () => {
    const host = {
      type: 'host',
      attributes: { memory: 4 },
      filter: '(memory>=4)',
      blueprint: 'LocalHost',
      amount: 2,
      slots: ['port/80'],
    };
    expect(wrong(leased({ ...host, priority: 3 }))).toEqual([]);
    expect(wrong(a({ type: 'database', spec: { lease: { type: 'database' } } }))).toEqual([]);
    const on = { requirements: [{ namespace: 'host', name: 'host' }] };
    expect(wrong(app({ on: 'host' }, on))).toEqual([]);
    expect(wrong(a({ type: 'storage', spec: { on: 'host' }, ...on }))).toEqual([]);
  });

  test('what fits together passes', () => {
    expect(
      wrong(
        app(
          {
            environment: {
              PORT: '${port}',
              URL: 'http://${host}:${port}',
              FILE: '${db.path}/x',
              KEY: '${secret.key}',
              PART: '${stack-db.path}',
            },
            secrets: { key: { bytes: 32 }, other: {} },
            files: { 'conf/app.yaml': 'store: ${db.path}\nkey: ${secret.key}\n', '.env': '' },
          },
          { requirements: [{ namespace: 'database', name: 'db', range: '^1' }], dependencies: ['stack@^1.0.0'] },
        ),
        { name: 'stack', version: '1.0.0', dependencies: ['a'], capabilities: [{ namespace: 'x' }] },
        { name: 'stack', version: '2.0.0-rc.1', shared: true },
        { ...npm({ package: '@scope/app', version: '1.2.3', integrity: `sha512-${'A'.repeat(86)}==` }), name: 'packed' },
        { ...npm({ ci: true }, 'app'), name: 'locked' },
        { ...boxed({ image: 'node:24', mounts: { db: '/data' }, port: 8080, network: 'host', user: '1000' }), name: 'boxed' },
        { ...boxed({ build: 'docker/Dockerfile' }, { artefact: 'app' }), name: 'built' },
        { ...boxed({ import: true }, { artefact: 'root', command: ['/bin/app'] }), name: 'imported' },
      ),
    ).toEqual([]);
  });

  const into = (target: object, more: object = {}) =>
    a({ type: 'instance', requirements: [{ namespace: 'slipway.target', ...target }], ...more });
  const tomcat = { name: 'target', attributes: { type: 'tomcat' } };

  test('what takes artefacts, and what goes into it, passes; namespaces may have capitals', () => {
    const capabilities = [{ namespace: 'slipway.target', attributes: { type: 'tomcat', version: '10.1.0' } }];
    expect(
      wrong(app({}, { capabilities: [...capabilities, { namespace: 'osgi.Extender' }] }), {
        ...into(tomcat, { driver: 'artefact', spec: { artefact: 'x.war', health: { path: '/' } } }),
        name: 'war',
      }),
    ).toEqual([]);
  });

  test.each([
    [
      'a target without a type',
      into({ name: 'target' }),
      /^definitions\.0\.requirements\.0\.attributes\.type: must be the type of a container that there is a rule for: tomcat, osgi/,
    ],
    [
      'one without a rule',
      into({ name: 'target', attributes: { type: 'jetty' } }),
      /requirements\.0\.attributes\.type: must be the type/,
    ],
    [
      'a container without a rule',
      a({ capabilities: [{ namespace: 'slipway.target', attributes: { type: 'toString' } }] }),
      /^definitions\.0\.capabilities\.0\.attributes\.type: must be/,
    ],
    ['a target by another name', into({ ...tomcat, name: 'to' }), /requirements\.0\.name: must be "target"/],
    [
      'an optional one',
      into({ ...tomcat, resolution: 'optional' }),
      /requirements\.0\.resolution: what goes into a target cannot be without it/,
    ],
    ['all there are', into({ ...tomcat, cardinality: 'multiple' }), /requirements\.0\.cardinality: it goes into one target/],
    [
      'two',
      into(tomcat, { requirements: [tomcat, { ...tomcat, name: 'b' }].map((one) => ({ namespace: 'slipway.target', ...one })) }),
      /requirements\.1: is a second target/,
    ],
    [
      'what is no instance',
      into(tomcat, { type: undefined }),
      /requirements\.0: what goes into a target is a definition of type instance/,
    ],
    [
      'a command of what goes into a target',
      into(tomcat, { spec: { command: ['x'] } }),
      /spec\.command: is for what runs by itself; this goes into a target/,
    ],
    [
      'a placement of its own',
      into(tomcat, { spec: { placement: { path: '../x' } } }),
      /spec\.placement: is set by the repository/,
    ],
    ['facts of its own', into(tomcat, { spec: { artefactFacts: {} } }), /spec\.artefactFacts: is set by the repository/],
  ])('refuses %s', (_what, definition, expected) => {
    expect(wrong(JSON.parse(JSON.stringify(definition)) as object)).toContainEqual(expect.stringMatching(expected));
  });

  test.each([
    ['an unknown field', a({ shard: true }), 'definitions.0.shard: is not known'],
    [
      'an unknown field further down',
      a({ requirements: [{ namespace: 'x', named: 'y' }] }),
      'definitions.0.requirements.0.named: is not known',
    ],
    ['no version', { name: 'a' }, /^definitions\.0\.version: must be a semantic version/],
    ['a version that does not compare', a({ version: '1.0.0-01' }), /^definitions\.0\.version: must be a semantic version/],
    [
      'a range that is none',
      a({ requirements: [{ namespace: 'x', range: '^^1' }] }),
      /^definitions\.0\.requirements\.0\.range: must be a semver range/,
    ],
    ['a dependency that is none', a({ dependencies: ['B'] }), /^definitions\.0\.dependencies\.0: must be a definition’s name/],
    [
      'a dependency in a range that is none',
      a({ dependencies: ['b@1.x.y.z'] }),
      /^definitions\.0\.dependencies\.0: must be a semver range/,
    ],
    [
      'a filter that is none',
      a({ requirements: [{ namespace: 'x', filter: '(&(a=1)' }] }),
      /^definitions\.0\.requirements\.0\.filter: character 8/,
    ],
    [
      'an empty filter',
      a({ requirements: [{ namespace: 'x', filter: '' }] }),
      /^definitions\.0\.requirements\.0\.filter: character 1: is empty/,
    ],
    [
      'a filter that could be chosen',
      a({ requirements: [{ namespace: 'x', filter: '(a=${offering.b})' }] }),
      'definitions.0.requirements.0.filter: cannot be chosen; attributes and range can',
    ],
    [
      'an attribute that is an object',
      a({ capabilities: [{ namespace: 'x', attributes: { size: { of: 1 } } }] }),
      'definitions.0.capabilities.0.attributes.size: must be a text, a number, a boolean, or a list of these',
    ],
    [
      'an attribute that is not of its type',
      a({ capabilities: [{ namespace: 'x', attributes: { 'size:Long': 'ten' } }] }),
      'definitions.0.capabilities.0.attributes.size:Long: must be of type Long',
    ],
    ['a capacity below 0', a({ capabilities: [{ namespace: 'x', capacity: -1 }] }), /^definitions\.0\.capabilities\.0\.capacity/],
    ['an amount of 0', a({ requirements: [{ namespace: 'x', amount: 0 }] }), /^definitions\.0\.requirements\.0\.amount/],
    [
      'a cardinality that is none',
      a({ requirements: [{ namespace: 'x', cardinality: 'many' as 'multiple' }] }),
      /^definitions\.0\.requirements\.0\.cardinality/,
    ],
    [
      'two requirements of one name',
      a({
        requirements: [
          { namespace: 'x', name: 'n' },
          { namespace: 'y', name: 'n' },
        ],
      }),
      'definitions.0.requirements.1.name: "n" is the name of requirement 0 too',
    ],
    [
      'an identity without a name',
      a({ requirements: [{ namespace: 'slipway.identity' }] }),
      /attributes\.name: must name a definition$/,
    ],
    [
      'a reserved capability',
      a({ capabilities: [{ namespace: 'slipway.identity' }] }),
      /^definitions\.0\.capabilities\.0\.namespace: must not begin/,
    ],
    ['an unknown type', a({ type: 'planet' }), /^definitions\.0\.type: /],
    ['a driver without a type', a({ driver: 'sqlite' }), /^definitions\.0\.driver: is only for a definition with a type/],
    ['a driver that is no name', a({ type: 'database', driver: 'SQL!' }), /^definitions\.0\.driver: must be 1 to 63/],
    ['a spec without a type', a({ spec: { mode: '0750' } }), /^definitions\.0\.spec: is only for a definition with a type/],
    [
      'a storage with another kind’s spec',
      a({ type: 'storage', spec: { schema: 'x' } }),
      'definitions.0.spec.schema: is not known',
    ],
    [
      'a storage with a bad mode',
      a({ type: 'storage', spec: { mode: '999' } }),
      /^definitions\.0\.spec\.mode: must be octal permissions/,
    ],
    ['an instance without a command', a({ type: 'instance', spec: {} }), /^definitions\.0\.spec\.command: /],
    ['an instance without a spec', a({ type: 'instance' }), /^definitions\.0\.spec\.command: /],
    ['an artefact outside of the package', app({ artefact: '../x' }), /^definitions\.0\.spec\.artefact: must be a path inside/],
    [
      'an artefact blob of its own',
      app({ artefactBlob: { sha256: 'x', bytes: 1 } }),
      /^definitions\.0\.spec\.artefactBlob: is set by the repository/,
    ],
    [
      'a number in the environment',
      app({ environment: { PORT: 80 } }),
      'definitions.0.spec.environment.PORT: must be a text; put it in quotes',
    ],
    ['a bad variable', app({ environment: { 'A-B': 'x' } }), /^definitions\.0\.spec\.environment\.A-B: must have a name/],
    ['a variable of ours', app({ environment: { SLIPWAY_KEY: 'x' } }), /kept for Slipway/],
    [
      'an unknown placeholder',
      app({ environment: { X: '${prot}' } }),
      /^definitions\.0\.spec\.environment\.X: names \$\{prot\}; there are/,
    ],
    ['an output of nothing required', app({ environment: { X: '${db.path}' } }), /names \$\{db\.path\}/],
    ['a secret that is not made', app({ environment: { X: '${secret.key}' } }), /which is not among its secrets$/],
    [
      'a secret that is too short',
      app({ secrets: { key: { bytes: 4 } } }),
      /^definitions\.0\.spec\.secrets\.key\.bytes: must be a whole number/,
    ],
    ['a secret that is no object', app({ secrets: { key: null } }), /^definitions\.0\.spec\.secrets\.key: must be an object/],
    [
      'a secret with an unknown field',
      app({ secrets: { key: { size: 4 } } }),
      'definitions.0.spec.secrets.key.size: is not known',
    ],
    [
      'packages for no host',
      a({ type: 'instance', spec: { apt: { packages: [{ name: 'x1' }] } } }),
      /spec\.apt: needs a requirement on slipway\.target/,
    ],
    [
      'packages for what is no host',
      debs({ packages: [{ name: 'x1' }] }, 'tomcat'),
      /spec\.apt: needs a requirement on slipway\.target/,
    ],
    ['no packages', debs({}), /spec\.apt: must have packages or patches/],
    ['a package twice', debs({ packages: [{ name: 'x1' }], patches: [{ name: 'x1' }] }), /spec\.apt: names x1 twice/],
    [
      'a package that is an option',
      debs({ packages: [{ name: '--yes' }] }),
      /spec\.apt\.packages\.0\.name: must be the name of a Debian/,
    ],
    [
      'a version of a package that is none',
      debs({ packages: [{ name: 'x1', version: '1 0' }] }),
      /packages\.0\.version: must be the version/,
    ],
    [
      'a host that runs something',
      a({ type: 'instance', spec: { host: {}, command: ['x'] } }),
      /spec\.command: is for what runs; this is a host/,
    ],
    [
      'what is leased and runs something',
      leased({ type: 'host' }, { command: ['x'] }),
      'definitions.0.spec.command: is for what is made; this is leased',
    ],
    ['what is leased and stands on something', leased({ type: 'host' }, { on: 'db' }), /spec\.on: is for what is made; this is/],
    [
      'a schema of a leased database',
      a({ type: 'database', spec: { lease: { type: 'database' }, schema: 'x' } }),
      /spec\.schema: is for what is made; this is leased/,
    ],
    ['a lease of no type', leased({}), /^definitions\.0\.spec\.lease\.type: must be 1 to 63/],
    ['a lease of nothing', leased({ type: 'host', amount: 0 }), /spec\.lease\.amount: must not be less than 1/],
    ['a filter of a lease that is none', leased({ type: 'host', filter: '(a' }), /^definitions\.0\.spec\.lease\.filter: /],
    ['a lock twice', leased({ type: 'host', slots: ['port/1', 'port/1'] }), /spec\.lease\.slots: /],
    ['a storage that is leased', a({ type: 'storage', spec: { lease: { type: 'storage' } } }), /spec\.lease: is not known/],
    ['what stands on no requirement', app({ on: 'host' }), /spec\.on: names no requirement; there are none$/],
    ['neither a command nor an image', a({ type: 'instance', spec: {} }), /spec\.command: is needed unless the image/],
    [
      'an imported image without a command',
      boxed({ import: true }, { artefact: 'r' }),
      /spec\.command: is needed unless the image/,
    ],
    ['two images', boxed({ image: 'a', import: true }, { command: ['x'] }), /spec\.container: must have exactly one of image/],
    ['an image that is an option', boxed({ image: '--privileged' }), /spec\.container\.image: must be the name of an image/],
    ['a build of nothing', boxed({ build: 'Dockerfile' }), /spec\.container\.build: needs an artefact/],
    ['a Dockerfile elsewhere', boxed({ build: '../Dockerfile' }, { artefact: 'a' }), /spec\.container\.build: must be a path/],
    ['a mount of nothing', boxed({ image: 'a', mounts: { data: '/data' } }), /mounts\.data: names no requirement; there are db/],
    ['a mount at no path', boxed({ image: 'a', mounts: { db: '/a/../b' } }), /mounts\.db: must be an absolute path/],
    [
      'a range of an npm package',
      npm({ package: 'verdaccio', version: '^6.0.0' }),
      /npm\.version: must be exactly one version.*no range and no tag/,
    ],
    ['a tag of an npm package', npm({ package: 'verdaccio', version: 'latest' }), /npm\.version: must be exactly one version/],
    ['an npm package without a version', npm({ package: 'verdaccio' }), /spec\.npm: must be either \{package, version\}/],
    [
      'an npm package that is a path',
      npm({ package: '../x', version: '1.0.0' }),
      /npm\.package: must be the name of an npm package/,
    ],
    ['an npm package that is an address', npm({ package: 'git+ssh://x/y', version: '1.0.0' }), /npm\.package: must be the name/],
    ['an npm package as an option', npm({ package: '--registry=x', version: '1.0.0' }), /npm\.package: must be the name/],
    ['an npm package beside an artefact', npm({ package: 'x', version: '1.0.0' }, 'app'), /npm\.package: stands for an artefact/],
    ['a lock without an artefact', npm({ ci: true }), /npm\.ci: needs an artefact with a package-lock\.json/],
    ['a lock and a package', npm({ ci: true, package: 'x', version: '1.0.0' }, 'app'), /npm\.ci: takes what the artefact's/],
    [
      'an integrity that is none',
      npm({ package: 'x', version: '1.0.0', integrity: 'md5-x' }),
      /npm\.integrity: must be "sha512-/,
    ],
    ...['/etc/passwd', '../x', 'a/../../x', './x', 'a//b', 'node_modules/x/y', 'a b', ''].map(
      (path) =>
        [`the file ${JSON.stringify(path)}`, app({ files: { [path]: '' } }), /spec\.files: .* must be a path beside/] as const,
    ),
    [
      'a file with an unknown placeholder',
      app({ files: { 'a.yaml': '${db.path}' } }),
      /spec\.files: a\.yaml names \$\{db\.path\}/,
    ],
    ['a file that is no text', app({ files: { 'a.yaml': 1 } }), /spec\.files: a\.yaml must be a text/],
    ['a file that is too long', app({ files: { a: 'x'.repeat(16_001) } }), /spec\.files: a must be a text of at most 16000/],
    [
      'too many files',
      app({ files: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`f${n}`, ''])) }),
      /spec\.files: must be at most 20/,
    ],
    [
      'an artefact in a requirement’s spec',
      a({ requirements: [{ namespace: 'x', spec: { artefact: 'x' } }] }),
      /^definitions\.0\.requirements\.0\.spec\.artefact: belongs to the definition/,
    ],
  ])('%s is refused by its field', (_what, definition, expected) => {
    const errors = wrong(definition);
    expect(errors).toContainEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test('one name and version twice is refused', () => {
    expect(wrong(a({}), a({ title: 'again' }))).toEqual(['definitions.1.version: a@1.0.0 stands in this package twice']);
  });

  test('no definitions, or something else than a list of them, is refused', () => {
    const errors = (definitions: unknown) =>
      fieldErrors(plainToInstance(ContentPackage, { name: 'p', version: '1.0.0', definitions })).map(({ field }) => field);
    for (const definitions of [[], undefined, 'x', {}, [1], [null]]) expect(errors(definitions).length).toBeGreaterThan(0);
  });
});

describe('rules of offerings', () => {
  const size = { name: 'size', title: 'Size', schema: { enum: ['1GiB', '2GiB'] }, default: '1GiB' };
  const data = { namespace: 'storage', name: 'data', range: '^${offering.major}', spec: { sizeLimit: '${offering.size}' } };
  const major = { name: 'major', title: 'Major', schema: { type: 'integer' }, default: 1 };
  const volume = (spec: object, more: object = {}) => a({ type: 'storage', offerings: [size], spec, ...more });

  test('what it offers itself may stand in its spec and its requirements, wherever the default would', () => {
    expect(wrong(volume({ sizeLimit: '${offering.size}' }))).toEqual([]);
    expect(
      wrong(app({ environment: { SIZE: 'is ${offering.size}' } }, { offerings: [size, major], requirements: [data] })),
    ).toEqual([]);
  });

  test.each([
    [
      'what it does not offer',
      volume({ mode: '${offering.mode}' }),
      /spec\.mode: names \$\{offering\.mode\}, which it does not offer; it offers size/,
    ],
    ['what nobody offers', a({ requirements: [data] }), /requirements\.0\.range: names \$\{offering\.major\}.*it offers nothing/],
    ['a default that does not fit the spec', volume({ mode: '${offering.size}' }), /spec\.mode: must be octal/],
    [
      'a default that does not fit its schema',
      volume({}, { offerings: [{ ...size, default: '3GiB' }] }),
      /offerings\.0\.default: must be one of "1GiB", "2GiB"/,
    ],
    [
      'a schema that is none',
      volume({}, { offerings: [{ ...size, schema: { type: 'size' } }] }),
      /offerings\.0\.schema: is no JSON Schema/,
    ],
    [
      'an offering without a default',
      volume({}, { offerings: [{ name: 'a', title: 'A', schema: {} }] }),
      /offerings\.0\.default: should not be null or undefined/,
    ],
    [
      'a default with a placeholder in it',
      volume({}, { offerings: [{ ...size, schema: {}, default: '${x}' }] }),
      /offerings\.0\.default: must hold neither/,
    ],
    [
      'an artefact that could be chosen',
      app({ artefact: '${offering.size}' }, { offerings: [size] }),
      /spec\.artefact: cannot be chosen/,
    ],
    [
      'a requirement of that name',
      a({ requirements: [{ namespace: 'x', name: 'offering' }] }),
      /requirements: "offering" cannot be the name/,
    ],
  ])('%s is refused', (_what, definition, expected) => expect(wrong(definition).join('\n')).toMatch(expected));
});
