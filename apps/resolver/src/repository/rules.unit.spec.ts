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

describe('rules of a content package', () => {
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
