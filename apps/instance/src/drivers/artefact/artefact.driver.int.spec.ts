import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readArtefact } from '@slipway/artefacts';
import { factsOf, placeArtefact } from '@slipway/artefacts/rules';
import { jarOf } from '@slipway/artefacts/testing';
import type { InstanceSpec } from '@slipway/contracts';
import { ContractPlace } from '@slipway/provisioner/testing';
import { isAskedToStartAnew } from '../../place/start-anew.js';
import { ArtefactDriver } from './artefact.driver.js';

describe('the driver "artefact"', () => {
  const driver = new ArtefactDriver();
  let place: ContractPlace;
  let folder: string;
  beforeEach(async () => {
    place = await ContractPlace.make();
    folder = join(place.folder, 'target-of', 'target');
    mkdirSync(folder, { recursive: true });
  });
  afterEach(() => place.remove());

  /** As the repository and a plan would make it. */
  async function specOf(
    type: string,
    file: string,
    content: Buffer,
    { shared = false, ...more }: Partial<InstanceSpec> & { shared?: boolean } = {},
  ) {
    const artefact = await readArtefact(file, content);
    const placed = placeArtefact(type, { artefact, shared });
    if ('unplaced' in placed) throw new Error(placed.unplaced.message);
    const { blobs } = await place.context();
    const placement = { target: type, ...placed.placement };
    return { artefactBlob: await blobs.put(content), artefactFacts: factsOf(artefact), placement, ...more } as InstanceSpec;
  }
  const ensure = async (name: string, spec: InstanceSpec, target: object = {}, generation = 1) =>
    driver.ensure(place.target('instance', name, generation), spec, { target: { folder, ...target } }, await place.context());
  const destroy = async (name: string, generation = 1) =>
    driver.destroy(place.target('instance', name, generation), await place.context());
  const standing = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name).slice(folder.length + 1)] : []))
      .toSorted();

  test('WildFly has deployments, and modules of several versions side by side, each with what says where it is', async () => {
    await ensure('app', await specOf('wildfly', 'shop.ear', jarOf()));
    for (const version of ['1.0', '2.0'])
      await ensure(
        `lib${version[0]}`,
        await specOf('wildfly', `lib-${version}.jar`, jarOf({ 'Automatic-Module-Name': 'org.lib' }), { shared: true }),
      );
    expect(standing()).toEqual([
      'modules/org/lib/1.0/lib-1.0.jar',
      'modules/org/lib/1.0/module.xml',
      'modules/org/lib/2.0/lib-2.0.jar',
      'modules/org/lib/2.0/module.xml',
      'standalone/deployments/shop.ear',
    ]);
    expect(readFileSync(join(folder, 'modules/org/lib/2.0/module.xml'), 'utf8')).toContain('<resource-root path="lib-2.0.jar"/>');
    await destroy('lib1');
    expect(standing()).toEqual([
      'modules/org/lib/2.0/lib-2.0.jar',
      'modules/org/lib/2.0/module.xml',
      'standalone/deployments/shop.ear',
    ]);
    expect(existsSync(join(folder, 'modules/org/lib/1.0'))).toBe(false);
  });
  test.skip('WildFly starts what is deployed (skipped: there is no Debian package of WildFly)', () => {});

  test('a package of npm stands whole in a process, is brought again where it is taken out, and goes', async () => {
    const made = mkdtempSync(join(place.folder, 'package-'));
    mkdirSync(join(made, 'package/lib'), { recursive: true });
    writeFileSync(
      join(made, 'package/package.json'),
      JSON.stringify({ name: '@acme/word', version: '1.0.0', main: 'lib/word.js' }),
    );
    writeFileSync(join(made, 'package/lib/word.js'), 'module.exports = "word";\n');
    execFileSync('tar', ['-czf', join(made, 'word.tgz'), '-C', made, 'package']);
    const spec = await specOf('process', 'word.tgz', readFileSync(join(made, 'word.tgz')));
    expect(await ensure('word', spec)).toMatchObject({ effect: 'made', outputs: { name: '@acme/word', version: '1.0.0' } });
    const said = () => execFileSync(process.execPath, ['-p', 'require("@acme/word")'], { cwd: folder }).toString();
    expect(said()).toBe('word\n');
    expect(await ensure('word', spec)).toMatchObject({ effect: 'found' });
    await driver.stop(place.target('instance', 'word'), await place.context());
    expect(standing()).toEqual([]);
    const observation = await driver.observe(place.target('instance', 'word'), spec, await place.context());
    expect(observation).toMatchObject({ health: 'starting', reason: 'It did not stand in its target and was brought again' });
    expect(said()).toBe('word\n');
    expect(await destroy('word')).toBe('destroyed');
    expect(standing()).toEqual([]);
  });

  test('what somebody else has put there is foreign, and stays', async () => {
    mkdirSync(join(folder, 'webapps'));
    writeFileSync(join(folder, 'webapps/a.war'), 'mine');
    await expect(ensure('a', await specOf('tomcat', 'a.war', jarOf()))).rejects.toMatchObject({ code: 'foreign' });
    await destroy('a');
    expect(readFileSync(join(folder, 'webapps/a.war'), 'utf8')).toBe('mine');
  });

  test('who runs in the target can read what is brought, and change nothing of it', async () => {
    await ensure('a', await specOf('tomcat', 'a.war', jarOf()));
    expect(statSync(join(folder, 'webapps/a.war')).mode & 0o777).toBe(0o644);
    expect(statSync(join(folder, 'webapps')).mode & 0o022).toBe(0);
  });

  test('a shared jar asks for its Tomcat to be started anew, once, and waits for it', async () => {
    const asked = async () => isAskedToStartAnew(folder, await place.context());
    const startAnew = () => rmSync(join(folder, '../start-anew'));
    const server = await listening(() => 200);
    try {
      const lib = await specOf('tomcat', 'lib-1.0.jar', jarOf(), { shared: true, health: { startSeconds: 60 } });
      const ensuring = ensure('lib', lib, { port: portOf(server) });
      while (!(await asked())) await new Promise((resolve) => setTimeout(resolve, 20));
      startAnew();
      await ensuring;
      await ensure('lib', lib, { port: portOf(server) });
      expect(await asked()).toBe(false);
      const other = await specOf('tomcat', 'other-1.0.jar', jarOf(), { shared: true, health: { startSeconds: 1 } });
      const inVain = 'Not taken within 1 s: Its target has not been started anew yet';
      await expect(ensure('other', other, { port: portOf(server) })).rejects.toThrow(inVain);
      startAnew();
      // That it did not end well means that nobody knows whether it was seen.
      await expect(ensure('other', other, { port: portOf(server) })).rejects.toThrow(inVain);
    } finally {
      server.close();
    }
  });

  test('a WAR is taken when it answers below its own path', async () => {
    const paths: string[] = [];
    const server = await listening((path) => {
      paths.push(path);
      return paths.length > 2 ? 200 : 404;
    });
    try {
      const url = `http://127.0.0.1:${portOf(server)}`;
      const spec = await specOf('tomcat', 'shop#a##1.war', jarOf(), { health: { path: '/ready' } });
      const { outputs } = await ensure('a', spec, { url, port: portOf(server) });
      expect(outputs).toMatchObject({ url: `${url}/shop/a` });
      expect(new Set(paths)).toEqual(new Set(['/shop/a/ready']));
    } finally {
      server.close();
    }
  });

  test.each([
    ['a target without a folder', { folder: undefined }, /^requirements\.target: it has no folder/],
    ['a folder that leads elsewhere', { folder: '/a/../b' }, /^requirements\.target: it has no folder/],
    ['one that is gone', { folder: '/nowhere/at/all' }, /its target has gone, or was made anew/],
  ])('%s is refused', async (_what, target, expected) => {
    await expect(ensure('a', await specOf('tomcat', 'a.war', jarOf()), target)).rejects.toThrow(expected);
  });

  test('what is handed to another program is refused by its field', async () => {
    const spec = await specOf('tomcat', 'a.war', jarOf());
    await expect(ensure('a', { ...spec, placement: { ...spec.placement!, by: 'dpkg' } })).rejects.toThrow(
      'placement: it is handed to dpkg',
    );
  });

  const listening = async (answer: (path: string) => number): Promise<Server> => {
    const server = createServer((request, response) => response.writeHead(answer(request.url!)).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
});
