import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GATEWAY_URL, closedAbove, takeDataFolder } from './data-folder.js';

describe('the data folder', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'slipway-data-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made, closed to others, with its parts', () => {
    const data = takeDataFolder(join(root, 'new'));
    expect(statSync(data.path).mode & 0o777).toBe(0o711);
    expect(statSync(data.run).mode & 0o777).toBe(0o700);
    expect(statSync(data.logs).mode & 0o777).toBe(0o700);
    data.release();
  });

  it('may lie where other users do not come: the folder that keeps them out is named', () => {
    const path = join(root, 'in/data');
    mkdirSync(path, { recursive: true });
    chmodSync(root, 0o755);
    expect(closedAbove(path)).toBeNull();
    chmodSync(join(root, 'in'), 0o750);
    expect(closedAbove(path)).toBe(join(root, 'in'));
    chmodSync(root, 0o700);
    expect(closedAbove(join(root, 'in'))).toBe(root);
  });

  it('is one process’s alone: a second is refused by naming the first', () => {
    const data = takeDataFolder(root);
    expect(() => takeDataFolder(root)).toThrow(`Slipway is being started here by process ${process.pid}`);
    writeFileSync(join(data.run, GATEWAY_URL), 'http://127.0.0.1:7555');
    expect(() => takeDataFolder(root)).toThrow(`Slipway already runs here: http://127.0.0.1:7555 (process ${process.pid})`);
    data.release();
    takeDataFolder(root).release();
  });
});
