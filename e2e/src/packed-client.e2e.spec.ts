import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { browser, inBrowser, noBrowser } from './browser.js';

const run = promisify(execFile);

/** What somebody else's program does with it. Types that are not what they say do not compile. */
const PROGRAM = `
import { ApiError, SlipwayClient, type Accepted, type Followed, type ProvisionJob, type RequestStatus, type RequestView, type ResourceView } from '@slipway/client';

const [url, key] = [process.argv[2]!, process.argv[3]!];
const client = new SlipwayClient({ url, key });
const job: ProvisionJob = { ownerId: 'carl', instanceId: 'packed', definition: 'hello' };
const accepted: Accepted = await client.provision(job, { idempotencyKey: 'packed-1' });
const request = await client.wait(accepted.requestId, { timeoutMs: 60_000 });
const status: RequestStatus = request.status;
const instances: ResourceView[] = [];
for await (const instance of client.instances.all({ filter: { ownerId: 'carl' } })) instances.push(instance);
const events: string[] = [];
for await (const frame of client.live.follow({ filter: { request: request.id }, from: 'start' }) as AsyncIterable<Followed>) {
  if (frame.type === 'event') events.push(frame.event.type);
  if (frame.type === 'caught-up') break;
}
const [instance] = instances;
const same = await client.actions.call<ResourceView>('get-instance', { id: instance!.id });
client.actions.close();
const refused = await client.instances.get('nobody').catch((error: unknown) => (error instanceof ApiError ? error.code : error));
const ended = async (job: Promise<Accepted>): Promise<RequestView> => client.wait((await job).requestId, { timeoutMs: 60_000 });
const exported = await ended(client.export({ instanceId: 'packed' }));
const others: RequestStatus[] = [
  exported.status,
  (await ended(client.update({ instanceId: 'packed' }))).status,
  (await ended(client.import({ ownerId: 'carl', instanceId: 'again', snapshot: exported.id, snapshotId: true }))).status,
  (await ended(client.deprovision({ instanceId: 'again' }))).status,
];
// @ts-expect-error a job names its owner
const incomplete: ProvisionJob = { instanceId: 'packed' };
// @ts-expect-error no such status
const wrong: boolean = request.status === 'done';
console.log(JSON.stringify({ status, instances: instances.map(({ id }) => id), events, same: same.id, refused, others, unused: [incomplete, wrong].length }));
`;

const BROWSER = { lib: ['es2023', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' };
const NODE = { lib: ['es2023'], types: ['node'], module: 'nodenext', moduleResolution: 'nodenext' };

describe('The client, packed and installed outside of the repository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-packed-client-'));
  const installed = join(folder, 'node_modules/@slipway/client');
  let mesh: TestMesh;

  beforeAll(async () => {
    mesh = await TestMesh.start();
    const { INIT_CWD: _, ...env } = process.env;
    await run(process.execPath, [join(root, 'libs/client/pack.mjs'), folder], { env });
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'elsewhere', private: true, type: 'module' }));
    const quietly = ['--offline', '--no-audit', '--no-fund', `--cache=${join(folder, 'cache')}`];
    await run('npm', ['install', `./${tarball}`, ...quietly], { cwd: folder, env });
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** What the strictest compiler has to say about files. */
  async function compiled(files: string[], options: object): Promise<string> {
    const types = join(folder, 'node_modules/@types');
    symlinkSync(join(root, 'node_modules/@types'), types);
    const strictest = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, target: 'es2023' };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, ...strictest }, files }));
    try {
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      return (await run(process.execPath, [compiler, '-p', folder]).catch((error: { stdout: string }) => error)).stdout;
    } finally {
      rmSync(types);
    }
  }

  it('stands alone: without a registry, a dependency, or what only the repository needs', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@slipway']);
    expect(readdirSync(join(folder, 'node_modules/@slipway'))).toEqual(['client']);
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty('dependencies');
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['README.md', 'index.js', 'index.d.ts']));
    for (const { name, parentPath } of files) {
      expect(name).not.toMatch(/spec|\.map$|(?<!\.d)\.ts$/);
      if (/\.(js|d\.ts)$/.test(name)) expect(readFileSync(join(parentPath, name), 'utf8')).not.toMatch(/from ['"][^.]/);
    }
  });

  it.each([
    ['a browser', BROWSER],
    ['Node', NODE],
  ])(
    'has types that hold under strict checks, for %s',
    async (_where, options) => {
      writeFileSync(
        join(folder, 'typed.ts'),
        `${options === BROWSER ? 'declare const process: { argv: string[] };' : ''}${PROGRAM}`,
      );
      expect(await compiled(['typed.ts'], options)).toBe('');
    },
    60_000,
  );

  it('does what its README shows: all of it compiles, and the first example provisions', async () => {
    const blocks = readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm);
    const names = [...blocks].map(([, code], index) => {
      writeFileSync(join(folder, `readme-${index}.ts`), code!);
      return `readme-${index}.ts`;
    });
    expect(names.length).toBeGreaterThan(2);
    expect(await compiled(names, NODE)).toBe('');
    const env = { PATH: process.env.PATH, SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key };
    const { stdout } = await run(process.execPath, [join(folder, names[0]!)], { env });
    expect(stdout).toMatch(/^\[ 'instance\/readme' \]\n(\w+\n)*succeeded\ndefault\.readme/);
  }, 90_000);

  it('works in Node: asks for every job, waits, lists, follows, and tells refusals by their code', async () => {
    const { stdout } = await run(process.execPath, [join(folder, 'program.ts'), mesh.url, mesh.key], {
      env: { PATH: process.env.PATH },
    });
    const { status, instances, events, same, refused, others } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ status, instances, same, refused }).toEqual({
      ...{ status: 'succeeded', instances: ['default.packed'], same: 'default.packed', refused: 'not-found' },
    });
    expect(events).toEqual(expect.arrayContaining(['RequestAccepted', 'InstanceProvisioned', 'RequestSucceeded']));
    expect(others).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
  }, 90_000);

  (browser ? it : it.skip)(
    `works in a browser, from a page of another origin${noBrowser}`,
    async () => {
      const { requestId } = await mesh.client().provision({ ownerId: 'bob', instanceId: 'seen', definition: 'hello' });
      expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
      const found = await inBrowser<{ instances: string[]; events: string[]; status: string; refused: string }>(
        installed,
        `import { ApiError, SlipwayClient } from '/files/dist/client/index.js';`,
        `const client = new SlipwayClient(${JSON.stringify({ url: mesh.url, key: mesh.key })});
      const instances = (await client.instances.list({ filter: { ownerId: 'bob' } })).items.map(({ id }) => id);
      const { requestId } = await client.actions.call('deprovision', { instanceId: 'seen' });
      client.actions.close();
      const { status } = await client.wait(requestId);
      const events = [];
      for await (const frame of client.live.follow({ filter: { request: requestId }, from: 'start' })) {
        if (frame.type === 'event') events.push(frame.event.type);
        if (frame.type === 'caught-up') break;
      }
      const refused = await client.instances.get('nobody').catch((error) => (error instanceof ApiError ? error.code : String(error)));
      return { instances, events, status, refused };`,
      );
      expect(found).toMatchObject({ instances: ['default.seen'], status: 'succeeded', refused: 'not-found' });
      expect(found.events).toEqual(expect.arrayContaining(['RequestAccepted', 'InstanceDestroyed', 'RequestSucceeded']));
    },
    120_000,
  );
});
