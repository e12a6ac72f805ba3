import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect } from '@jest/globals';
import { driverContract } from '@slipway/provisioner/testing';
import { sqliteDriver } from './sqlite.js';

driverContract('sqlite', sqliteDriver, {
  module: new URL('../../../dist/drivers/sqlite/sqlite.js', import.meta.url).href,
  make: 'sqliteDriver',
  prepare: async () => ({ spec: { schema: 'CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT NOT NULL)' } }),
  works: async ({ outputs }) => {
    const database = new DatabaseSync(String(outputs['path']));
    try {
      database.prepare('INSERT INTO entries (text) VALUES (?)').run('kept');
      expect(database.prepare('SELECT text FROM entries LIMIT 1').get()).toEqual({ text: 'kept' });
    } finally {
      database.close();
    }
  },
  gone: async ({ outputs }) => {
    await expect(stat(String(outputs['path']))).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ENOTDIR/) });
  },
  points: 8,
});
