/** What `docs/guides/write-an-artefact-rule.md` shows is compiled as it stands there, and places artefacts. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import type * as artefacts from './index.js';
import type * as placing from './rules.js';
import { ARTEFACT_RULES } from './rules/registry.js';
import { jarOf } from './testing/jar.js';
import { zipOf } from './testing/zip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/write-an-artefact-rule.md'), 'utf8');
const folder = join(root, 'libs/artefacts/dist/guide');

/** Each block of TypeScript names its file in its first line. */
const blocks = [...guide.matchAll(/^```ts\n\/\/ libs\/artefacts\/(\S+)\n([\s\S]*?)^```$/gm)].map(([, file, code]) => ({
  file: file!,
  code: code!,
}));

/** This lib, with the files of the guide laid over it. */
async function withGuide(): Promise<Pick<typeof artefacts, 'readArtefact'> & typeof placing> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, 'libs/artefacts/src'), join(folder, 'src'), {
    recursive: true,
    filter: (path) => !/\.spec\.ts$|\/testing$/.test(path),
  });
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code);
  const compilerOptions = { rootDir: 'src', outDir: 'dist', customConditions: [], composite: false, incremental: false };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../../tsconfig.base.json', compilerOptions, include: ['src'] }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const load = (file: string) => import(pathToFileURL(join(folder, 'dist', file)).href);
  return { ...((await load('read-artefact.js')) as typeof artefacts), ...((await load('rules.js')) as typeof placing) };
}

test('the guide shows a rule and its registration beside all others, and they work as shown', async () => {
  expect(blocks.map(({ file }) => file)).toEqual(['src/rules/jetty.ts', 'src/rules/registry.ts']);
  const { placeArtefact, readArtefact, ARTEFACT_RULES: rules } = await withGuide();
  expect(Object.keys(rules).toSorted()).toEqual([...Object.keys(ARTEFACT_RULES), 'jetty'].toSorted());
  const [war, jar] = [await readArtefact('shop.war', jarOf()), await readArtefact('lib-1.0.jar', jarOf())];
  expect(placeArtefact('jetty', { artefact: war, shared: false })).toEqual({
    placement: { path: 'webapps/shop.war', by: 'file' },
  });
  expect(placeArtefact('jetty', { artefact: jar, shared: true })).toEqual({
    placement: { path: 'lib/ext/lib-1.0.jar', by: 'file' },
  });
  const refused = placeArtefact('jetty', { artefact: jar, shared: false });
  expect('unplaced' in refused && guide.includes(`\n    ${refused.unplaced.message}\n`)).toBe(true);
  const faulty = await readArtefact(
    'a.jar',
    jarOf({ 'Bundle-ManifestVersion': '2', 'Bundle-SymbolicName': 'a', 'Import-Package': 'a;version=x' }),
  );
  const faults = 'osgi' in faulty && faulty.osgi && 'faults' in faulty.osgi ? faulty.osgi.faults : [];
  for (const { where, reason } of faults) expect(guide).toContain(`    bad-input: ${where}: ${reason}\n`);
  expect(faults).toHaveLength(1);
  const evil = await readArtefact('a.jar', zipOf([{ name: '../evil' }])).catch((error: Error) => error.message);
  expect(guide).toContain(`    bad-input: ${String(evil)}\n`);
});
