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
  contract: withSamples(join(guide, '..', contract!)),
  mesh: readFileSync(join(guide, '..', mesh!), 'utf8'),
}));

/** A contract's test, with the samples that several of them share. */
function withSamples(file: string): string {
  const text = readFileSync(file, 'utf8');
  const [, samples] = /from '(\.\/testing\/samples)\.js'/.exec(text) ?? [];
  return samples === undefined ? text : text + readFileSync(join(file, '..', `${samples}.ts`), 'utf8');
}

test('each driver has a row, with every job, its contract, and a mesh that it dies in', () => {
  const drivers = RESOURCE_KINDS.flatMap((kind) =>
    readdirSync(join(root, 'apps', kind, 'src/drivers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${kind}/${name}`),
  );
  expect(rows.map(({ driver }) => driver).toSorted()).toEqual(drivers.toSorted());
  for (const { driver, jobs, contract, mesh } of rows) {
    // An update only where the driver can: its contract fails when it shows none.
    const updates = /^(?: {2}){1,2}changed: \{/m.test(contract);
    expect(contract).toContain(`driverContract('${driver.split('/')[1]}', `);
    // With data the contract kills it in exports and imports too; what has none is only made and given back.
    const hasData = /^(?: {2}){1,2}data: [{\w]/m.test(contract);
    expect(jobs).toBe(`provision, deprovision${hasData ? ', export, import' : ''}${updates ? ', update' : ''}`);
    if (updates) expect(mesh).toContain('update: {');
    if (hasData) expect(mesh).toContain('dieInEveryJob(mesh, {');
  }
});
