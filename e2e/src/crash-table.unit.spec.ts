import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RESOURCE_KINDS } from '@slipway/contracts';
import { root } from '@slipway/testing';

const guide = join(root, 'docs/guides/crash-harness.md');
const ROW = /^\| `(\w+\/[\w-]+)` \| ([\w, ]+) \| \[contract\]\(([^)]+)\) \| \[[\w ]+\]\(([^)]+)\) \|$/gm;
const rows = [...readFileSync(guide, 'utf8').matchAll(ROW)].map(([, driver, jobs, contract, mesh]) => ({
  driver: driver!,
  jobs,
  contract: readFileSync(join(guide, '..', contract!), 'utf8'),
  mesh: readFileSync(join(guide, '..', mesh!), 'utf8'),
}));

test('each driver has a row, with every job, its contract, and a mesh that it dies in', () => {
  const drivers = RESOURCE_KINDS.flatMap((kind) =>
    readdirSync(join(root, 'apps', kind, 'src/drivers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${kind}/${name}`),
  );
  expect(rows.map(({ driver }) => driver).toSorted()).toEqual(drivers.toSorted());
  for (const { driver, jobs, contract, mesh } of rows) {
    // An update only where the driver can: its contract fails when it shows none.
    const updates = /^ {2}changed: \{/m.test(contract);
    expect(jobs).toBe(`provision, deprovision, export, import${updates ? ', update' : ''}`);
    if (updates) expect(mesh).toContain('update: {');
    expect(contract).toContain(`driverContract('${driver.split('/')[1]}', `);
    // With data the contract kills it in exports and imports too.
    expect(contract).toMatch(/^ {2}data: [{\w]/m);
    expect(mesh).toContain('dieInEveryJob(mesh, {');
  }
});
