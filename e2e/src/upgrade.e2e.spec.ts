import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import { TestMesh, root } from '@slipway/testing';
import { stringify } from 'yaml';
import { whereBordersAre } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';

/** Answers with its version and, where it uses the greeter, with what that says, while it is upgraded too. */
const SERVER = `
import { createServer } from 'node:http';
const { PORT, HOST, VERSION, GREETER } = process.env;
if (VERSION === 'never') process.exit(3);
createServer(async (_, response) => {
  const said = GREETER ? await fetch(GREETER).then((answer) => answer.text(), () => 'nobody') : '';
  response.end(VERSION + (said && ' with greeter ' + said));
}).listen(Number(PORT), HOST);
`;

/** A storage and an instance that are shared, in several versions, and what uses them. */
function sharedContent(folder: string): string {
  const content = join(folder, 'content');
  cpSync(join(root, 'content'), content, { recursive: true });
  const own = join(content, 'shared');
  mkdirSync(join(own, 'server'), { recursive: true });
  writeFileSync(join(own, 'server/server.mjs'), SERVER);
  const instance = (identity: string, VERSION: string, dependencies: string[], more: object = {}, environment: object = {}) => ({
    name: identity.split('@')[0],
    version: identity.split('@')[1],
    type: 'instance',
    dependencies,
    spec: {
      artefact: 'server',
      command: ['node', 'server.mjs'],
      environment: { PORT: '${port}', HOST: '${host}', VERSION, ...environment },
      health: { path: '/', startSeconds: VERSION === 'never' ? 2 : 20 },
    },
    ...more,
  });
  const cellar = (version: string, sizeLimit: string) => ({
    ...{ name: 'cellar', version, type: 'storage', shared: true, spec: { sizeLimit } },
  });
  const greeter = (version: string, ...needs: string[]) => instance(`greeter@${version}`, version, needs, { shared: true });
  const GREETER = { GREETER: '${greeter.url}' };
  const definitions = [
    cellar('1.0.0', '64MiB'),
    cellar('2.0.0', '128MiB'),
    greeter('1.0.0', 'cellar'),
    greeter('1.5.0', 'cellar'),
    greeter('2.0.0', 'cellar@^2.0.0'),
    instance('reader@1.0.0', 'reader', ['greeter'], {}, GREETER),
    instance('writer@1.0.0', 'writer', ['greeter@^2.0.0'], {}, GREETER),
    instance('doomed@1.0.0', 'never', ['greeter@1.5.0']),
  ];
  writeFileSync(join(own, 'package.yaml'), stringify({ name: 'shared', version: '1.0.0', definitions }));
  return content;
}

whereBordersAre('What is shared is upgraded for somebody else', ({ processes }) => {
  let folder: string;
  let mesh: TestMesh;
  let client: SlipwayClient;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-shared-'));
    const soon = { timeoutSeconds: 60, tries: 1, backoffSeconds: 0.2, maxBackoffSeconds: 1 };
    const steps = { storage: soon, database: soon, instance: soon };
    mesh = await TestMesh.start({ processes, settings: { contentFolder: sharedContent(folder), steps } });
    client = mesh.client();
    // The newest of everything would be taken: what is wanted in its first version is named.
    await done('provision', '--definition=cellar@1.0.0', 'ada', 'vault');
    await done('provision', '--definition=reader', '--prefer=greeter@1.0.0', 'bob', 'one');
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true });
  }, 60_000);

  const done = async (...words: string[]) => {
    const { code, stdout, stderr } = await slipway(mesh, words);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  const says = async (name: string) => (await fetch(String((await client.instances.get(name)).outputs.url))).text();
  const version = async (key: string) => {
    const [kind, name] = key.split('/') as ['instance' | 'storage', string];
    return (await client[`${kind}s`].get(name)).definition.version;
  };

  it('never unasked: it is refused, with the upgrade that would do', async () => {
    expect(await says('one')).toBe('reader with greeter 1.0.0');
    const refused = await slipway(mesh, ['plan', '--definition=doomed', 'eve', 'two']);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toContain('It would do if instance/greeter were upgraded to greeter@1.5.0');
    expect(refused.stdout).toContain('--allow-upgrade=greeter');
    const kept = await slipway(mesh, ['plan', '--definition=writer', '--allow-upgrade=*', '--keep-as-is=cellar', 'eve', 'two']);
    expect(kept.code).not.toBe(0);
  }, 60_000);

  it('and is as it was when what it was upgraded for does not come up', async () => {
    const failed = await slipway(mesh, ['provision', '--definition=doomed', '--allow-upgrade=greeter', 'eve', 'two']);
    expect(failed.code).toBe(1);
    const [request] = (await client.requests.list({ filter: { instanceId: 'two' }, sort: '-acceptedAt' })).items;
    expect(request).toMatchObject({ status: 'failed', cause: { code: 'health-failed' } });
    expect(request!.steps.map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual([
      'instance/greeter undone',
      'instance/two undone',
    ]);
    expect(await says('one')).toBe('reader with greeter 1.0.0');
    expect(await version('instance/greeter')).toBe('1.0.0');
    expect(standing(mesh.data)).toEqual(['instance/default.greeter/g1', 'instance/default.one/g1', 'storage/default.vault/g1']);
  }, 120_000);

  it('where it is allowed: the plan says why, and who is touched; its users go on, and it stays whose it was', async () => {
    const words = ['--definition=writer', '--allow-upgrade=greeter', '--allow-upgrade=cellar', 'eve', 'two'];
    const planned = await done('plan', ...words);
    expect(planned).toContain('~ storage/vault (cellar@2.0.0');
    expect(planned).toContain('~ instance/greeter (greeter@2.0.0');
    expect(planned).toContain('replaced because instance/two needs greeter@^2.0.0');
    expect(planned).toContain('* instance/one: it uses instance/greeter, which becomes greeter@2.0.0');
    expect(await done('provision', ...words)).toContain('two is there: 1 made, 2 upgraded, 0 used as they were.');
    expect(await says('two')).toBe('writer with greeter 2.0.0');
    expect(await says('one')).toBe('reader with greeter 2.0.0');
    expect(await client.storages.get('vault')).toMatchObject({
      ownerId: 'ada',
      generation: 1,
      definition: { version: '2.0.0' },
      observed: { sizeLimit: { bytes: 128 * 1024 ** 2 } },
    });
    expect(await done('plan', ...words)).toContain('nothing would change');
  }, 120_000);

  it('and goes with all who need it, where that is asked for, also those further away', async () => {
    const refused = await slipway(mesh, ['deprovision', 'vault']);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain(
      'storage/vault is still needed by instance/greeter, and further away by instance/one and instance/two',
    );
    expect(await done('plan', '--deprovision', '--cascade', 'vault')).toContain('it needs instance/greeter, which goes');
    await done('deprovision', '--cascade', 'vault');
    expect(standing(mesh.data)).toEqual([]);
    // All their names are free.
    await done('provision', '--definition=cellar@1.0.0', 'eve', 'one');
    await done('deprovision', 'one');
  }, 120_000);
});
