import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SlipwayError } from '@slipway/contracts';
import { ENVIRONMENT } from './environment.js';
import { PROFILES, loadConfig, type LoadOptions } from './load.js';

const refusal = (options: LoadOptions): SlipwayError => {
  try {
    loadConfig(options);
  } catch (error) {
    return error as SlipwayError;
  }
  throw new Error('It was not refused');
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (text: string) => {
  const path = join(folder, 'slipway.yaml');
  writeFileSync(path, text);
  return path;
};

describe('the profiles', () => {
  test.each(PROFILES)('%s is valid, absolute in its paths, and frozen through and through', (profile) => {
    const config = loadConfig({ profile });
    expect(config.profile).toBe(profile);
    expect(isAbsolute(config.dataFolder) && isAbsolute(config.contentFolder)).toBe(true);
    expect(() => Object.assign(config.gateway, { port: 1 })).toThrow(TypeError);
    expect(() => config.locations.push('elsewhere')).toThrow(TypeError);
  });

  test('dev is embedded, on loopback', () => {
    expect(loadConfig({})).toMatchObject({ eventLog: 'sqlite', gateway: { host: '127.0.0.1' } });
  });

  test('other repositories are refused by their setting: no kind, no address, a secret in it, and in the clear', () => {
    const refused = (delegate: object, profile: 'dev' | 'prod' = 'dev') =>
      refusal({ profile, overrides: { 'content.delegates': { upstream: delegate } } }).message;
    const good = { kind: 'slipway', url: 'http://slipway.example' };
    expect(refused({ url: good.url })).toMatch(/content\.delegates\.upstream\.kind/);
    expect(refused({ kind: 'slipway' })).toMatch(/content\.delegates\.upstream\.url/);
    expect(refused({ ...good, url: 'https://ada:secret@slipway.example' })).toMatch(/url.*without a name/);
    expect(refused({ ...good, privateHosts: ['http://10.0.0.1'] })).toMatch(/privateHosts/);
    expect(refused({ ...good, tokenFile: '/token' })).toMatch(/url.*must be https:.*in the clear/);
    expect(refused(good, 'prod')).toMatch(/upstream\.url.*must be https:\/\/ in prod/);
    const maven = { kind: 'maven', folder: '/srv/m2', packages: ['org.example:shop'], target: 'tomcat' };
    expect(refused({ ...maven, packages: undefined })).toMatch(/upstream\.packages.*must say what is taken/);
    expect(refused({ ...maven, target: undefined })).toMatch(/upstream\.target.*must say into which type/);
    expect(refused({ ...maven, url: 'https://maven.example' })).toMatch(/upstream\.url.*beside a folder/);
    expect(refused({ ...good, folder: '/srv/m2' })).toMatch(/upstream\.folder.*Maven layout only/);
    expect(refused({ ...good, target: 'tomcat' })).toMatch(/upstream\.target.*npm and maven/);
    expect(loadConfig({ overrides: { 'content.delegates': { m2: maven } } }).content.delegates).toEqual({ m2: maven });
    const { content } = loadConfig({
      overrides: { 'content.delegates': { upstream: { ...good, hosts: ['cdn.example:8443'] } } },
    });
    expect(content.delegates).toEqual({ upstream: { ...good, hosts: ['cdn.example:8443'] } });
  });

  test('prod refuses the embedded log, an own NATS, and anything in the clear', () => {
    const error = refusal({
      profile: 'prod',
      overrides: { eventLog: 'sqlite', 'nats.url': 'nats://one:4222', 'nats.tokenFile': undefined, 'gateway.tls': undefined },
    });
    expect((error.details!['fields'] as { field: string }[]).map(({ field }) => field)).toEqual([
      'eventLog',
      'nats.url',
      'nats.tokenFile',
      'gateway.tls',
    ]);
    expect(refusal({ profile: 'prod', overrides: { eventLog: 'kurrentdb://one:2113?tls=false' } }).message).toMatch(/tls=false/);
    const s3 = { endpoint: 'http://store', accessKeyId: 'key', secretKeyFile: 'file' };
    expect(refusal({ profile: 'prod', overrides: { 'storages.s3': s3 } }).message).toMatch(/storages\.s3\.endpoint.*https/);
    expect(refusal({ profile: 'prod', overrides: { 'docker.host': 'tcp://one:2375' } }).message).toMatch(/docker\.host.*ssh/);
  });

  test('blueprints have their defaults, and files that are found from the root of the clone, as those of interfaces', () => {
    const text =
      'blueprints: {Mine: {file: ./blueprints/mine.mjs, options: {a: 1}}, Far: {kind: LocalHost, location: far, limits: {warm: 2, leaseSeconds: 0}}}\n' +
      'interfaces: {notes: {file: /x/notes.mjs}}';
    const { blueprints, interfaces } = loadConfig({ file: file(text) });
    const root = join(import.meta.dirname, '../../../..');
    expect(Object.keys(blueprints)).toEqual(['Mine', 'Far']);
    expect(blueprints['Mine']).toMatchObject({ file: join(root, 'blueprints/mine.mjs'), location: 'local', options: { a: 1 } });
    expect(blueprints['Far']).toMatchObject({ kind: 'LocalHost', location: 'far', limits: { warm: 2, leaseSeconds: 0 } });
    expect(interfaces).toEqual({ notes: { file: '/x/notes.mjs' } });
    expect(Object.keys(loadConfig({ file: file('mesh: dev') }).blueprints)).toEqual(['LocalHost']);
  });

  test('handlers have their defaults, and files that are found from the root of the clone', () => {
    const text =
      'handlers: {one: {file: ./handlers/one.mjs, options: {a: 1}}, two: {file: "@acme/two", tries: 2}, three: {file: /x/three.mjs}}';
    const { one, two, three } = loadConfig({ file: file(text) }).handlers;
    const root = join(import.meta.dirname, '../../../..');
    expect(one).toEqual({
      file: join(root, 'handlers/one.mjs'),
      options: { a: 1 },
      tries: 5,
      backoffSeconds: 1,
      timeoutSeconds: 60,
    });
    expect([two!.file, two!.tries, three!.file]).toEqual(['@acme/two', 2, '/x/three.mjs']);
    expect(() => Object.assign(one!, { tries: 1 })).toThrow(TypeError);
  });

  test('a file is not read for another profile than its own', () => {
    expect(refusal({ profile: 'dev', file: file('profile: prod') }).message).toMatch(/profile is "prod".*must be dev/);
    expect(refusal({ env: { SLIPWAY_PROFILE: 'live' } }).message).toMatch(/"live" \(SLIPWAY_PROFILE\).*dev, test, prod/);
  });
});

describe('what is wrong is named with field, value, reason and source', () => {
  test('several at once, in a file', () => {
    const path = file('gateway: {port: 99999}\nlogging: {level: loud}\nlimits: {concurrent: 0}\n');
    const { code, message } = refusal({ file: path });
    expect(code).toBe('config-invalid');
    expect(message).toContain(`gateway.port is 99999 (${path}): must not be greater than 65535`);
    expect(message).toMatch(/logging\.level is "loud".*must be one of/);
    expect(message).toMatch(/limits\.concurrent is 0.*must not be less than 1/);
  });

  test.each([
    'host',
    'defaultDefinition',
    'gateway',
    'gateway.allowedHosts',
    'gateway.tls',
    'nats.url',
    'nats.tokenFile',
    'nats.caFile',
  ])('a setting whose value was forgotten: %s', (field) =>
    expect(refusal({ overrides: { [field]: null } }).message).toContain(`${field} is null`),
  );

  test.each([
    ['SLIPWAY_PORT', 'eighty', /gateway\.port is "eighty" \(SLIPWAY_PORT\).*integer/],
    ['SLIPWAY_EVENT_LOG', 'postgres://x', /eventLog is "postgres:\/\/x" \(SLIPWAY_EVENT_LOG\).*kurrentdb/],
    ['NATS_URL', 'localhost', /nats\.url is "localhost" \(NATS_URL\).*nats:\/\/host:port/],
    ['SLIPWAY_LOCATIONS', 'here,No Where', /locations .*No Where.*\(SLIPWAY_LOCATIONS\)/],
    ['DOCKER_HOST', 'here', /docker\.host is "here" \(DOCKER_HOST\).*unix:\/\/\/var/],
    ['SLIPWAY_LOG_LEVEL', 'loud', /logging\.level is "loud" \(SLIPWAY_LOG_LEVEL\)/],
  ])('%s=%s', (name, value, expected) => {
    expect(refusal({ env: { [name]: value } }).message).toMatch(expected);
  });

  test.each([
    ['port: 80', /port is 80.*is not known/],
    ['gateway: {prot: 80}', /gateway\.prot is 80.*is not known/],
    ['steps: {storage: {retries: 80}}', /steps\.storage\.retries is 80.*is not known/],
    ['guestLocations: {local: {location: local, drivers: {}, driver: x}}', /guestLocations\.local\.driver is "x".*is not known/],
    ['guestLocations: {local: {location: local, drivers: {storage: directory}}}', /no driver for database, instance/],
    [
      'guestLocations: {local: {location: local, drivers: {database: [sqlite, sqlite]}}}',
      /drivers\.database is \["sqlite","sqlite"\].*a list of them, each once/,
    ],
    [
      'guestLocations: {local: {location: local, drivers: {database: []}}}',
      /drivers\.database is \[\].*a driver's name, or a list/,
    ],
    ['guestLocations: {local: {location: local, drivers: {database: 5}}}', /drivers\.database is 5.*a driver's name, or a list/],
    ['guestLocations: {a.b: {location: local, drivers: {}}}', /guestLocations\.a\.b .*lower-case letters/],
    ['clusters: {default: [moon]}', /clusters\.default .*"moon".*there are local/],
    ['clusters: {default: []}', /clusters\.default .*at least one/],
    ['instances: {ports: 25000-20000}', /instances\.ports is "25000-20000".*upwards/],
    ['hosts: {far: {}}', /hosts\.far\.ssh /],
    ['hosts: {far: null}', /hosts\.far .*must have ssh/],
    ['hosts: {a.b: {ssh: {address: h, user: u, keyFile: /k}}}', /hosts\.a\.b .*lower-case letters/],
    ['hosts: {far: {ssh: {address: -h, user: u, keyFile: /k}}}', /hosts\.far\.ssh\.address is "-h".*a name or an IP address/],
    ['hosts: {far: {ssh: {address: h, user: -l, keyFile: /k}}}', /hosts\.far\.ssh\.user is "-l".*the name of a user/],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: k}}}', /hosts\.far\.ssh\.keyFile is "k".*an absolute path/],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: /k, port: 0}}}', /hosts\.far\.ssh\.port is 0/],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: /k, hostKey: x}}}', /hosts\.far\.ssh\.hostKey is "x".*a fingerprint/],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: /k, passphrase: x}}}', /hosts\.far\.ssh\.passphrase .*is not known/],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: /k}, folder: a/b}}', /hosts\.far\.folder is "a\/b".*an absolute path/],
    [
      'hosts: {far: {ssh: {address: h, user: u, keyFile: /k}, address: -h}}',
      /hosts\.far\.address is "-h".*a name or an IP address/,
    ],
    ['hosts: {far: {ssh: {address: h, user: u, keyFile: /k}, node: node}}', /hosts\.far\.node is "node".*an absolute path/],
    [
      'hosts: {far: {ssh: {address: h, user: u, keyFile: /k}, docker: "tcp://one:2375"}}',
      /hosts\.far\.docker is "tcp:\/\/one:2375".*a socket of that host/,
    ],
    ['instances: {hosts: {local: {root: srv/host}}}', /instances\.hosts\.local\.root .*must be an absolute path without/],
    ['instances: {hosts: {local: {root: /srv/../etc}}}', /instances\.hosts\.local\.root .*must be an absolute path without/],
    ['instances: {hosts: {local: null}}', /instances\.hosts\.local .*must have a root/],
    [
      'databases: {postgres: {server: {host: db.example.org, user: admin, passwordFile: x}}}',
      /databases\.postgres\.server\.tls is not set.*must name the caFile: db\.example\.org is another machine/,
    ],
    [
      'databases: {mariadb: {server: {host: localhost, user: admin, passwordFile: x, database: y}}}',
      /databases\.mariadb\.server\.database is "y".*for postgres only/,
    ],
    ['databases: {postgres: {server: {host: a b, user: x}}}', /server\.host is "a b".*server\.passwordFile is not set/s],
    ['databases: {postgres: {connectionLimit: 0}}', /databases\.postgres\.connectionLimit is 0.*less than 1/],
    ['databases: {oracle: {}}', /databases\.oracle .*is not known/],
    ['handlers: {a.b: {file: x}}', /handlers\.a\.b .*lower-case letters/],
    ['handlers: {greeter: ./x.mjs}', /handlers\.greeter is "\.\/x\.mjs".*must have a file/],
    ['blueprints: {my_host: {}}', /blueprints\.my_host .*letters, digits and inner hyphens/],
    ['blueprints: {Mine: x}', /blueprints\.Mine is "x".*must have settings/],
    ['blueprints: {Mine: {limits: {warm: -1}}}', /blueprints\.Mine\.limits\.warm is -1.*must not be less than 0/],
    ['blueprints: {Mine: {owner: {id: ada, type: dog}}}', /blueprints\.Mine\.owner\.type is "dog"/],
    ['interfaces: {notes: {}}', /interfaces\.notes\.file is not set/],
    ['handlers: {greeter: {}}', /handlers\.greeter\.file is not set/],
    ['handlers: {greeter: {file: x, tries: 0}}', /handlers\.greeter\.tries is 0.*must not be less than 1/],
    ['handlers: {greeter: {file: x, retries: 2}}', /handlers\.greeter\.retries is 2.*is not known/],
    ['storages: {s3: {endpoint: store, accessKeyId: key, secretKeyFile: f}}', /storages\.s3\.endpoint is "store".*http/],
    ['storages: {s3: {endpoint: "http://s", accessKeyId: key}}', /storages\.s3\.secretKeyFile/],
    ['storages: {s3: {endpoint: "http://s", accessKeyId: key, secretKeyFile: f, credentials: iam}}', /must be one of.*radosgw/],
    ['mesh: a.b', /mesh is "a\.b".*lower-case/],
    ['snapshots: {stores: {backups: {folder: here}}}', /snapshots\.stores\.backups\.folder is "here".*absolute path/],
    ['snapshots: {stores: {backups: {}}}', /snapshots\.stores\.backups\.folder .*absolute path/],
    ['snapshots: {stores: {backups: null}}', /snapshots\.stores\.backups .*must have a folder/],
    ['snapshots: {stores: {a.b: {folder: /srv}}}', /snapshots\.stores\.a\.b .*lower-case/],
    ['snapshots: {stores: {backups: {folder: /srv, bucket: x}}}', /snapshots\.stores\.backups\.bucket .*is not known/],
    [
      'snapshots: {stores: {backups: {folder: /srv}}, destination: elsewhere}',
      /snapshots\.destination is "elsewhere".*must be a store, or store:folder.*there are backups/,
    ],
    ['snapshots: {destination: backups}', /snapshots\.destination .*there are none/],
    [
      'snapshots: {stores: {backups: {folder: /srv}}}\nenvironments: {night: {destination: "backups:../away"}}',
      /environments\.night\.destination is "backups:\.\.\/away".*must be a store/,
    ],
    ['environments: {night: {destination: 1}}', /environments\.night\.destination is 1.*must be a string/],
    ['environments: {night: null}', /environments\.night .*must have settings/],
    ['environments: {a.b: {}}', /environments\.a\.b .*lower-case/],
    ['environments: {night: {colour: red}}', /environments\.night\.colour .*is not known/],
    ['- 1', /must hold settings by name/],
    ['mesh: a\nmesh: b', /is not YAML.*[Uu]nique/s],
  ])('%s', (text, expected) => {
    expect(refusal({ file: file(text) }).message).toMatch(expected);
  });

  test('a missing file is named', () => {
    expect(refusal({ file: join(folder, 'none.yaml') }).message).toContain(join(folder, 'none.yaml'));
  });

  test('a password in an address is not shown', () => {
    const { message } = refusal({ env: { NATS_URL: 'nats://me:canary@host:4222' } });
    expect(message).toContain('nats://me:***@host');
    expect(message).not.toContain('canary');
  });
});

