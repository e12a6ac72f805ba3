import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ServerFrame } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { TestMesh } from '@slipway/testing';
import { elsewhere, embedded } from './embedded.js';
import { whereBordersAre } from './modes.js';

/** Turns one bit around of the byte at `at`. */
function flipBit(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  byte[0]! ^= 1;
  writeSync(handle, byte, 0, 1, at);
  closeSync(handle);
}

/** Flips a bit in the owner's name as an event's data have it: `ada` becomes `` ad` ``. Old copies in free space are left alone. */
function flipOwnerOf(file: string, row: number): void {
  const data = () => {
    const log = new DatabaseSync(file, { readOnly: true });
    try {
      return String(log.prepare('SELECT data FROM events WHERE position = ?').get(row)!.data);
    } finally {
      log.close();
    }
  };
  const text = data();
  const within = text.indexOf('"ada"') + 3;
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    flipBit(file, at + within);
    if (data().includes('"ad`"')) return;
    flipBit(file, at + within);
  }
  throw new Error(`The event at position ${row} does not stand in one piece in ${file}`);
}

whereBordersAre('A flipped bit is named and never served', ({ processes }) => {
  let mesh: TestMesh;
  let requestId: string;
  beforeEach(async () => {
    mesh = await TestMesh.start({ processes });
    ({ requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' }));
    expect((await mesh.client().wait(requestId, { timeoutMs: 60_000 })).status).toBe('succeeded');
  }, 150_000);
  afterEach(() => mesh?.remove(), 60_000);

  const get = (path: string) =>
    fetch(`${mesh.url}/api/v1${path}`, { headers: { Authorization: `Bearer ${mesh.key}`, Accept: 'application/json' } });

  /** The event that accepted the request, as the log has it. */
  const victim = async () => {
    const { items } = await mesh.client().events({ request: requestId }, { limit: 500 });
    return items.find((event) => event.type === 'RequestAccepted')!;
  };

  /** What a read of the log answers; `damaged` is what must never be in it. */
  async function read(path: string, damaged: string): Promise<{ status: number; problem: Problem }> {
    const answer = await get(path);
    const text = await answer.text();
    expect(text).not.toContain(damaged);
    return { status: answer.status, problem: JSON.parse(text) as Problem };
  }

  /** What a subscription from the log's start is told until it ends with an error. */
  async function follow(): Promise<ServerFrame[]> {
    const frames: ServerFrame[] = [];
    const socket = new WebSocket(`${mesh.url.replace('http', 'ws')}/api/v1/events`);
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as ServerFrame));
    socket.send(JSON.stringify({ type: 'authenticate', key: mesh.key }));
    socket.send(JSON.stringify({ type: 'subscribe', id: 'all', from: 'start' }));
    for (let tries = 0; tries < 600 && !frames.some(({ type }) => type === 'error'); tries++) await sleep(50);
    socket.close();
    return frames;
  }

  // Only the embedded log is a file that can be damaged here.
  (embedded ? it : it.skip)(
    `in the log, while the mesh runs: a read of its stream says where it is, the rest is served${elsewhere}`,
    async () => {
      const { position, stream, revision } = await victim();
      const row = Number(position.split('.').at(-1));
      const log = new DatabaseSync(join(mesh.data, 'log/events.sqlite'), { timeout: 10_000 });
      const data = String(log.prepare('SELECT data FROM events WHERE position = ?').get(row)!.data);
      const damaged = data.replace('"ada"', '"ade"'); // `a` and `e` differ in one bit.
      expect(damaged).not.toBe(data);
      log.prepare('UPDATE events SET data = ? WHERE position = ?').run(damaged, row);
      log.close();

      for (const path of [`/requests/${requestId}/events`, `/requests/${requestId}/logs`])
        expect({ path, ...(await read(path, '"ade"')) }).toMatchObject({
          path,
          status: 503,
          problem: { code: 'log-damaged', details: { stream, revision, position } },
        });
      // What a process has read while it was whole it may still tell; what is damaged it never does.
      const all = await read('/events?limit=5000', '"ade"');
      if (all.status !== 200) expect(all).toMatchObject({ status: 503, problem: { code: 'log-damaged', details: { position } } });
      const behind = await get(`/events?limit=5000&after=${position}`);
      expect(behind.status).toBe(200);
      expect(((await behind.json()) as { items: unknown[] }).items.length).toBeGreaterThan(0);
    },
    120_000,
  );

  (embedded ? it : it.skip)(
    `in the log's file, while the mesh is down: every read says where it is, subscriptions too${elsewhere}`,
    async () => {
      const { position, stream, revision } = await victim();
      await mesh.killEverything();
      const file = join(mesh.data, 'log/events.sqlite');
      const log = new DatabaseSync(file, { timeout: 10_000 });
      log.exec('PRAGMA wal_checkpoint(TRUNCATE)'); // What stood in its WAL stands in the file.
      log.close();
      flipOwnerOf(file, Number(position.split('.').at(-1)));
      await Promise.all([...mesh.hosts.values()].map((host) => host.start()));
      // Who must read that event can't begin, and readiness says why; who has read it before may be ready.
      const settled = async () => {
        const { ready, checks } = await mesh.client().ready();
        return ready || checks.some(({ name, reason }) => name === 'log' && reason?.includes('is not what was recorded'));
      };
      for (let tries = 0; tries < 400 && !(await settled().catch(() => false)); tries++) await sleep(100);
      expect(await settled()).toBe(true);

      const named = { status: 503, problem: { code: 'log-damaged', details: { stream, revision, position } } };
      for (const path of ['/events?limit=5000', `/events?request=${requestId}`, `/requests/${requestId}/events`])
        expect({ path, ...(await read(path, 'ad`')) }).toMatchObject({ path, ...named });
      const frames = await follow();
      expect(frames.at(-1)).toMatchObject({ type: 'error', id: 'all', error: { code: 'log-damaged' } });
      expect(frames.flatMap((frame) => (frame.type === 'event' ? [frame.event.position] : []))).not.toContain(position);
    },
    180_000,
  );

  it('in a blob: its step is named, what is whole is served', async () => {
    const { steps } = await mesh.client().requests.get(requestId);
    const [broken, ...whole] = steps.filter((step) => step.log);
    const { sha256 } = broken!.log!;
    const file = join(mesh.data, 'blobs', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    const content = readFileSync(file, 'utf8');
    expect(content.length).toBeGreaterThan(0);
    flipBit(file, content.length - 1);
    const answer = await get(`/requests/${requestId}/logs`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain(`==> ${broken!.id} (succeeded, try 1) <==\n(blob-damaged: Blob ${sha256}`);
    expect(text).not.toContain(content.split('\n')[0]);
    for (const { id, log } of whole.filter((step) => step.log!.sha256 !== sha256)) {
      const path = join(mesh.data, 'blobs', log!.sha256.slice(0, 2), log!.sha256.slice(2, 4), log!.sha256);
      expect(text).toContain(`==> ${id} (succeeded, try 1) <==\n${readFileSync(path, 'utf8')}`);
    }
  }, 60_000);
});
