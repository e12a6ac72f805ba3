import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RemoteLocationConfig } from '@slipway/mesh';
import { startSshServer, startWire, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { places, type Places } from './places.js';

let folder: string;
let open: Places[];
const drivers = new Map([
  ['files', { name: 'files', anywhere: true as const }],
  ['near', { name: 'near' }],
]);
const placesOf = (hosts: Record<string, RemoteLocationConfig>): Places => {
  const leased = { place: () => Promise.reject(new Error('nothing is leased here')), close: async () => {} };
  const made = places({ dataFolder: join(folder, 'data'), kind: 'storage', hosts, drivers, leased });
  open.push(made);
  return made;
};
const ssh = { address: '127.0.0.1', port: 1, user: 'nobody', keyFile: '/nowhere/key' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-places-'));
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a place at this machine', () => {
  test('stands below the data folder, for every driver', async () => {
    const at = placesOf({ far: { ssh } });
    const { root, filesystem } = await at.place('local', 'near');
    expect(root).toBe(join(folder, 'data/places/local/storage/near'));
    expect(await filesystem.stat(root)).toMatchObject({ type: 'directory', mode: 0o711 });
    expect(at.worksAt('local', {})).toBe(true);
  });
});

describe('a place over SSH', () => {
  test('is for drivers that can work there; the others are refused by name, with those that can and the way out', async () => {
    const at = placesOf({ far: { ssh } });
    await expect(at.place('far', 'near')).rejects.toMatchObject({
      code: 'driver-unavailable',
      message:
        'The driver near works at the machine of its service only, and far is reached over SSH (hosts.far); ' +
        'drivers of storage that work there: files. Have a replica run at that host instead',
    });
    expect([at.worksAt('far', {}), at.worksAt('far', { anywhere: true })]).toEqual([false, true]);
  });

  test('whose key file is not there, or can be read by others, is refused by its setting', async () => {
    await expect(placesOf({ far: { ssh } }).place('far', 'files')).rejects.toThrow(
      'hosts.far.ssh.keyFile: /nowhere/key is not there',
    );
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, 'key');
    await chmod(keyFile, 0o640);
    await expect(placesOf({ far: { ssh: { ...ssh, keyFile } } }).place('far', 'files')).rejects.toThrow(
      `hosts.far.ssh.keyFile: ${keyFile} can be read by others: chmod 600`,
    );
  });
});

const missing = whyNoSshServer();
(missing === undefined ? describe : describe.skip)(
  `a host over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    let host: RemoteLocationConfig;
    beforeEach(async () => {
      server = await startSshServer();
      const keyFile = join(folder, 'key');
      await writeFile(keyFile, server.privateKey, { mode: 0o600 });
      host = { ssh: { address: server.address, port: server.port, user: server.user, keyFile }, folder: join(folder, 'there') };
    }, 60_000);
    afterEach(() => server.stop());

    test('has its places below its folder; its key is pinned in a file, and another one refused until that is removed', async () => {
      const { root, command, filesystem, transfers } = await placesOf({ far: host }).place('far', 'files');
      expect(root).toBe(join(folder, 'there/places/far/storage/files'));
      expect(await filesystem.stat(root)).toMatchObject({ type: 'directory', mode: 0o711 });
      expect((await command.exec(['sh', '-c', 'echo $SSH_CONNECTION; echo there'])).stdout).toBe('\nthere\n');
      expect(transfers).toBeUndefined();
      const pinned = join(folder, 'data/host-keys', `127.0.0.1:${server.port}`);
      expect(await readFile(pinned, 'utf8')).toBe(`${server.hostKey}\n`);
      await server.renewHostKey();
      await expect(placesOf({ far: host }).place('far', 'files')).rejects.toThrow(`remove the pinned key (${pinned})`);
      await rm(pinned);
      await placesOf({ far: host }).place('far', 'files');
      expect(await readFile(pinned, 'utf8')).toBe(`${server.hostKey}\n`);
    }, 60_000);

    test('is at a machine that others reach by the address of SSH unless another is said, and to whose loopback there are connections', async () => {
      const { machine } = await placesOf({ far: host }).place('far', 'files');
      expect(machine).toMatchObject({ address: '127.0.0.1', setting: 'hosts.far' });
      expect([machine!.node, machine!.docker]).toEqual([undefined, undefined]);
      const connection = await machine!.connect(server.port);
      expect(String((await once(connection, 'data'))[0])).toMatch(/^SSH-2\.0-/);
      connection.destroy();
      const settings = { address: 'far.example', node: '/opt/node', docker: 'unix:///run/user/1000/docker.sock' };
      const said = await placesOf({ far: { ...host, ...settings } }).place('far', 'files');
      expect(said.machine).toMatchObject(settings);
      expect((await placesOf({ far: host }).place('local', 'near')).machine).toBeUndefined();
    });

    test('whose key the configuration names takes no other', async () => {
      const other = `ssh-ed25519 SHA256:${'0'.repeat(43)}`;
      const at = placesOf({ far: { ...host, ssh: { ...host.ssh, hostKey: other } } });
      await expect(at.place('far', 'files')).rejects.toThrow(
        'remove the pinned key (hosts.far.ssh.hostKey of the configuration)',
      );
      await placesOf({ far: { ...host, ssh: { ...host.ssh, hostKey: server.hostKey } } }).place('far', 'files');
    });

    test('that does not answer yet is asked again by the next', async () => {
      const way = await startWire(server);
      await way.stop();
      const at = placesOf({ far: { ...host, ssh: { ...host.ssh, port: way.port } } });
      await expect(at.place('far', 'files')).rejects.toThrow('does not answer by SSH');
      const back = await startWire(server, way.port);
      try {
        expect((await at.place('far', 'files')).root).toContain('/there/places/');
        await at.close();
      } finally {
        await back.stop();
      }
    }, 60_000);
  },
);
