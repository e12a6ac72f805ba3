import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView } from '@slipway/contracts/http';
import { TestMesh } from '@slipway/testing';
import { standing } from './place.js';

const MIB = 1024 ** 2;
const root = process.getuid!() === 0;

/** A disk of its own in a folder's place, with what stands there. */
class SmallDisk {
  constructor(
    private readonly folder: string,
    mebibytes: number,
  ) {
    mkdirSync(folder, { recursive: true });
    const aside = mkdtempSync(join(tmpdir(), 'slipway-aside-'));
    cpSync(folder, aside, { recursive: true });
    const { mode } = statSync(folder);
    this.#mount('-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder);
    cpSync(aside, folder, { recursive: true });
    chmodSync(folder, mode);
    rmSync(aside, { recursive: true });
  }

  grow(mebibytes: number): void {
    this.#mount('-o', `remount,size=${mebibytes}m`, this.folder);
  }

  leave(): void {
    spawnSync('umount', ['--lazy', this.folder]);
  }

  #mount(...words: string[]): void {
    expect(spawnSync('mount', words, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  }
}

(root ? describe : describe.skip)(
  `The disk of data is full${root ? '' : ' (skipped: only root may mount a small file system for it)'}`,
  () => {
    let mesh: TestMesh;
    let disk: SmallDisk | undefined;
    let client: SlipwayClient;
    afterEach(async () => {
      disk?.leave();
      await mesh?.remove();
    }, 60_000);

    const ended = async (asked: Promise<{ requestId: string }>): Promise<RequestView> =>
      client.wait((await asked).requestId, { timeoutMs: 120_000 });
    /** A guestbook with so much in its storage, and as much in its database, that can't be compressed. */
    const filled = async (mebibytes: number) => {
      expect(
        (await ended(client.provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' }))).cause,
      ).toBeUndefined();
      const ballast = randomBytes(mebibytes * MIB);
      writeFileSync(join(String((await client.storages.get('shop-data')).outputs['path']), 'ballast'), ballast);
      const db = new DatabaseSync(String((await client.databases.get('shop-db')).outputs['path']), { timeout: 10_000 });
      db.exec('CREATE TABLE ballast (data BLOB)');
      db.prepare('INSERT INTO ballast VALUES (?)').run(ballast);
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
    };
    const answers = async () => (await fetch(String((await client.instances.get('shop')).outputs['url']))).status;

    /** Found before it was written, or while. */
    const expectFull = ({ status, cause }: RequestView, code: string) =>
      expect([status, cause?.code, cause?.message]).toEqual(['failed', code, expect.stringMatching(/ are free$|no space left/)]);

    it('in the middle of an import: said, all of it is taken back, and with room again it goes well', async () => {
      mesh = await TestMesh.start();
      client = mesh.client();
      disk = new SmallDisk(join(mesh.data, 'places'), 40);
      await filled(8);
      const { id: snapshot } = await ended(client.export({ instanceId: 'shop' }));
      // Room for each of its parts alone.
      disk.grow(28);
      const before = standing(mesh.data);
      const job = { ownerId: 'ada', instanceId: 'copy', snapshot, snapshotId: true };
      const request = await ended(client.import(job));
      expectFull(request, 'no-space');
      expect([standing(mesh.data), await answers()]).toEqual([before, 200]);
      disk.grow(64);
      expect((await ended(client.import(job))).status).toBe('succeeded');
    }, 240_000);

    it('in the middle of an export: said, the service runs, nothing of it is kept, and with room again it goes well', async () => {
      mesh = await TestMesh.start();
      client = mesh.client();
      await filled(8);
      disk = new SmallDisk(join(mesh.data, 'blobs'), 12);
      const request = await ended(client.export({ instanceId: 'shop' }));
      expectFull(request, 'blob-unavailable');
      // What was read already goes after the answer.
      const held = () => (existsSync(join(mesh.data, 'blobs/held')) ? readdirSync(join(mesh.data, 'blobs/held')) : []);
      for (const until = Date.now() + 60_000; held().length > 0 && Date.now() < until;) await sleep(50);
      expect([held(), await answers()]).toEqual([[], 200]);
      disk.grow(64);
      expect((await ended(client.export({ instanceId: 'shop' }))).status).toBe('succeeded');
    }, 240_000);
  },
);
