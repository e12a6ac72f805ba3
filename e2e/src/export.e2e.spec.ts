import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView, SnapshotView } from '@slipway/contracts/http';
import { TestMesh } from '@slipway/testing';
import { whereBordersAre } from './modes.js';
import { standing } from './place.js';
import { slipway } from './slipway.js';

const urlOf = async (client: SlipwayClient, name: string) => String((await client.instances.get(name)).outputs.url);

/** Visits first, then writes, one after the other: whoever stops it at any moment finds one visit more than entries, or as many. */
class Visitor {
  #stopped = false;
  readonly #over: Promise<void>;
  written = 0;
  constructor(url: string) {
    this.#over = this.#go(url);
  }
  async #go(url: string): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!(await fetch(url)).ok) continue;
        await this.#write(url);
      } catch {
        await sleep(20); // It stands still just now.
      }
    }
  }
  /** Again until it is taken; whether a call that broke was taken before is seen in the list. */
  async #write(url: string): Promise<void> {
    const name = `visitor ${this.written + 1}`;
    for (;;) {
      try {
        const { count } = (await (await fetch(new URL('entries', url))).json()) as { count: number };
        if (count > this.written) break;
        const body = JSON.stringify({ name, message: 'was here' });
        const { ok } = await fetch(new URL('entries', url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        if (ok) break;
      } catch {
        if (this.#stopped) return;
        await sleep(20);
      }
    }
    this.written += 1;
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#over;
  }
}

whereBordersAre('A service is exported and imported', ({ processes }) => {
  let mesh: TestMesh;
  let store: string;
  let client: SlipwayClient;
  beforeAll(async () => {
    store = mkdtempSync(join(tmpdir(), 'slipway-store-'));
    const settings = {
      snapshots: { stores: { backups: { folder: store } } },
      environments: { nightly: { destination: 'backups:nightly' } },
    };
    mesh = await TestMesh.start({ processes, settings });
    client = mesh.client();
    expect((await slipway(mesh, ['provision', '--definition=guestbook', 'ada', 'shop'])).code).toBe(0);
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(store, { recursive: true });
  }, 60_000);

  const ended = (requestId: string): Promise<RequestView> => mesh.client().wait(requestId, { timeoutMs: 120_000 });
  const exported = async (instanceId: string, more: object = {}): Promise<SnapshotView> => {
    const request = await ended((await client.export({ instanceId, ...more })).requestId);
    expect([request.status, request.cause]).toEqual(['succeeded', undefined]);
    return client.snapshots.get((request.result as { snapshot: string }).snapshot);
  };
  const blobs = () =>
    readdirSync(join(mesh.data, 'blobs'), { recursive: true, encoding: 'utf8' })
      .map((path) => path.split('/').at(-1)!)
      .filter((name) => /^[0-9a-f]{64}$/.test(name));
  /** What is deleted goes after the answer. */
  const heldNoMore = async (which: (holder: string) => boolean) => {
    const held = () => readdirSync(join(mesh.data, 'blobs', 'held')).filter(which);
    for (let tries = 0; tries < 300 && held().length > 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held()).toEqual([]);
  };
  const entriesOf = async (name: string) => {
    const { count, items } = (await (await fetch(new URL('entries', await urlOf(client, name)))).json()) as {
      count: number;
      items: { name: string }[];
    };
    return { count, names: items.map((entry) => entry.name) };
  };
  const visitsOf = async (name: string) =>
    Number(readFileSync(join(String((await client.storages.get(`${name}-data`)).outputs.path), 'visits'), 'utf8'));

  it('as it was at one moment, while visitors write, and stands under another name with the same data', async () => {
    const visitor = new Visitor(await urlOf(client, 'shop'));
    while (visitor.written < 30) await sleep(20);
    const { code, stdout, stderr } = await slipway(mesh, ['export', 'shop']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const id = /Snapshot: (\S+)/.exec(stdout)![1]!;
    const before = visitor.written;
    while (visitor.written < before + 10) await sleep(20);
    await visitor.stop();

    const made = await slipway(mesh, ['import', '--snapshot-id', 'bob', 'copy', id]);
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    const { count, names } = await entriesOf('copy');
    const visits = await visitsOf('copy');
    expect(count).toBeGreaterThanOrEqual(30);
    expect(count).toBeLessThan((await entriesOf('shop')).count);
    expect(names[0]).toBe(`visitor ${count}`);
    // Storage and database are of one moment.
    expect([count, count + 1]).toContain(visits);
    expect(await client.instances.get('copy')).toMatchObject({
      ownerId: 'bob',
      generation: 1,
      definition: { name: 'guestbook' },
    });
    expect((await fetch(await urlOf(client, 'copy'))).status).toBe(200);
  }, 240_000);

  it('into a file here and a store there, the same archive byte by byte; it comes back as it went', async () => {
    const file = join(mesh.folder, 'out', 'shop.tar');
    const { code, stderr } = await slipway(mesh, ['export', `--destination=${file}`, 'shop']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/Writing .*shop\.tar: .* of .*\/s/);
    expect(readdirSync(join(mesh.folder, 'out'))).toEqual(['shop.tar']);
    const snapshot = await exported('shop', { destination: 'backups' });
    const name = `shop-${snapshot.id}.slipway.tar`;
    expect(snapshot.copy).toEqual({ store: 'backups', file: name });
    expect(readdirSync(store)).toEqual([name]);
    const content = await client.snapshots.content(snapshot.id);
    const downloaded = Buffer.from(await new Response(content.body).arrayBuffer());
    expect(downloaded.equals(readFileSync(join(store, name)))).toBe(true);

    await client.snapshots.delete(snapshot.id, 'moved away');
    expect(await client.snapshots.get(snapshot.id)).toMatchObject({ status: 'deleted' });
    await heldNoMore((holder) => holder === snapshot.id);

    const made = await slipway(mesh, ['import', 'ada', 'again', join(store, name)]);
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    expect(made.stderr).toMatch(/Sending .*slipway\.tar: .* of .*\/s/);
    expect(await entriesOf('again')).toEqual(await entriesOf('shop'));
    const fromStore = await slipway(mesh, ['import', 'ada', 'from-store', `backups:${name}`, '--offering', 'greeting=Restored']);
    expect({ code: fromStore.code, stderr: fromStore.stderr }).toMatchObject({ code: 0 });
    expect(await (await fetch(await urlOf(client, 'from-store'))).text()).toContain('Restored');
  }, 240_000);

  it('into the store of its environment where none is named, and below another where one is: the plan says where', async () => {
    const made = await slipway(mesh, ['provision', '--environment=nightly', '--definition=hello', 'ada', 'small']);
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    const plan = (...more: string[]) => slipway(mesh, ['plan', '--export', '--environment=nightly', ...more, 'small']);
    expect((await plan()).stdout).toContain('@ its archive goes to backups:nightly\n');
    expect((await plan('--destination=backups')).stdout).toContain('@ its archive goes to backups\n');
    const copyOf = async (...more: string[]) => {
      const { stdout } = await slipway(mesh, ['export', '--environment=nightly', ...more, 'small']);
      const { id, copy } = await client.snapshots.get(/Snapshot: (\S+)/.exec(stdout)![1]!);
      expect(stdout).toContain(`\nIts archive: ${copy!.store}:${copy!.file}\n`);
      return [copy!.store, copy!.file.replace(id, '<id>')];
    };
    expect(await copyOf()).toEqual(['backups', 'nightly/small-<id>.slipway.tar']);
    expect(await copyOf('--destination=backups:by/hand')).toEqual(['backups', 'by/hand/small-<id>.slipway.tar']);
    expect([readdirSync(join(store, 'nightly')).length, readdirSync(join(store, 'by', 'hand')).length]).toEqual([1, 1]);
    const away = await slipway(mesh, ['export', '--environment=nightly', '--destination=backups:../away', 'small']);
    expect([away.code, away.stderr]).toEqual([2, expect.stringContaining('(bad-input)')]);
  }, 240_000);

  it('under a name that something has is refused, and so is what is damaged: nothing is changed', async () => {
    const [snapshot] = (await client.snapshots.list()).items;
    const before = { standing: standing(mesh.data), blobs: blobs().length, entries: await entriesOf('copy') };
    const taken = await slipway(mesh, ['import', '--snapshot-id', 'ada', 'copy', snapshot!.id]);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('(name-taken)')]);
    const { body } = await client.snapshots.content(snapshot!.id);
    const archive = Buffer.from(await new Response(body).arrayBuffer());
    // In the last part: the head is looked at before anything is taken.
    const middle = archive.lastIndexOf('parts/') + 512 + 4;
    for (const [what, bytes] of Object.entries({
      flipped: Buffer.concat([archive.subarray(0, middle), Buffer.from([archive[middle]! ^ 1]), archive.subarray(middle + 1)]),
      cut: archive.subarray(0, middle),
      longer: Buffer.concat([archive, Buffer.from('more')]),
    })) {
      const file = join(store, `${what}.tar`);
      writeFileSync(file, bytes);
      const sent = await slipway(mesh, ['import', 'ada', 'hostile', file]);
      expect([what, sent.code, sent.stderr]).toEqual([what, 1, expect.stringContaining('(archive-invalid)')]);
    }
    const cut = await client.import({ ownerId: 'ada', instanceId: 'hostile', snapshot: join(store, 'flipped.tar') });
    expect(await ended(cut.requestId)).toMatchObject({ status: 'failed', cause: { code: 'archive-invalid' } });
    await expect(client.import({ ownerId: 'ada', instanceId: 'hostile', snapshot: '/etc/passwd' })).rejects.toMatchObject({
      code: 'bad-input',
    });
    await expect(client.export({ instanceId: 'shop', destination: 'elsewhere' })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(`backups (${store})`),
    });
    expect({ standing: standing(mesh.data), blobs: blobs().length, entries: await entriesOf('copy') }).toEqual(before);
  }, 240_000);

  it.each(['export', 'import'] as const)(
    'goes on where everything is killed in the middle: %s',
    async (job) => {
      const data = String((await client.storages.get('shop-data')).outputs.path);
      // Long enough to be killed in the middle of it.
      if (!existsSync(join(data, 'ballast')))
        for (let n = 0; n < 12; n += 1) appendFileSync(join(data, 'ballast'), randomBytes(4 * 1024 * 1024));
      const from = job === 'import' ? await exported('shop') : undefined;
      const asked = from
        ? await client.import({ ownerId: 'ada', instanceId: 'survivor', snapshot: from.id, snapshotId: true })
        : await client.export({ instanceId: 'shop' });
      const moving = (steps: RequestView['steps']) =>
        steps.some(
          ({ kind, status, action }) => kind === 'storage' && status === 'running' && action === (from ? 'ensure' : 'export'),
        );
      for (;;) {
        const request = await client.requests.get(asked.requestId);
        if (moving(request.steps) || request.endedAt !== undefined) break;
        await sleep(5);
      }
      await mesh.killEverything();
      await mesh.startEverything();
      client = mesh.client();
      const request = await ended(asked.requestId);
      expect([request.status, mesh.logs()]).toEqual(['succeeded', expect.anything()]);
      const events = (await client.requests.events(asked.requestId)).items.filter(({ type }) => type === 'StepSucceeded');
      expect(new Set(events.map(({ data: told }) => told['stepId'])).size).toBe(events.length);
      const name = from ? 'survivor' : 'shop';
      expect((await fetch(await urlOf(client, name))).status).toBe(200);
      if (from) {
        const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
        const copied = String((await client.storages.get('survivor-data')).outputs.path);
        expect(sum(join(copied, 'ballast'))).toBe(sum(join(data, 'ballast')));
      } else {
        const snapshots = (await client.snapshots.list({ filter: { instanceId: 'shop' } })).items;
        expect(snapshots.filter(({ id }) => id === asked.requestId)).toHaveLength(1);
      }
    },
    240_000,
  );

  it('and leaves nothing but what is wanted: every blob of data is of a snapshot that is kept', async () => {
    const kept = (await client.snapshots.list()).items;
    for (const { id } of kept) await client.snapshots.delete(id);
    const parts = new Set(kept.flatMap((snapshot) => snapshot.parts.map(({ sha256 }) => sha256)));
    expect(parts.size).toBeGreaterThan(3);
    await heldNoMore(() => true);
    expect(blobs().filter((name) => parts.has(name))).toEqual([]);
    expect((await slipway(mesh, ['snapshots'])).stdout).toBe('No snapshots.\n');
  }, 60_000);
});

