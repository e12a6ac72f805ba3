/** What `docs/guides/ask-an-environment.md` shows, command by command: what it prints is what is printed, but for ids, ports and times. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { slipway } from './slipway.js';

const guide = readFileSync(join(root, 'docs/guides/ask-an-environment.md'), 'utf8');
const content = /```yaml\n(.*?)```/s.exec(guide)![1]!;
/** Each command that is shown, with the lines below it. */
const shown = [...guide.matchAll(/^ {4}\$ npx slipway (.*)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)/gm)].map(
  ([, command, text]) => ({ command: command!, text: text!.replaceAll(/^ {4}/gm, '') }),
);

describe('asking an environment', () => {
  let mesh: TestMesh;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-ask-'));
    writeFileSync(join(folder, 'shop.yaml'), content);
    mesh = await TestMesh.start();
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('prints what the guide shows', async () => {
    expect(shown.length).toBeGreaterThan(10);
    for (const { command, text } of shown) {
      const args = command.replace('shop.yaml', join(folder, 'shop.yaml')).match(/'[^']*'|\S+/g)!;
      const { stdout, stderr } = await slipway(
        mesh,
        args.map((arg) => arg.replaceAll("'", '')),
      );
      expect([command, shapeOf(stdout + stderr)]).toEqual([command, shapeOf(text)]);
    }
  }, 180_000);

  it('tells what uses a service where it is', async () => {
    expect(await (await mesh.client().instances.call('report', '/')).text()).toBe('There are 42 orders');
  });

  it('tells how it was before', async () => {
    const client = mesh.client();
    const wired = client.environments.in('default');
    const { since } = (await wired.wires.list()).items[0]!;
    const then = { asOf: new Date(Date.parse(since) - 1).toISOString() };
    const services = async (options = {}) =>
      (await wired.capabilities.list({ filter: { namespace: 'service' }, ...options })).items.map(({ resource }) => resource);
    expect([await services(), await services(then)]).toEqual([['instance/orders', 'instance/report'], ['instance/orders']]);
    expect((await wired.why('orders', then)).items[0]!.neededBy.directly).toEqual([]);
    expect((await wired.why('orders')).items[0]!.neededBy.directly).toEqual([{ key: 'instance/report', requirement: 'orders' }]);
  });
});

/** Without what is another each time, and what is said on the way. */
const shapeOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
        .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<url>')
        .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?/g, '<time>')
        .replaceAll(/ {2,}/g, '  ')
        .trimEnd(),
    )
    .filter((line) => line !== '' && !/^(request <id>|\S+ (queued|running|succeeded)$|orders: )/.test(line));
