/** Everything for a service, on a Debian host that is there: libraries, security patches, a monitoring agent, and the service. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildTestPackage, makeDebianHost, whyNoDebianHost, type TestHost } from '@slipway/interfaces/testing';
import { TestMesh } from '@slipway/testing';
import { stringify } from 'yaml';
import { processesIn, standing } from './place.js';
import { slipway } from './slipway.js';

const missing = whyNoDebianHost();

/** Says what the library of its host says, as it is when it is asked. */
const SERVICE = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
createServer((_, response) => response.end(readFileSync('/usr/share/greeting/words', 'utf8')))
  .listen(Number(process.env.PORT), '127.0.0.1');
`;

const onHost = [{ name: 'target', namespace: 'slipway.target', attributes: { type: 'host' } }];
const host = { name: 'host', namespace: 'host', attributes: { distribution: 'debian' } };
const needs = (name: string) => ({ name, namespace: 'packages', attributes: { name } });
const packages = (name: string, apt: object) => ({
  ...{ name, version: '1.0.0', type: 'instance', driver: 'apt', shared: true, requirements: onHost },
  capabilities: [{ namespace: 'packages', attributes: { name } }],
  spec: { apt },
});

const definitions = [
  {
    ...{ name: 'web-host', version: '1.0.0', type: 'instance', driver: 'host', shared: true },
    capabilities: [
      { namespace: 'slipway.target', attributes: { type: 'host' } },
      { namespace: 'host', attributes: { distribution: 'debian', version: '12.0.0' } },
    ],
    spec: { host: { distribution: 'debian', version: '12' } },
  },
  packages('greeting-library', { packages: [{ name: 'greeting' }] }),
  packages('tls-patches', { patches: [{ name: 'libtls' }] }),
  packages('exporter-program', { packages: [{ name: 'prometheus-node-exporter' }] }),
  {
    ...{ name: 'host-monitor', version: '1.0.0', type: 'instance', driver: 'process', shared: true },
    capabilities: [{ namespace: 'monitoring', attributes: { what: 'host' } }],
    requirements: [host, needs('exporter-program')],
    spec: {
      // It takes its address as an argument only.
      command: ['sh', '-c', 'exec prometheus-node-exporter --web.listen-address="127.0.0.1:$PORT"'],
      environment: { PORT: '${port}' },
      health: { path: '/metrics', startSeconds: 60 },
    },
  },
  {
    ...{ name: 'greeter', version: '1.0.0', type: 'instance', driver: 'process' },
    requirements: [host, needs('greeting-library'), needs('tls-patches'), { name: 'monitor', namespace: 'monitoring' }],
    spec: {
      artefact: 'app',
      command: ['node', 'app.mjs'],
      environment: { PORT: '${port}' },
      health: { path: '/', startSeconds: 60 },
    },
  },
  {
    ...{ name: 'words', version: '1.0.0', type: 'instance', driver: 'artefact', requirements: onHost },
    spec: { artefact: 'files/words.txt' },
  },
  {
    ...{ name: 'tool', version: '1.0.0', type: 'instance', driver: 'apt', requirements: onHost },
    spec: { artefact: 'files/tool_2.0_all.deb' },
  },
  {
    ...{ name: 'listener', version: '1.0.0', type: 'instance', driver: 'process' },
    requirements: [host, needs('greeting-library')],
    spec: {
      artefact: 'app',
      command: ['node', 'app.mjs'],
      environment: { PORT: '${port}' },
      health: { path: '/', startSeconds: 60 },
    },
  },
];

const about = 'Everything for a service on a Debian host';
if (missing !== undefined) it.skip(`${about} (skipped: ${missing})`, () => {});
else
  describe(about, () => {
    let debian: TestHost;
    let content: string;
    let mesh: TestMesh;

    beforeAll(async () => {
      debian = makeDebianHost();
      debian.publish('main', { name: 'libwords', version: '1.0' }, { name: 'libtls', version: '1.0' });
      debian.publish('main', {
        ...{ name: 'greeting', version: '1.0', depends: 'libwords' },
        files: { 'usr/share/greeting/words': 'good morning' },
      });
      debian.run('apt-get', 'update');
      debian.run('apt-get', 'install', '--yes', 'libtls');
      debian.publish('security', { name: 'libtls', version: '1.0+deb12u1' });
      content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
      mkdirSync(join(content, 'hosts/app'), { recursive: true });
      mkdirSync(join(content, 'hosts/files'));
      writeFileSync(join(content, 'hosts/app/app.mjs'), SERVICE);
      writeFileSync(join(content, 'hosts/files/words.txt'), 'good night');
      buildTestPackage({ name: 'tool', version: '2.0', depends: 'libwords' }, join(content, 'hosts/files'));
      writeFileSync(join(content, 'hosts/package.yaml'), stringify({ name: 'hosts', version: '1.0.0', definitions }));
      const drivers = { storage: 'directory', database: 'sqlite', instance: ['process', 'host', 'apt', 'artefact'] };
      mesh = await TestMesh.start({
        settings: {
          contentFolder: content,
          defaultDefinition: 'greeter',
          guestLocations: { local: { location: 'local', drivers } },
          instances: { hosts: { local: { root: debian.root } } },
        },
      });
    }, 300_000);
    afterAll(async () => {
      await mesh?.remove();
      debian?.remove();
      if (content) rmSync(content, { recursive: true });
    }, 60_000);

    const ask = async (name: string, path = '/') => {
      const { outputs } = await mesh.client().instances.get(`default.${name}`);
      return (await fetch(`${String(outputs.url)}${path}`)).text();
    };
    const provision = async (definition: string, name: string) => {
      const asked = ['provision', `--definition=${definition}`, '--timeout=200', 'ada', name];
      const { code, stdout, stderr } = await slipway(mesh, asked, { timeoutMs: 240_000 });
      expect({ code, said: code === 0 ? '' : `${stdout}${stderr}${mesh.logs()}` }).toEqual({ code: 0, said: '' });
    };
    const deprovision = async (name: string) => {
      const { requestId } = await mesh.client().deprovision({ instanceId: name });
      expect(await mesh.client().wait(requestId, { timeoutMs: 120_000 })).toMatchObject({ status: 'succeeded' });
    };
    const versions = () =>
      Object.fromEntries(
        ['greeting', 'libwords', 'libtls', 'prometheus-node-exporter'].map((name) => [name, debian.version(name) ?? null]),
      );
    const before = { greeting: null, libwords: null, libtls: '1.0', 'prometheus-node-exporter': null };

    it('a plan names every part of it with its own step, after what it needs, and changes nothing', async () => {
      const plan = await mesh.client().plan({ ownerId: 'ada', instanceId: 'shop', definition: 'greeter' });
      const steps = plan.steps.map(({ name, driver, after }) => [
        name,
        driver,
        after.map((id) => id.slice('instance/'.length)).toSorted(),
      ]);
      expect(new Set(steps)).toEqual(
        new Set([
          ['web-host', 'host', []],
          ['greeting-library', 'apt', ['web-host']],
          ['tls-patches', 'apt', ['web-host']],
          ['exporter-program', 'apt', ['web-host']],
          ['host-monitor', 'process', ['exporter-program', 'web-host']],
          ['shop', 'process', ['greeting-library', 'host-monitor', 'tls-patches', 'web-host']],
        ]),
      );
      expect(versions()).toEqual(before);
    }, 120_000);

    it('one request installs libraries, patches, an agent that answers, and the service', async () => {
      await provision('greeter', 'shop');
      expect(await ask('shop')).toBe('good morning');
      expect(await ask('host-monitor', '/metrics')).toMatch(/^node_exporter_build_info\{/m);
      expect(versions()).toEqual({
        ...{ greeting: '1.0', libwords: '1.0', libtls: '1.0+deb12u1' },
        'prometheus-node-exporter': expect.any(String),
      });
      const { outputs } = await mesh.client().instances.get('default.web-host');
      expect(outputs).toMatchObject({ type: 'host', root: debian.root, distribution: 'debian', version: '12' });
      // What waited when the host was taken in, by name, so that a person could name it.
      expect(outputs.securityPatches).toEqual([{ name: 'libtls', installed: '1.0', available: '1.0+deb12u1' }]);
    }, 300_000);

    it('a file and a Debian package of the content go onto the host as artefacts, and go again', async () => {
      await provision('words', 'night');
      await provision('tool', 'saw');
      const { outputs } = await mesh.client().instances.get('default.night');
      expect(String(outputs.file)).toMatch(new RegExp(`^${debian.root}/opt/slipway/default\\.web-host/words\\.txt$`));
      expect(readFileSync(String(outputs.file), 'utf8')).toBe('good night');
      expect([debian.version('tool'), debian.version('libwords')]).toEqual(['2.0', '1.0']);
      await deprovision('night');
      await deprovision('saw');
      expect(debian.version('tool')).toBeUndefined();
      expect(existsSync(String(outputs.file))).toBe(false);
    }, 300_000);

    it('what another service needs stays with it, and goes with it', async () => {
      await provision('listener', 'other');
      await deprovision('shop');
      expect(versions()).toEqual({ ...before, greeting: '1.0', libwords: '1.0' });
      expect(await ask('other')).toBe('good morning');
      await deprovision('other');
      expect(versions()).toEqual(before);
      expect(standing(mesh.data)).toEqual([]);
      expect(processesIn(mesh.data)).toEqual([]);
      expect(readdirSync(join(debian.root, 'var/lib'))).not.toContain('slipway');
      for (const folder of ['mnt', 'opt']) expect(readdirSync(join(debian.root, folder))).toEqual([]);
    }, 300_000);
  });
