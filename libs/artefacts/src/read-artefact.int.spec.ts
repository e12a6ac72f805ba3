import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isJavaArchive, JAVA_KINDS } from './artefact.js';
import { placeArtefact } from './place-artefact.js';
import { readArtefact } from './read-artefact.js';
import { bundleHeaders, jarOf } from './testing/jar.js';
import { refusalFrom } from './testing/seed.js';
import { zipOf } from './testing/zip.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-artefacts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, bytes: Buffer): { path: string } {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path };
}

describe('an artefact', () => {
  test.each(JAVA_KINDS)('that is a %s is called as its file is, when it does not say its name', async (kind) => {
    const file = `guest-book-1.2.3-rc.1.${kind}`;
    const read = { kind, file, name: 'guest-book', version: '1.2.3-rc.1' };
    expect(await readArtefact(file, jarOf())).toEqual(read);
    expect(await readArtefact(file, fileOf(file, jarOf()))).toEqual(read);
  });

  test('may have no manifest, and no version', async () => {
    expect(await readArtefact('shop.war', zipOf([{ name: 'index.html' }]))).toEqual({
      kind: 'war',
      file: 'shop.war',
      name: 'shop',
    });
  });

  test('says its name as a module, its version as an implementation, and both as a bundle', async () => {
    const module = { 'Automatic-Module-Name': 'org.example.shop', 'Implementation-Version': '2.0' };
    expect(await readArtefact('a-1.jar', jarOf(module))).toMatchObject({ name: 'org.example.shop', version: '2.0' });
    const bundle = await readArtefact('a-1.jar', jarOf({ ...module, ...bundleHeaders({ 'Bundle-SymbolicName': 'b' }) }));
    expect(bundle).toMatchObject({ name: 'b', version: '1.2.3', osgi: { bundle: { symbolicName: 'b', version: '1.2.3' } } });
  });

  test.each([
    ['Automatic-Module-Name', '../../etc'],
    ['Automatic-Module-Name', 'a..b'],
    ['Implementation-Version', '../1'],
  ])('whose %s is %j is called as its file is: nothing of it leads out of a folder', async (header, value) => {
    const artefact = await readArtefact('shop-1.0.jar', jarOf({ [header]: value }));
    expect(artefact).toMatchObject({ name: 'shop', version: '1.0' });
    expect(placeArtefact('wildfly', { artefact, shared: true })).toMatchObject({
      placement: { path: 'modules/shop/1.0/shop-1.0.jar' },
    });
  });

  test('with faults in its headers is refused by a framework only', async () => {
    const artefact = await readArtefact('lib.jar', jarOf(bundleHeaders({ 'Import-Package': 'a;version=x' })));
    expect(artefact).toMatchObject({
      name: 'lib',
      osgi: { faults: [{ where: 'Import-Package', reason: expect.stringContaining('character 11') }] },
    });
    expect(placeArtefact('tomcat', { artefact, shared: true })).toHaveProperty('placement');
    expect(placeArtefact('osgi', { artefact, shared: true })).toHaveProperty('unplaced');
  });

  test('that is anything else is a plain file, which is not looked into', async () => {
    expect(await readArtefact('motd.txt', Buffer.from('hello'))).toEqual({ kind: 'file', file: 'motd.txt', name: 'motd.txt' });
  });

  test.each(['', '../a.jar', 'a/b.jar', '.jar', 'a b.jar', 'a\n.jar', '-a.jar', `${'a'.repeat(200)}.jar`])(
    'is not called %j',
    async (file) => {
      expect(await refusalFrom(() => readArtefact(file, jarOf()))).toMatch(/the name of an artefact is 1 to 200/);
    },
  );

  test('that is called as a Java archive and is none is refused, with what it is where that is known', async () => {
    expect(await refusalFrom(() => readArtefact('a.jar', Buffer.from('no')))).toMatch(/the archive: it cannot be taken as a ZIP/);
    expect(await refusalFrom(() => readArtefact('a.rar', Buffer.from('Rar!\u001a\u0007\u0001')))).toMatch(
      /it is one of the program RAR/,
    );
  });

  test('with a manifest that cannot be read is refused', async () => {
    const jar = zipOf([{ name: 'META-INF/MANIFEST.MF', data: 'A 1\n' }]);
    expect(await refusalFrom(() => readArtefact('a.jar', jar))).toMatch(/META-INF\/MANIFEST\.MF: line 1/);
  });

  test('that is not there is told as the system tells it', async () => {
    await expect(readArtefact('a.jar', { path: join(folder, 'nothing') })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of hundreds of megabytes is read in memory that does not depend on it', () => {
    const data = Buffer.alloc(8 * 2 ** 20);
    randomFillSync(data, 0, 160 * 1024);
    const large = fileOf('large.jar', zipOf(Array.from({ length: 40 }, (_, at) => ({ name: `${at}`, data }))));
    const small = fileOf('small.jar', jarOf());
    const peak = ({ path }: { path: string }): number => {
      const script = `const { readArtefact } = await import(process.argv[1]);
        await readArtefact('a.jar', { path: process.argv[2] });
        console.log(process.resourceUsage().maxRSS);`;
      const built = join(import.meta.dirname, '../dist/index.js');
      return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script, built, path]));
    };
    // KiB; 320 MiB are read.
    expect(peak(large) - peak(small)).toBeLessThan(100 * 1024);
  });
});

/** Where Debian's packages put their jars. */
const JARS = '/usr/share/java';
const jars = existsSync(JARS)
  ? readdirSync(JARS).filter((name) => name.endsWith('.jar') && lstatSync(join(JARS, name)).isFile())
  : [];
const FELIX = `${JARS}/org.apache.felix.framework.jar`;

describe('real ones', () => {
  (jars.length > 0 ? test : test.skip)(
    `every jar of Debian's packages is read, and those that are bundles have no faults${jars.length > 0 ? '' : ' (skipped: no jars of Debian packages on this machine)'}`,
    async () => {
      for (const file of jars) {
        const artefact = await readArtefact(file, { path: join(JARS, file) });
        const osgi = isJavaArchive(artefact) ? artefact.osgi : undefined;
        expect({ file, faults: osgi && 'faults' in osgi ? osgi.faults : [] }).toEqual({ file, faults: [] });
      }
    },
    120_000,
  );

  const hasFelix = existsSync(FELIX);
  (hasFelix ? test : test.skip)(
    `the framework of Apache Felix says what it provides itself${hasFelix ? '' : ' (skipped: libfelix-framework-java is not installed)'}`,
    async () => {
      const artefact = await readArtefact('org.apache.felix.framework.jar', { path: FELIX });
      expect(artefact).toMatchObject({
        name: 'org.apache.felix.framework',
        osgi: {
          bundle: {
            capabilities: expect.arrayContaining([
              expect.objectContaining({
                namespace: 'osgi.wiring.package',
                attributes: expect.objectContaining({ 'osgi.wiring.package': 'org.osgi.framework.wiring' }),
              }),
            ]),
            requirements: [{ namespace: 'osgi.ee', filter: expect.stringMatching(/^\(&\(osgi\.ee=JavaSE\)\(version=/) }],
          },
        },
      });
    },
  );
});
