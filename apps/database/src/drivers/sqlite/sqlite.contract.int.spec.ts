import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from '@jest/globals';
import { driverContract } from '@slipway/provisioner/testing';
import { sqliteDriver } from './sqlite.js';

/** Hardly to be compressed. */
const TEXTS = Array.from({ length: 150 }, () => randomBytes(500).toString('hex'));

/** A database, and what damage does to it. */
function hostileDatabases(): Record<string, Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-hostile-'));
  const file = join(folder, 'good.sqlite');
  try {
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT NOT NULL); CREATE INDEX texts ON entries (text)');
    const insert = database.prepare('INSERT INTO entries (text) VALUES (?)');
    for (const text of TEXTS) insert.run(text);
    database.close();
    const good = readFileSync(file);
    const overwritten = Buffer.from(good);
    randomBytes(12_288).copy(overwritten, 8_192);
    return {
      'a text': Buffer.from('SELECT 1'),
      'a database that is cut off': good.subarray(0, good.length - 10_000),
      'a database with noise in the middle': overwritten,
      'the head of a database alone': Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(5_000, 255)]),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const spec = { schema: 'CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT NOT NULL)' };

driverContract('sqlite', sqliteDriver, {
  module: new URL('../../../dist/drivers/sqlite/sqlite.js', import.meta.url).href,
  make: 'sqliteDriver',
  prepare: async () => ({ spec }),
  works: async ({ outputs }) => {
    const database = new DatabaseSync(String(outputs['path']));
    try {
      database.prepare('INSERT INTO entries (text) VALUES (?)').run('kept');
      expect(database.prepare('SELECT text FROM entries ORDER BY id DESC LIMIT 1').get()).toEqual({ text: 'kept' });
    } finally {
      database.close();
    }
  },
  gone: async ({ outputs }) => {
    await expect(stat(String(outputs['path']))).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ENOTDIR/) });
  },
  data: {
    async put({ outputs }) {
      const database = new DatabaseSync(String(outputs['path']));
      const insert = database.prepare('INSERT INTO entries (text) VALUES (?)');
      for (const text of TEXTS) insert.run(text);
      database.close();
    },
    async has({ outputs }) {
      const database = new DatabaseSync(String(outputs['path']), { readOnly: true });
      try {
        expect(
          database
            .prepare('SELECT text FROM entries ORDER BY id')
            .all()
            .map(({ text }) => text),
        ).toEqual(TEXTS);
        expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      } finally {
        database.close();
      }
    },
    hostile: hostileDatabases(),
  },
  // Another version of its definition that wants the same: nothing is changed at the place.
  changed: { spec, holds: async ({ observed }) => expect(observed).toMatchObject({ integrity: 'ok' }) },
  byHand: [
    {
      what: 'a table is added',
      change: async ({ outputs }) => {
        const database = new DatabaseSync(String(outputs['path']));
        database.exec('CREATE TABLE by_hand (n INTEGER)');
        database.close();
      },
      drift: 'changed',
      fields: ['schema'],
    },
    {
      what: 'its file is removed, its mark stays',
      change: ({ outputs }) => rm(String(outputs['path'])),
      drift: 'missing',
      fields: ['exists'],
      repair: 'update',
    },
    {
      what: 'all of it is removed',
      change: ({ outputs }) => rm(dirname(dirname(String(outputs['path']))), { recursive: true }),
      drift: 'missing',
      fields: ['state'],
      repair: 'ensure',
    },
  ],
  points: 2,
  simulated: 12,
});
