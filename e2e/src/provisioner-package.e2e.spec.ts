import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { parse } from 'yaml';
import { standing } from './place.js';
import { slipway } from './slipway.js';

const run = promisify(execFile);
const guide = readFileSync(join(root, 'docs/guides/write-a-provisioner.md'), 'utf8');
const block = (language: string, nth = 0) => [...guide.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))][nth]![1]!;

/** Packs what the guide shows, and installs the archive into a folder. */
async function installInto(folder: string): Promise<void> {
  const [source, cache] = [join(folder, 'source'), `--cache=${join(folder, 'cache')}`];
  mkdirSync(source);
  writeFileSync(join(source, 'package.json'), block('json'));
  writeFileSync(join(source, 'provisioner.js'), block('js'));
  const { INIT_CWD: _, ...env } = process.env;
  await run('npm', ['pack', source, '--pack-destination', folder, cache], { env });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'ours', private: true }));
  await run('npm', ['install', `./${tarball}`, '--offline', '--no-audit', '--no-fund', cache], { cwd: folder, env });
  rmSync(source, { recursive: true });
}

describe('A provisioner that comes as an npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-provisioner-'));
  let mesh: TestMesh;
  beforeAll(async () => {
    await installInto(folder);
    const { provisioners } = parse(block('yaml', 1)) as { provisioners: object };
    mesh = await TestMesh.start({ settings: { provisioners: { ...provisioners, folder } } });
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const provision = (...more: string[]) => slipway(mesh, ['provision', '--provisioner=notes', ...more]);

  it('is there after its installation, one stanza and a restart', async () => {
    expect(await mesh.client().provisioners.get('notes')).toMatchObject({
      package: '@acme/slipway-notes',
      provides: [{ kind: 'storage', driver: 'notes', location: 'local', present: true, verbs: ['provision'] }],
      absent: [],
    });
    const { stdout } = await slipway(mesh, ['provisioners']);
    expect(stdout).toMatch(/notes +Notes by Acme +storage: notes/);
  });

  it('provisions and gives back, and is handed what was chosen of what it offers', async () => {
    const { code, stderr } = await provision('--definition=volume', '--offering', 'tone=stern', 'ada', 'minutes');
    expect([code, stderr]).toEqual([0, expect.stringContaining('storage/minutes succeeded')]);
    const { driver, outputs } = await mesh.client().storages.get('minutes');
    expect(driver).toBe('notes');
    expect(readFileSync(join(String(outputs['path']), 'note.txt'), 'utf8')).toBe('A stern note for minutes\n');
    const [request] = (await mesh.client().requests.list()).items;
    expect(request).toMatchObject({ provisioner: { name: 'notes', by: 'request' }, offerings: { tone: 'stern' } });
    expect((await slipway(mesh, ['deprovision', 'minutes'])).code).toBe(0);
    expect(standing(mesh.data)).toEqual([]);
  });

  it('provides one kind only: a job that needs another is refused by name before anything changes', async () => {
    const { code, stdout } = await provision('--definition=guestbook', 'ada', 'shop');
    expect(code).toBe(3);
    expect(stdout).toContain(
      'The provisioner notes does not provide instance at guest location "local"; it provides storage there.',
    );
    expect(standing(mesh.data)).toEqual([]);
  });

  it('offers what its stanza says, and takes nothing else', async () => {
    const { code, stderr } = await provision('--definition=volume', '--offering', 'tone=rude', 'ada', 'minutes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('offerings.tone: must be one of "friendly", "stern"')]);
  });
});
