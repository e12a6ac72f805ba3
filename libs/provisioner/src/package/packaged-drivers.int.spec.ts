import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProvisionersConfig } from '@slipway/mesh';
import { assertOnce, packagedDrivers } from './packaged-drivers.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-packages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const DRIVER = "{ kind: 'storage', name: 'notes', ensure() {}, inspect() {}, destroy() {}, marks: kit.generationMarks }";

function install(code: string, manifest: object = { slipway: { provisioner: './index.mjs' } }): void {
  const path = join(folder, 'node_modules/@acme/notes');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: '@acme/notes', version: '1.0.0', ...manifest }));
  writeFileSync(join(path, 'index.mjs'), code);
}

const load = (provides: object = { storage: 'notes' }, kind: 'storage' | 'database' = 'storage') =>
  packagedDrivers(
    Object.assign(new ProvisionersConfig(), { folder, hosts: { notes: { package: '@acme/notes', provides } } }),
    kind,
  );

describe('what a package brings', () => {
  test('are the drivers that its provisioner provides, of the kind that is asked for', async () => {
    install(`export const drivers = (kit) => [${DRIVER}]`);
    const { drivers, problems } = await load();
    expect([drivers.map(({ kind, name }) => `${kind}/${name}`), problems]).toEqual([['storage/notes'], []]);
    expect(await load({ storage: 'notes' }, 'database')).toEqual({ drivers: [], problems: [] });
    expect(await load({ storage: 'storage' })).toEqual({ drivers: [], problems: [] });
  });

  test('is told, where it cannot be used, and keeps nobody from starting', async () => {
    const problem = async () => (await load()).problems.join();
    expect(await problem()).toMatch(/@acme\/notes of the provisioner notes cannot be used: .*(not installed|Cannot find)/);
    install('', {});
    expect(await problem()).toMatch(/names no module in slipway\.provisioner/);
    install('', { slipway: { provisioner: '../../../index.mjs' } });
    expect(await problem()).toMatch(/is not a file of the package/);
    install('', { slipway: { provisioner: './none.mjs' } });
    expect(await problem()).toMatch(/none\.mjs/);
  });

  test('that never ends loading is named, and keeps nobody from starting', async () => {
    install('await new Promise(() => {}); export const drivers = () => []');
    const config = Object.assign(new ProvisionersConfig(), {
      folder,
      hosts: { notes: { package: '@acme/notes', provides: { storage: 'notes' } } },
    });
    const { drivers, problems } = await packagedDrivers(config, 'storage', 200);
    expect(drivers).toEqual([]);
    expect(problems.join()).toMatch(/@acme\/notes of the provisioner notes cannot be used: it has not loaded within 0\.2 s/);
  });

  test('under a name that somebody else brings too is a configuration error, by name', async () => {
    install(`export const drivers = (kit) => [${DRIVER}]`);
    const host = { package: '@acme/notes', provides: { storage: 'notes' } };
    const of = (hosts: object) => packagedDrivers(Object.assign(new ProvisionersConfig(), { folder, hosts }), 'storage');
    expect((await of({ one: host, two: host })).drivers).toHaveLength(1);
    const invalid = (by: string) =>
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringContaining(`storage driver notes is brought by ${by}`),
      });
    await expect(of({ one: host, two: { ...host, package: '@acme/other' } })).rejects.toEqual(invalid('the package @acme/notes'));
    const packaged = await load();
    expect(() => assertOnce(packaged.drivers, packaged)).toThrow(invalid('Slipway itself'));
    expect(() => assertOnce([], packaged)).not.toThrow();
  });

  test.each([
    ['export const other = 1', /exports no function drivers/],
    ['export const drivers = () => []', /no storage driver notes; it has none/],
    ["export const drivers = () => [{ kind: 'storage', name: 'notes', ensure() {} }]", /notes lacks inspect, destroy, marks/],
    ["throw new Error('broken on its own')", /broken on its own/],
  ])('%s: is named with the reason', async (code, expected) => {
    install(code);
    expect((await load()).problems.join()).toMatch(expected);
  });
});
