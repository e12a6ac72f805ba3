import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { TestMesh, root } from '@slipway/testing';
import { inBothModes } from './modes.js';
import { stringify } from 'yaml';
import { processesIn } from './place.js';
import { slipway } from './slipway.js';

/** Every file below a folder. */
function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

/** A definition with a secret whose service never comes up. */
const BROKEN = {
  name: 'broken',
  version: '1.0.0',
  type: 'instance',
  spec: {
    command: ['sh', '-c', 'exit 3'],
    environment: { KEY_FILE: '${secret.key}' },
    secrets: { key: { bytes: 32 } },
    health: { path: '/', startSeconds: 1, timeoutSeconds: 1 },
  },
};

inBothModes('A secret', ({ processes }) => {
  let content: string;
  let mesh: TestMesh;
  let canary: string;
  let secretFile: string;
  let tap: NatsConnection;
  /** Everything that went over NATS: subject, headers and body. */
  const messages: string[] = [];
  /** Where nats-server keeps what JetStream holds. */
  const jetstream = () => {
    const words = readFileSync(`/proc/${mesh.nats.pid}/cmdline`, 'utf8').split('\0');
    return words[words.indexOf('-sd') + 1]!;
  };
  const secretOf = (instance: string) =>
    [...files(join(mesh.data, 'places'))].find((path) => path.includes(`.${instance}/`) && path.includes('/secrets/'))!;

  beforeAll(async () => {
    content = mkdtempSync(join(tmpdir(), 'slipway-content-'));
    cpSync(join(root, 'content'), content, { recursive: true });
    mkdirSync(join(content, 'trouble'));
    const trouble = { name: 'trouble', version: '1.0.0', definitions: [BROKEN] };
    writeFileSync(join(content, 'trouble/package.yaml'), stringify(trouble));
    const once = { timeoutSeconds: 60, tries: 1, backoffSeconds: 0.1, maxBackoffSeconds: 1 };
    mesh = await TestMesh.start({
      processes,
      settings: { contentFolder: content, steps: { storage: once, database: once, instance: once } },
    });
    tap = await connect({ servers: mesh.nats.url, token: mesh.nats.token });
    tap.subscribe('>', {
      callback: (error, { subject, headers, data }) => {
        if (error) throw error;
        messages.push(`${subject} ${JSON.stringify([...(headers ?? [])])} ${Buffer.from(data).toString('utf8')}`);
      },
    });
    await tap.flush();
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'canary', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    secretFile = secretOf('canary');
    canary = readFileSync(secretFile, 'utf8').trim();
  }, 120_000);
  afterAll(async () => {
    await tap?.close();
    await mesh?.remove();
    rmSync(content, { recursive: true });
  }, 60_000);

  it('is a file of mode 0400 for the instance', () => {
    expect(statSync(secretFile).mode & 0o777).toBe(0o400);
    expect(canary.length).toBeGreaterThanOrEqual(20);
  });

  it('stands nowhere else: not in the log, blobs, read models, log files, markers', () => {
    const elsewhere = [...files(mesh.folder)].filter((path) => path !== secretFile && readFileSync(path).includes(canary));
    expect(elsewhere).toEqual([]);
  });

  it('is in no event, answer, argument or environment', async () => {
    const { items } = await mesh.client().events({}, { limit: 500 });
    expect(JSON.stringify(items)).not.toContain(canary);
    expect(JSON.stringify(await mesh.client().instances.get('default.canary'))).not.toContain(canary);
    const pids = [...processesIn(mesh.data), ...[...mesh.hosts.values()].map((host) => host.pid)];
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) {
      expect(readFileSync(`/proc/${pid}/cmdline`).includes(canary)).toBe(false);
      expect(readFileSync(`/proc/${pid}/environ`).includes(canary)).toBe(false);
    }
  });

  it('is in no refusal or failure that the API or the CLI tells, its own failing instance included', async () => {
    const failed = await slipway(mesh, ['provision', '--definition=broken', '--keep', 'ada', 'failing']);
    expect(failed.code).toBe(1);
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'failing' } })).items;
    expect(request!.status).not.toBe('succeeded');
    const other = readFileSync(secretOf('failing'), 'utf8').trim();
    expect(other.length).toBeGreaterThanOrEqual(20);
    expect(other).not.toBe(canary);
    const told = [failed];
    for (const args of [
      ['provision', '--definition=broken', 'bob', 'canary'],
      ['provision', '--definition=nowhere', 'ada', 'third'],
      ['instances', 'canary', '--output', 'json'],
      ['instances', 'nobody'],
      ['logs', request!.id],
      ['requests', request!.id, '--output', 'json'],
      ['deprovision', 'nobody'],
      ['doctor'],
    ])
      told.push(await slipway(mesh, args));
    expect(told.filter(({ code }) => code !== 0).length).toBeGreaterThanOrEqual(4);
    const headers = { Authorization: `Bearer ${mesh.key}` };
    const paths = ['/instances/nobody', '/instances?colour=red', `/requests/${request!.id}`, `/requests/${request!.id}/logs`];
    const answers = await Promise.all(
      [...paths, `/requests/${request!.id}/events`, '/health/ready', '/metrics', '/info'].map(async (path) =>
        (await fetch(`${mesh.url}/api/v1${path}`, { headers })).text(),
      ),
    );
    const text = JSON.stringify([told, answers]);
    expect(text).toContain('health-failed');
    for (const secret of [canary, other]) expect(text).not.toContain(secret);
    for (const secret of [canary, other]) expect(messages.filter((message) => message.includes(secret))).toEqual([]);
  }, 120_000);

  it('is in no file of a support bundle, nor is the key or the token', async () => {
    const file = join(content, 'bundle.tar.gz');
    expect((await slipway(mesh, ['doctor', '--data', mesh.data, `--bundle=${file}`])).stdout).toContain(file);
    const unpacked = join(content, 'bundle-unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', file, '-C', unpacked]);
    const texts = [...files(unpacked)].map((path) => ({ path, text: readFileSync(path, 'utf8') }));
    expect(texts.length).toBeGreaterThan(10);
    // It holds what was wrong, and what was said about it.
    expect(texts.find(({ path }) => path.endsWith('.log'))?.text).toMatch(/\S/);
    expect(texts.map(({ text }) => text).join()).toContain('health-failed');
    const secrets = [canary, readFileSync(secretOf('failing'), 'utf8').trim(), mesh.key, mesh.nats.token];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThanOrEqual(20);
      expect(texts.filter(({ text }) => text.includes(secret)).map(({ path }) => path)).toEqual([]);
    }
    rmSync(file);
    rmSync(unpacked, { recursive: true });
  }, 60_000);

  it('is gone with the instance', async () => {
    const { requestId } = await mesh.client().deprovision({ instanceId: 'canary' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    expect([...files(mesh.folder)].filter((path) => readFileSync(path).includes(canary))).toEqual([]);
  }, 60_000);

  it('went over no message, from the first to the last, and JetStream keeps none', async () => {
    await tap.flush();
    const of = (part: string) => messages.filter((message) => message.startsWith('slipway.') && message.includes(part));
    // The tap heard it all: commands with the reference to the secret, recorded events, signs of life.
    expect(of('.ensure ').length).toBeGreaterThan(0);
    expect(of('.destroy ').length).toBeGreaterThan(0);
    expect(of('.events.instance.').length).toBeGreaterThan(0);
    expect(messages.filter((message) => message.includes(canary))).toEqual([]);
    const kept = [...files(jetstream())];
    expect(kept.some((path) => readFileSync(path).includes('InstanceProvisioned'))).toBe(true);
    expect(kept.filter((path) => readFileSync(path).includes(canary))).toEqual([]);
  });
});
