import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

let gateway: SmallGateway;
let folder: string;
beforeEach(async () => {
  gateway = await SmallGateway.open(() => 'the archive');
  folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
});
afterEach(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

it('a backup takes no file away, unless it is told to: that is said before anything is asked', async () => {
  const file = join(folder, 'all.tar');
  writeFileSync(file, 'mine');
  expect(await ran(gateway.url, 'backup', file)).toMatchObject({
    ...{ code: 2, text: `${file} is there already: name another file, or put this one in its place with --force.` },
  });
  expect([gateway.calls, readFileSync(file, 'utf8')]).toEqual([[], 'mine']);
  expect((await ran(gateway.url, 'backup', '--force', file)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('the archive');
  expect((await ran(gateway.url, 'backup', join(folder, 'new.tar'))).code).toBe(0);
  expect(readdirSync(folder)).toEqual(['all.tar', 'new.tar']);
});
