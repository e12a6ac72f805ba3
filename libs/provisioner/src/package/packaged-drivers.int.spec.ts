import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProvisionersConfig } from '@slipway/mesh';
import { packagedDrivers } from './packaged-drivers.js';

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
