import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MeshConfig } from './config.js';
import { driversAt } from './provided.js';
import { loadConfig } from './load.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (text: string) => {
  const file = join(folder, 'slipway.yaml');
  writeFileSync(file, text);
  return loadConfig({ file });
};

describe('provisioners in the configuration', () => {
  const slipway = { provides: { instance: 'instance', storage: 'storage', database: 'database' } };

  test('slipway is there and the default, whatever the file says', () => {
    expect(new MeshConfig().provisioners).toMatchObject({ default: 'slipway', hosts: { slipway } });
    expect(load('mesh: m').provisioners).toMatchObject({ default: 'slipway', hosts: { slipway } });
    const { hosts } = load('provisioners: {hosts: {notes: {provides: {storage: notes}}}}').provisioners;
    expect(hosts).toEqual({ slipway, notes: { provides: { storage: 'notes' } } });
  });

  test('what is said of slipway is laid over what it is', () => {
    const { hosts } = load('provisioners: {hosts: {slipway: {resource-uri: /api}}}').provisioners;
    expect(hosts['slipway']).toEqual({ ...slipway, 'resource-uri': '/api' });
  });

  test('a host holds provides, offerings, resource-uri and a package; a guest location its provisioner and offerings', () => {
    const size = '{name: size, title: Size, schema: {enum: [S, M]}, default: S}';
    const config = load(`
provisioners:
  default: notes
  folder: packages
  hosts:
    notes: {title: Notes, package: "@acme/notes", provides: {storage: notes}, offerings: [${size}], resource-uri: "/notes?v=1"}
guestLocations:
  local: {location: local, drivers: {storage: directory, database: sqlite, instance: process}, provisioner: slipway, offerings: [${size}]}
`);
    const offerings = [{ name: 'size', title: 'Size', schema: { enum: ['S', 'M'] }, default: 'S' }];
    expect(config.provisioners.hosts['notes']).toEqual({
      ...{ title: 'Notes', package: '@acme/notes', provides: { storage: 'notes' } },
      ...{ offerings, 'resource-uri': '/notes?v=1' },
    });
    expect(config.guestLocations['local']).toMatchObject({ provisioner: 'slipway', offerings });
    expect(isAbsolute(config.provisioners.folder!)).toBe(true);
  });

  test('a guest location that is reached over SSH has the kinds that it names drivers of, and no others', () => {
    const { guestLocations, provisioners } = load(`
hosts:
  far: {ssh: {address: far.example, user: slipway, keyFile: /etc/slipway/far.key}}
guestLocations:
  far: {location: far, drivers: {storage: directory, instance: [process]}}
clusters: {default: [far]}
`);
    expect(driversAt(provisioners.hosts['slipway']!, guestLocations['far']!)).toEqual({
      storage: ['directory'],
      instance: ['process'],
    });
  });

  const host = (text: string) => `provisioners: {hosts: {notes: ${text}}}`;
  test.each([
    ['provisioners: {default: moon}', /provisioners\.default is "moon".*there are slipway/],
    ['provisioners: {hosts: []}', /provisioners\.hosts .*object/],
    ['provisioners: {hosts: {slipway: 1}}', /provisioners\.hosts\.slipway is 1.*provides/],
    ['provisioners: {hosts: {a.b: {provides: {storage: x}}}}', /provisioners\.hosts\.a\.b .*lower-case/],
    [host('{}'), /notes\.provides is not set/],
    [host('{provides: {}}'), /notes\.provides is {}.*at least one of storage, database, instance/],
    [host('{provides: {host: x}}'), /notes\.provides\.host is "x".*is no kind/],
    [host('{provides: {storage: [x]}}'), /notes\.provides\.storage .*driver's name, or storage for its service/],
    [host('{provides: {storage: database}}'), /notes\.provides\.storage is "database".*makes no storage/],
    [host('{provides: {storage: x}, packages: y}'), /notes\.packages is "y".*is not known/],
    [host('{provides: {storage: x}, package: ../y}'), /notes\.package is "\.\.\/y".*npm package/],
    [host('{provides: {storage: x}, resource-uri: api}'), /notes\.resource-uri is "api".*path/],
    [host('{provides: {storage: x}, offerings: [{name: a}]}'), /notes\.offerings\.0\.title is not set/],
    [
      host('{provides: {storage: x}, offerings: [{name: a, title: A, schema: {enum: [1, 2]}, default: 3}]}'),
      /notes\.offerings\.0\.default is 3.*one of 1, 2/,
    ],
    [
      host('{provides: {storage: x}, offerings: [{name: a, title: A, schema: {type: wrong}, default: 3}]}'),
      /notes\.offerings\.0\.schema .*no JSON Schema/,
    ],
    [
      'guestLocations: {local: {location: local, drivers: {storage: a, database: b, instance: c}, provisioner: moon}}',
      /guestLocations\.local\.provisioner is "moon".*there are slipway/,
    ],
  ])('%s is refused by name', (text, expected) => expect(() => load(text)).toThrow(expected));
});
