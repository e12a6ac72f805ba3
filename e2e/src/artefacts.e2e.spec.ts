/** What `docs/guides/bring-an-artefact.md` shows, in a whole mesh with a real Tomcat and a real OSGi framework. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { slipway } from './slipway.js';

const guide = readFileSync(join(root, 'docs/guides/bring-an-artefact.md'), 'utf8');
const blocks = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);

const missing = [
  ['/usr/share/tomcat10/bin/bootstrap.jar', 'the Debian package tomcat10-common is not installed'],
  ['/usr/bin/javac', 'no JDK is installed'],
].find(([file]) => !existsSync(file!))?.[1];

const GREETING = `package util;
public class Greeting { public static String of() { return "from the shared library"; } }
`;

describe('Artefacts', () => {
  if (missing !== undefined) {
    it.skip(`a Tomcat gets a WAR and a shared jar, and gives them back (skipped: ${missing})`, () => {});
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-artefacts-'));
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const cli = (...args: string[]) => slipway(mesh, args);
  const file = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const jar = (name: string, content: string) =>
    execFileSync('jar', ['cf', join(folder, name), '-C', join(folder, content), '.']);
  const answerOf = async (instance: string) => (await mesh.client().instances.call(instance, '/')).text();
  const installed = async () => (await mesh.client().instances.list({} as never)).items.map(({ name }) => name).toSorted();

  it('a Tomcat gets a WAR and a shared jar, answers also after all have died in the middle, and gives them back', async () => {
    file('src/util/Greeting.java', GREETING);
    execFileSync('javac', ['-d', join(folder, 'classes'), join(folder, 'src/util/Greeting.java')]);
    file('war/index.jsp', '<%= util.Greeting.of() %>');
    file('other/index.jsp', 'another <%= util.Greeting.of() %>');
    mkdirSync(join(folder, 'web'));
    jar('web/greeting-1.0.jar', 'classes');
    jar('web/hello.war', 'war');
    jar('web/other.war', 'other');
    const more = `
  - name: other
    version: 1.0.0
    type: instance
    driver: artefact
    requirements: [{ namespace: slipway.target, name: target, attributes: { type: tomcat } }]
    dependencies: [greeting]
    spec: { artefact: other.war, health: { path: / } }
  - name: alone
    version: 1.0.0
    type: instance
    driver: artefact
    requirements: [{ namespace: slipway.target, name: target, attributes: { type: tomcat } }]
    spec: { artefact: greeting-1.0.jar }
`;
    file('web/package.yaml', `${blocks[0]}${blocks[1]}${more}`);
    expect(await cli('content', 'upload', join(folder, 'web'))).toMatchObject({ code: 0 });

    const plan = await mesh.client().plan({ ownerId: 'ada', instanceId: 'shop', definition: 'hello' } as never);
    expect(plan.unsatisfied).toEqual([]);
    expect(plan.steps.map(({ id }) => id)).toEqual(['instance/tomcat', 'instance/greeting', 'instance/shop']);
    const { stdout: shown } = await cli('plan', 'ada', 'shop', '--definition=hello');
    expect(guide).toContain(shown.trimEnd().replaceAll(/^/gm, '    '));
    const unfit = await cli('plan', 'ada', 'alone', '--definition=alone');
    expect(unfit.code).toBe(3);
    expect(unfit.stdout + unfit.stderr).toContain(/^ {4}(Tomcat does not take .*)$/m.exec(guide)![1]);

    expect(await cli('provision', 'ada', 'shop', '--definition=hello')).toMatchObject({ code: 0 });
    expect(await answerOf('shop')).toBe('from the shared library');

    // The second is under way when everything dies.
    expect(await cli('provision', '--no-wait', 'ada', 'other', '--definition=other')).toMatchObject({ code: 0 });
    await mesh.killEverything();
    await mesh.startEverything();
    await mesh.ready();
    const done = async () => {
      const { items } = await mesh.client().requests.list({ instanceId: 'other' } as never);
      return items[0]?.status;
    };
    for (let left = 300; (await done()) !== 'succeeded' && left > 0; left--)
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await done()).toBe('succeeded');
    expect(await answerOf('other')).toBe('another from the shared library');
    expect(await answerOf('shop')).toBe('from the shared library');

    expect(await cli('deprovision', 'shop')).toMatchObject({ code: 0 });
    expect(await answerOf('other')).toBe('another from the shared library');
    expect(await installed()).toEqual(['greeting', 'other', 'tomcat']);
    expect(await cli('deprovision', 'other')).toMatchObject({ code: 0 });
    expect(await installed()).toEqual([]);
  }, 240_000);

  const felix = '/usr/share/java/org.apache.felix.framework.jar';
  const noFelix = existsSync(felix) ? undefined : 'the Debian package libfelix-framework-java is not installed';
  (noFelix === undefined ? it : it.skip)(
    `bundles resolve against the framework's own capabilities, start in Apache Felix, and their real wires are read back${noFelix === undefined ? '' : ` (skipped: ${noFelix})`}`,
    async () => {
      const bundle = (name: string, source: Record<string, string>, headers: Record<string, string>) => {
        const classes = join(folder, `${name}.classes`);
        const sources = Object.entries(source).map(([path, text]) => {
          file(`${name}.src/${path}`, text);
          return join(folder, `${name}.src`, path);
        });
        mkdirSync(classes);
        execFileSync('javac', ['-cp', `${felix}:${join(folder, 'util.classes')}`, '-d', classes, ...sources]);
        const all = { 'Bundle-ManifestVersion': '2', ...headers };
        file(
          `${name}.mf`,
          Object.entries(all)
            .map(([header, value]) => `${header}: ${value}\n`)
            .join(''),
        );
        execFileSync('jar', ['cfm', join(folder, `${name}.jar`), join(folder, `${name}.mf`), '-C', classes, '.']);
        return join(folder, `${name}.jar`);
      };
      const exporting = (name: string, version: string) => ({
        'Bundle-SymbolicName': name,
        'Bundle-Version': version,
        'Export-Package': `org.example.util;version="${version}"`,
      });
      const util = {
        'org/example/util/Word.java': 'package org.example.util; public class Word { public static String one = "word"; }',
      };
      const greeter = {
        'org/example/Greeter.java': `package org.example;
          import org.osgi.framework.*;
          public class Greeter implements BundleActivator {
            public void start(BundleContext context) { System.out.println("started with " + org.example.util.Word.one + javax.xml.XMLConstants.XML_NS_PREFIX); }
            public void stop(BundleContext context) {}
          }`,
      };
      const importing = (more = '') => ({
        'Bundle-SymbolicName': 'org.example.greeter',
        'Bundle-Version': '1.0.0',
        'Bundle-Activator': 'org.example.Greeter',
        'Import-Package': `org.osgi.framework,javax.xml,org.example.util;version="[1,2)"${more}`,
      });
      mkdirSync(join(folder, 'bundles'));
      const launcher = join(root, 'apps/instance/frameworks/osgi/launcher');
      cpSync(launcher, join(folder, 'bundles/launcher'), { recursive: true });
      cpSync(bundle('util', util, exporting('org.example.util', '1.0.0')), join(folder, 'bundles/util-1.0.jar'));
      cpSync(bundle('greeter', greeter, importing()), join(folder, 'bundles/greeter-1.0.jar'));
      cpSync(bundle('lonely', greeter, importing(',org.example.nowhere')), join(folder, 'bundles/lonely.jar'));
      const stranger = bundle('stranger', util, exporting('org.example.stranger', '1.5.0'));

      const own = execFileSync('java', ['-cp', felix, join(launcher, 'Framework.java'), 'capabilities'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const capabilities = (JSON.parse(own.toString()) as object[]).map((one) => `      - ${JSON.stringify(one)}\n`).join('');
      const lonely = `
  - name: lonely
    version: 1.0.0
    type: instance
    driver: artefact
    requirements: [{ namespace: slipway.target, name: target, attributes: { type: osgi } }]
    spec: { artefact: lonely.jar }
`;
      file('bundles/package.yaml', `${blocks[2]}${capabilities}${blocks[3]}${lonely}`);
      expect(await cli('content', 'upload', join(folder, 'bundles'))).toMatchObject({ code: 0 });
      const alone = await mesh.client().plan({ ownerId: 'ada', instanceId: 'x', definition: 'lonely' } as never);
      expect(alone.unsatisfied).toContainEqual(
        expect.objectContaining({ requirement: expect.stringContaining('org.example.nowhere') }),
      );

      expect(await cli('provision', 'ada', 'words', '--definition=util')).toMatchObject({ code: 0 });
      expect(await cli('provision', 'ada', 'greeting', '--definition=greeter')).toMatchObject({ code: 0 });
      const outputs = async () => (await mesh.client().instances.get('greeting')).outputs as Record<string, object[]>;
      const wires = (await outputs())['wires']!;
      expect(wires).toContainEqual(
        expect.objectContaining({ name: 'org.example.util', provider: 'org.example.util', version: '1.0.0' }),
      );
      expect(wires).toContainEqual(expect.objectContaining({ name: 'javax.xml', provider: '' }));
      expect((await outputs())['differences']).toEqual([]);
      expect(await cli('deprovision', 'greeting')).toMatchObject({ code: 0 });

      // Somebody brings a newer one by hand, which no plan knows of: the framework takes that.
      const { folder: target } = (await mesh.client().instances.get('felix')).outputs as { folder: string };
      cpSync(stranger, join(target, 'bundle/stranger.jar'));
      expect(await cli('provision', 'ada', 'greeting', '--definition=greeter')).toMatchObject({ code: 0 });
      expect((await outputs())['differences']).toEqual([
        'it has org.example.util from org.example.stranger 1.5.0, and not from org.example.util 1.0.0',
      ]);
      expect(await cli('deprovision', 'greeting')).toMatchObject({ code: 0 });
      expect(await cli('deprovision', 'words')).toMatchObject({ code: 0 });
      expect(await installed()).toEqual([]);
    },
    240_000,
  );
});
