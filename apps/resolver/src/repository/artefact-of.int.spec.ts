import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleHeaders, jarOf } from '@slipway/artefacts/testing';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { sha256, type ResourceDefinition } from '@slipway/contracts';
import { PackageRefused, readPackage } from './package-source.js';

/** A package of one definition that goes into a target, whichever way it comes: `readPackage` is the one place that looks at it. */
describe('what a definition brings into a target', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-target-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const target = (type: string) => ({ namespace: 'slipway.target', name: 'target', attributes: { type } });
  async function read(artefact: string, type: string, more: Partial<ResourceDefinition> = {}) {
    const { requirements = [], ...rest } = more;
    const requires = { requirements: [target(type), ...requirements] };
    const definition = {
      name: 'a',
      version: '1.0.0',
      type: 'instance',
      driver: 'artefact',
      ...requires,
      spec: { artefact },
      ...rest,
    };
    const content = { name: 'p', version: '1.0.0', definitions: [definition] };
    await writeFile(join(folder, 'package.json'), JSON.stringify(content));
    const blobs = new MemoryBlobs();
    try {
      const loaded = await (await readPackage(folder, { entry: '.', file: 'package.json', folder })).load(blobs);
      return { definition: loaded.definitions[0]!, blobs };
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error;
      return { problems: error.problems.map(({ field = '', reason }) => `${field} ${reason}`), blobs };
    }
  }
  const put = (name: string, content: Buffer) => writeFile(join(folder, name), content);

  test('is read: its facts and its content are pinned', async () => {
    const war = jarOf({ 'Implementation-Version': '1.2' }, { 'index.html': 'hello' });
    await put('hello.war', war);
    const { definition, blobs } = await read('hello.war', 'tomcat');
    expect(definition!.spec).toEqual({
      artefact: 'hello.war',
      artefactFacts: { kind: 'war', file: 'hello.war', name: 'hello', version: '1.2' },
      artefactBlob: { sha256: sha256(war), bytes: war.length },
    });
    expect(blobs.contents.size).toBe(1);
  });

  const headers = bundleHeaders({
    'Import-Package': 'org.osgi.framework;version="[1.8,2)"',
    'Export-Package': 'org.example.shop;version="1.2.3"',
  });

  test('a bundle says itself what it provides and requires; it may stand beside its other versions', async () => {
    await put('shop.jar', jarOf(headers));
    const { definition } = await read('shop.jar', 'osgi', { capabilities: [{ namespace: 'shop' }] });
    expect(definition).toMatchObject({ singleton: false });
    const namespaces = definition!.capabilities!.map(({ namespace }) => namespace);
    expect(namespaces).toEqual(['shop', 'osgi.identity', 'osgi.wiring.bundle', 'osgi.wiring.host', 'osgi.wiring.package']);
    expect(definition!.requirements).toEqual([
      target('osgi'),
      {
        name: 'osgi-1',
        namespace: 'osgi.wiring.package',
        filter: '(&(osgi.wiring.package=org.osgi.framework)(version>=1.8.0)(!(version>=2.0.0)))',
      },
    ]);
    expect(definition!.spec!['artefactFacts']).toMatchObject({
      osgi: { bundle: { symbolicName: 'org.example.shop', capabilities: [] } },
    });
  });

  test('in another container the same jar is a jar', async () => {
    await put('shop.jar', jarOf(headers));
    const { definition } = await read('shop.jar', 'tomcat', { shared: true });
    expect(definition).toMatchObject({ requirements: [target('tomcat')] });
    expect(definition!.capabilities).toBeUndefined();
  });

  test.each([
    [
      'what it offers',
      { capabilities: [{ namespace: 'osgi.wiring.package' }] },
      'definitions.0.capabilities.0.namespace the bundle says itself what it has of "osgi.wiring.package"',
    ],
    [
      'what it requires',
      { requirements: [{ namespace: 'osgi.ee' }] },
      'definitions.0.requirements.1.namespace the bundle says itself what it has of "osgi.ee"',
    ],
    [
      'names that are kept for that',
      { requirements: [{ namespace: 'x', name: 'osgi-1' }] },
      'definitions.0.requirements.1.name is kept for what the bundle requires',
    ],
  ])('what a bundle says nobody says again: %s', async (_what, more, expected) => {
    await put('shop.jar', jarOf(headers));
    const attributes = { 'osgi.wiring.package': 'x' };
    const whole = 'capabilities' in more ? { capabilities: [{ ...more.capabilities[0]!, attributes }] } : more;
    const { problems, blobs } = await read('shop.jar', 'osgi', whole);
    expect(problems).toEqual([expected]);
    expect(blobs.contents.size).toBe(0);
  });

  test('what is damaged, a folder, a link, or not there is refused by its field, and nothing is kept', async () => {
    await put('broken.war', Buffer.from('no zip'));
    await mkdir(join(folder, 'folder.war'));
    await symlink('/etc/passwd', join(folder, 'link.war'));
    const problems = async (file: string) => {
      const outcome = await read(file, 'tomcat');
      expect(outcome.blobs.contents.size).toBe(0);
      return outcome.problems;
    };
    expect(await problems('broken.war')).toEqual([expect.stringMatching(/^definitions\.0\.spec\.artefact the archive: /)]);
    const noFile = (file: string) => [`definitions.0.spec.artefact ${file} is not a file of the package`];
    expect(await problems('folder.war')).toEqual(noFile('folder.war'));
    expect(await problems('link.war')).toEqual(noFile('link.war'));
    expect(await problems('nothing.war')).toEqual(['definitions.0.spec.artefact nothing.war is not there']);
  });
});