it('memory stays flat, however much there is to move', async () => {
  const mesh = await TestMesh.start();
  try {
    const client = mesh.client();
    const wait = (requestId: string) => client.wait(requestId, { timeoutMs: 200_000 });
    const asked = { ownerId: 'ada', definition: 'guestbook', offerings: { 'size-limit': '1GiB' } };
    await wait((await client.provision({ ...asked, instanceId: 'big' })).requestId);
    const data = String((await client.storages.get('big-data')).outputs.path);
    mkdirSync(join(data, 'files'));
    for (let n = 0; n < 48; n += 1) writeFileSync(join(data, 'files', `${n}`), randomBytes(8 * 1024 * 1024));
    const { pid } = mesh.hostOf('gateway');
    const rss = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
    const idle = rss();
    let most = idle;
    const watch = setInterval(() => (most = Math.max(most, rss())), 50);
    try {
      const { requestId } = await client.export({ instanceId: 'big' });
      expect(await wait(requestId)).toMatchObject({ status: 'succeeded' });
      const { body, bytes } = await client.snapshots.content(requestId);
      let read = 0;
      for await (const chunk of body) read += chunk.byteLength;
      expect([read, read > 300 * 1024 * 1024]).toEqual([bytes, true]);
      const copy = await client.import({ ...asked, instanceId: 'copy', snapshot: requestId, snapshotId: true });
      expect(await wait(copy.requestId)).toMatchObject({ status: 'succeeded' });
    } finally {
      clearInterval(watch);
    }
    // In MiB; far less than what was moved, which was in memory as a whole if anything held it.
    expect(most - idle).toBeLessThan(250);
  } finally {
    await mesh.remove();
  }
}, 400_000);
