import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContentList, Plan } from '@slipway/client';
import { TestMesh, root } from '@slipway/testing';
import { writeGreeter } from './greeter.js';
import { slipway } from './slipway.js';

/** The smallest package, as the reference shows it. */
const SMALLEST = /```yaml\n(.*?)```/s.exec(readFileSync(join(root, 'docs/reference/definitions.md'), 'utf8'))![1]!;

describe('Content', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-content-'));
  const local = join(folder, 'local');
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true, settings: { localContentFolder: local } });
    await mesh.startReplica('b', ['resolver']);
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const cli = async (...args: string[]) => slipway(mesh, args);
  const json = async <T>(...args: string[]) => JSON.parse((await cli(...args, '-o', 'json')).stdout) as T;
  const file = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  };
  const layers = async () => (await json<ContentList['items']>('content')).map(({ name, layer }) => `${layer} ${name}`);

  it('the smallest package is uploaded, and every replica plans from it at once, also after all have died', async () => {
    const { code, stdout } = await cli('content', 'upload', file('greetings.yaml', SMALLEST));
    expect([code, stdout]).toEqual([0, 'greetings@1.0.0 is in force (layer dynamic, 1 definition).\n']);
    const steps = async () =>
      (await mesh.client().plan({ ownerId: 'ada', instanceId: 'hi', definition: 'greeting' } as never)).steps;
    const named = (plan: Plan['steps']) => plan.map(({ id }) => id);
    // Whichever of the two is asked.
    for (let count = 0; count < 8; count++) expect(named(await steps())).toEqual(['instance/hi-hello']);
    expect(await layers()).toEqual(['dynamic greetings', 'default samples']);
    await mesh.killEverything();
    await mesh.startEverything();
    await mesh.ready();
    expect(named(await steps())).toEqual(['instance/hi-hello']);
    expect(await layers()).toEqual(['dynamic greetings', 'default samples']);
    const { items } = await mesh.client().events({ category: ['content'], type: ['ContentUploaded'] } as never);
    expect(items.map(({ data }) => data['name'])).toEqual(['greetings']);
  }, 180_000);

  it('a folder with an artefact is uploaded, and what it defines runs', async () => {
    writeGreeter(join(folder, 'greeter'), 'hello from an upload');
    expect((await cli('content', 'upload', join(folder, 'greeter'))).code).toBe(0);
    expect((await cli('provision', '--definition=greeter', 'ada', 'hello-you')).code).toBe(0);
    const answer = await mesh.client().instances.call('hello-you', '/');
    expect(await answer.text()).toBe('hello from an upload');
    // What is installed of it stays.
    expect((await cli('content', 'remove', 'greeter', '--reason=enough')).stdout).toMatch(/is not in force any more/);
    expect(await (await mesh.client().instances.call('hello-you', '/')).text()).toBe('hello from an upload');
    expect((await cli('plan', 'ada', 'again', '--definition=greeter')).code).toBe(3);
    expect((await cli('deprovision', 'hello-you')).code).toBe(0);
  }, 180_000);

  it('a folder of the machine’s own is taken up without a restart, overrides what is shipped, and not what was uploaded', async () => {
    const mine = (name: string) =>
      `name: mine\nversion: 1.0.0\ndefinitions:\n  - { name: ${name}, version: 1.0.0, title: Mine }\n`;
    file('local/mine.yaml', mine('hello'));
    await until(async () => (await layers()).includes('local mine'));
    const shown = await json<{ layer: string; overrides: object[] }>('definitions', 'show', 'hello@1.0.0');
    expect(shown).toMatchObject({ layer: 'local', overrides: [{ layer: 'default', package: 'samples' }] });
    file('local/mine.yaml', mine('greeting'));
    await until(async () => (await cli('content')).stderr.includes('greeting@1.0.0 stands in the layer dynamic'));
    expect(await json('definitions', 'show', 'greeting@1.0.0')).toMatchObject({ layer: 'dynamic', overrides: [] });
    rmSync(join(local, 'mine.yaml'));
    await until(async () => !(await layers()).includes('local mine'));
    expect(await json('definitions', 'show', 'hello@1.0.0')).toMatchObject({ layer: 'default', overrides: [] });
  }, 180_000);

  it('what is wrong is refused whole, by file, line and field, and nothing is changed', async () => {
    const before = await layers();
    const { code, stderr } = await cli(
      'content',
      'upload',
      file('bad.yaml', SMALLEST.replace('greetings', 'bad').replace(/$/, '    colour: red\n')),
    );
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^bad\.yaml:7:\d+: definitions\.0\.colour is not known \(content-invalid\)/),
    ]);
    const twice = await cli('content', 'upload', file('other.yaml', SMALLEST.replace('greetings', 'other')));
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringMatching(/greeting@1\.0\.0 stands in the layer dynamic \(content package greetings\)/),
    ]);
    expect(await layers()).toEqual(before);
  }, 60_000);
});

/** Each look is a call; both replicas look every five seconds where nobody tells them. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 100) throw new Error('It was not seen');
    await sleep(200);
  }
}
