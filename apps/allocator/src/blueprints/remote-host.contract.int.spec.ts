import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Command, Filesystem } from '@slipway/interfaces';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing';
import type { MadeResource } from '../blueprint/blueprint.js';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace, blueprintContract } from '../blueprint/testing/index.js';
import { remoteHost } from './remote-host.js';
import { nothingBelow } from './testing/on-local-host.js';
import { programsOf } from './testing/programs.js';
import { standOnHost, startAsOther, whyNoOthers } from './testing/stand-on-host.js';
import { useHost } from './testing/use-host.js';
import { workingCopy } from './working-copy.js';

const missing = whyNoSshServer();
const folder = mkdtempSync(join(tmpdir(), 'slipway-remote-'));
// Programs of other users pass through it.
chmodSync(folder, 0o711);
let server: TestSshServer;
beforeAll(async () => {
  if (missing === undefined) server = await startSshServer();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Its key and its port are known when the suite runs. */
const make = (options: object = {}) => {
  const { address, port, user, privateKey } = server;
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  return makeBlueprint(remoteHost, {
    name: 'RemoteHost',
    location: 'local',
    options: { keyFile, folder: join(folder, 'hosts'), address, port, user, ...options },
  });
};
const folderOf = ({ id }: MadeResource) => join(folder, 'hosts', id);

blueprintContract('RemoteHost', make, {
  ...(missing !== undefined && { missing }),
  works: ({ outputs }) => access(String(outputs['folder'])),
  gone: (resource) => nothingBelow(folderOf(resource)),
  use: useHost,
  standOn: standOnHost,
  others: { ...(whyNoOthers !== undefined && { missing: whyNoOthers }), start: startAsOther },
  async takenBack({ lease, resource }) {
    expect(await programsOf(folderOf(resource))).toEqual([]);
    await expect(access(join(folderOf(resource), 'leases', lease.id, `g${lease.token}`, 'data'))).rejects.toThrow();
  },
  points: 1,
});

(missing === undefined ? describe : describe.skip)(
  `a host over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let place: BlueprintPlace;
    beforeAll(async () => {
      place = await BlueprintPlace.make();
    });
    afterAll(() => place.remove(), 60_000);

    test('a working copy on a leased remote host, end to end', async () => {
      const source = join(folder, 'source');
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=anna', '-c', 'user.email=anna@localhost', ...args], { encoding: 'utf8' });
      git('init', '--quiet', '--initial-branch=main', source);
      writeFileSync(join(source, 'README'), 'of the repository');
      git('-C', source, 'add', 'README');
      git('-C', source, 'commit', '--quiet', '--message', 'one');
      const repository = `file://${source}`;
      const copies = makeBlueprint(workingCopy, {
        name: 'WorkingCopy',
        location: 'local',
        options: { repositories: [repository] },
      });
      const host = await place.hold(make());
      const copy = await place.hold(copies, { repository, revision: 'main' }, { host });
      const command = await copy.interface<Command>('command');
      const { stdout } = await command.execOrThrow(['sh', '-c', 'pwd; cat README; git status --porcelain; echo $SSH_CONNECTION']);
      expect(stdout).toContain(`${join(folder, 'hosts')}/`);
      expect(stdout).toContain('of the repository');
      const filesystem = await copy.interface<Filesystem>('filesystem');
      await filesystem.writeFile('NEW', 'mine');
      expect((await command.execOrThrow(['git', 'status', '--porcelain'])).stdout).toBe('?? NEW\n');
    }, 60_000);

    test('gives the key that is configured, or the one that was pinned at the first contact', async () => {
      const { hostKey, address, port, user } = server;
      for (const options of [{}, { hostKey }]) {
        const blueprint = make({ folder: join(folder, 'given'), ...options });
        const context = await place.context(blueprint);
        const resource = place.resource(blueprint, {});
        await blueprint.allocate!(resource, context);
        const lease = place.lease();
        await blueprint.prepare!(lease, resource, context);
        const leased = join(folder, 'given', resource.id, 'leases', lease.id, `g${lease.token}`, 'data');
        const ssh = { address, port, user, hostKey, keyFile: join(folder, 'key') };
        expect(await blueprint.gives!(lease, resource, context)).toEqual({ host: address, place: { folder: leased, ssh } });
        await blueprint.destroy!(resource, context);
      }
    }, 60_000);

    test('one that was entered by hand is reached by its attributes, and is never made or destroyed', async () => {
      const { address, port, user, privateKey } = server;
      writeFileSync(join(folder, 'key'), privateKey, { mode: 0o600 });
      const blueprint = makeBlueprint(remoteHost, {
        name: 'ByHand',
        location: 'local',
        options: { keyFile: join(folder, 'key'), folder: join(folder, 'by-hand') },
      });
      expect(blueprint.can).toEqual(['manage']);
      const resource = { ...place.resource(blueprint, { address, port, user }), manual: true };
      const context = await place.context(blueprint);
      expect(await blueprint.manage!(resource, context)).toEqual({ state: 'well' });
      const lease = place.lease();
      await blueprint.prepare!(lease, resource, context);
      const command = (await blueprint.interface('command', lease, resource, context)) as Command;
      expect((await command.execOrThrow(['echo', 'there'])).stdout).toBe('there\n');
      await blueprint.takeBack!(lease, resource, context);
      for (const [attributes, fields] of [
        [{}, ['attributes.address', 'attributes.user']],
        [{ address, user, port: 'ssh' }, ['attributes.port']],
        [{ address: 7, user, port: 70_000 }, ['attributes.address', 'attributes.port']],
      ] as const)
        await expect(blueprint.prepare!(lease, { ...resource, attributes }, context)).rejects.toMatchObject({
          code: 'bad-input',
          details: { fields: fields.map((field) => expect.objectContaining({ field })) },
        });
    }, 60_000);

    test('a key that is changed counts at once, and one that others can read does not', async () => {
      const keyFile = join(folder, 'changing');
      writeFileSync(keyFile, server.privateKey, { mode: 0o600 });
      const blueprint = make({ keyFile, folder: join(folder, 'changing-hosts') });
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      await blueprint.allocate!(resource, context);
      const asked = () => blueprint.manage!(resource, context);
      writeFileSync(keyFile, 'no key');
      expect(await asked()).toMatchObject({ state: 'broken' });
      writeFileSync(keyFile, server.privateKey);
      expect(await asked()).toEqual({ state: 'well' });
      chmodSync(keyFile, 0o640);
      expect(await asked()).toEqual({
        state: 'broken',
        reason: expect.stringMatching(/changing can be read by others: chmod 600/),
      });
      rmSync(keyFile);
      expect(await asked()).toEqual({ state: 'broken', reason: expect.stringMatching(/changing is not there/) });
    }, 60_000);

    test('one that does not answer, or has another key than at the first contact, is broken, with the reason', async () => {
      const gone = makeBlueprint(remoteHost, {
        name: 'Gone',
        location: 'local',
        options: { keyFile: join(folder, 'key'), address: '127.0.0.1', port: 1, user: server.user },
      });
      const nobody = place.resource(gone, {});
      expect(await gone.manage!(nobody, await place.context(gone))).toEqual({
        state: 'broken',
        reason: expect.stringMatching(/127\.0\.0\.1:1/),
      });
      const other = await startSshServer();
      try {
        writeFileSync(join(folder, 'other'), other.privateKey, { mode: 0o600 });
        const { port, hostKey } = other;
        const blueprint = make({ keyFile: join(folder, 'other'), folder: join(folder, 'pinned'), port });
        const context = await place.context(blueprint);
        const resource = place.resource(blueprint, {});
        await blueprint.allocate!(resource, context);
        expect(await blueprint.manage!(resource, context)).toEqual({ state: 'well' });
        await other.renewHostKey();
        expect(await blueprint.manage!(resource, context)).toEqual({
          state: 'broken',
          reason: expect.stringContaining(hostKey.split(' ')[1]!),
        });
      } finally {
        await other.stop();
      }
    }, 60_000);
  },
);