describe('precedence', () => {
  test('default, file, environment, override', () => {
    const path = file('gateway: {port: 1}\nlimits: {perOwner: 7}');
    expect(loadConfig({ file: path }).gateway).toMatchObject({ port: 1, host: '127.0.0.1' });
    const env = { SLIPWAY_PORT: '2' };
    expect(loadConfig({ file: path, env }).gateway.port).toBe(2);
    expect(loadConfig({ file: path, env, overrides: { 'gateway.port': 3 } })).toMatchObject({
      gateway: { port: 3 },
      limits: { perOwner: 7, concurrent: 256 },
    });
  });

  test('every variable of the table sets its field', () => {
    const values: Record<string, string> = {
      SLIPWAY_PROFILE: 'test',
      SLIPWAY_PORT: '4711',
      SLIPWAY_EVENT_LOG: 'sqlite',
      SLIPWAY_LOG_LEVEL: 'warn',
      SLIPWAY_LOG_FORMAT: 'lines',
      NATS_URL: 'nats://elsewhere:1',
      DOCKER_HOST: 'unix:///some/where',
    };
    for (const { name, field } of ENVIRONMENT) {
      const value = values[name] ?? (name.includes('FILE') || /DATA|CONTENT/.test(name) ? '/some/where' : 'some-where');
      const config = loadConfig({ env: { [name]: value } }) as unknown as Record<string, unknown>;
      const set = field.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], config);
      expect([name, String(set)]).toEqual([name, value]);
    }
  });

  test('the table is in the docs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/configuration.md'), 'utf8');
    for (const { name, field } of ENVIRONMENT) expect(page).toContain(`| \`${name}\` | \`${field}\` |`);
  });
});
