import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { ran } from '../testing/ran.js';
import { SmallGateway } from '../testing/small-gateway.js';

/** The files of a bundle by name, without the folder that they are in. */
async function unpacked(file: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const tar = extract();
  tar.end(gunzipSync(readFileSync(file)));
  for await (const entry of tar) files[entry.header.name.replace(/^bundle\//, '')] = await text(entry);
  return files;
}

const failed = { id: 'r1', status: 'failed', instanceId: 'shop', steps: [{ id: 'storage/shop-data' }, { id: 'instance/shop' }] };
const unsatisfied = { id: 'r2', status: 'unsatisfied', instanceId: 'blog', steps: [] };
const attention = { id: 'r3', status: 'attention', instanceId: 'wiki', steps: [] };
const ready = { ready: true, checks: [{ name: 'log', ready: true }] };

function answer({ pathname, searchParams }: URL): unknown {
  const path = pathname.replace('/api/v1', '');
  if (path === '/info') return { name: 'slipway', version: '9.9.9', mesh: 'dev' };
  if (path === '/health/ready') return ready;
  if (path === '/views') return { position: 'log.1.9', building: [], stopped: [] };
  if (path === '/metrics') return 'slipway_calls_total 7';
  if (path === '/requests/r1') return failed;
  if (path === '/requests/r2') return unsatisfied;
  if (path === '/requests/r3') return attention;
  if (path === '/requests/r1/logs')
    return `${'x'.repeat(100_000)} end of ${searchParams.get('step')}, with the-key and postgres://shop:hunter22@db`;
  if (path === '/requests') {
    const asked = searchParams.getAll('status');
    return { items: [failed, unsatisfied, attention].filter(({ status }) => asked.includes(status)), position: 'log.1.9' };
  }
  if (path === '/events') return { items: [{ id: 'e1', type: 'RequestFailed', position: 'log.1.9' }], position: 'log.1.9' };
  return { items: [], position: 'log.1.9' };
}

describe('the support bundle', () => {
  let gateway: SmallGateway;
  let folder: string;
  let file: string;
  const doctor = (...more: string[]) => ran(gateway.url, 'doctor', '--data', folder, `--bundle=${file}`, ...more);
  beforeEach(async () => {
    gateway = await SmallGateway.open(answer);
    folder = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
    writeFileSync(join(folder, 'gateway.key'), 'the-key', { mode: 0o600 });
    file = join(folder, 'bundle.tar.gz');
  });
  afterEach(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  it('holds what helps to help, says what and where, and changes nothing', async () => {
    const { code, stdout } = await doctor();
    expect(code).toBe(1); // A request needs attention.
    const files = await unpacked(file);
    expect(Object.keys(files)).toEqual([
      ...[
        'README.txt',
        'environment.json',
        'findings.json',
        'info.json',
        'ready.json',
        'metrics.txt',
        'views.json',
        'events.json',
      ],
      ...['requests.json', 'requests/r3.json', 'requests/r1.json', 'requests/r1.log', 'requests/r2.json'],
    ]);
    expect(JSON.parse(files['info.json']!)).toMatchObject({ version: '9.9.9' });
    expect(JSON.parse(files['ready.json']!)).toEqual(ready);
    expect(files['metrics.txt']).toContain('slipway_calls_total 7');
    expect(JSON.parse(files['findings.json']!)).toContainEqual(expect.objectContaining({ check: 'log', ok: true }));
    expect(JSON.parse(files['events.json']!)).toMatchObject({ items: [{ id: 'e1' }] });
    expect(JSON.parse(files['requests/r1.json']!)).toEqual(failed);
    expect(JSON.parse(files['environment.json']!)).toMatchObject({
      node: process.versions.node,
      variables: expect.arrayContaining(['SLIPWAY_KEY', 'SLIPWAY_URL']),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stdout).toContain(`${file} (`);
    for (const name of Object.keys(files).filter((one) => one !== 'README.txt')) {
      expect(stdout).toContain(`  ${name}: `);
      expect(files['README.txt']).toContain(`${name}: `);
    }
    expect(gateway.calls.filter((call) => !call.startsWith('GET '))).toEqual([]);
  });

  it('is bounded: of a log the end of each step', async () => {
    await doctor();
    const log = (await unpacked(file))['requests/r1.log']!;
    expect(log).toMatch(/end of storage\/shop-data[^]*end of instance\/shop/);
    expect(log.length).toBeLessThan(140_000);
    expect(gateway.calls.filter((call) => call.includes('/requests?')).at(-1)).toContain('limit=50');
  });

  it('has no secret in it: neither the key, nor what looks like one, nor the value of a variable', async () => {
    process.env.SLIPWAY_CANARY = 'canary-in-a-variable';
    await doctor();
    delete process.env.SLIPWAY_CANARY;
    const all = JSON.stringify(await unpacked(file));
    expect(all).toContain('SLIPWAY_CANARY');
    for (const secret of ['the-key', 'hunter22', 'canary-in-a-variable']) expect(all).not.toContain(secret);
  });

  it('overwrites nothing, and leaves nothing half written', async () => {
    writeFileSync(file, 'mine');
    expect((await doctor()).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    file = join(folder, 'nowhere/bundle.tar.gz');
    expect((await doctor()).code).toBe(2);
    expect(readdirSync(folder).toSorted()).toEqual(['bundle.tar.gz', 'gateway.key']);
  });

  it('is made also when nobody answers, and says what is not in it', async () => {
    const url = 'http://127.0.0.1:1';
    const { code, stdout } = await ran(url, 'doctor', '--data', folder, `--bundle=${file}`, '-o', 'json');
    expect(code).toBe(1);
    const { bundle } = JSON.parse(stdout) as { bundle: { file: string; missing: { name: string; reason: string }[] } };
    expect(bundle.file).toBe(file);
    expect(bundle.missing).toContainEqual({ name: 'info.json', reason: expect.stringContaining(url) });
    const files = await unpacked(file);
    expect(Object.keys(files)).toEqual(['README.txt', 'environment.json', 'findings.json']);
    expect(files['README.txt']).toContain('Could not be read:');
  });
});
