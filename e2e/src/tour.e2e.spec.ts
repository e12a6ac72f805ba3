/** README's tour, command by command on a terminal: what it shows is what is printed, but for ids, ports, times and sizes. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { Ids, commandsIn, shapeOf, typedAt } from './shown.js';
import { slipway } from './slipway.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, tour = ''] = /^## A short tour\n([^]*?)^## /m.exec(readme)!;
const shown = commandsIn(tour);

describe('README’s tour', () => {
  let mesh: TestMesh;
  let folder: string;
  const ids = new Ids();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-tour-'));
    mesh = await TestMesh.start();
    // As `npm start` does.
    expect((await slipway(mesh, ['provision', '--definition=guestbook', 'ada', 'guestbook'])).code).toBe(0);
  }, 180_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('shows every job of it, an export and an import among them', () => {
    const words = shown.map(({ command }) => command.split(' ')[0]).join(' ');
    expect(words).toBe('plan provision instances events provision export import blueprints lease deprovision');
  });

  it.each(shown)(
    '$command',
    async ({ command, lines }) => {
      // A list whose middle is left out.
      const isPart = lines.includes('...');
      const expected = lines.filter((line) => line !== '...').map(shapeOf);
      let printed: string[];
      // A list tells what is known by then: of what was only just made its health is not.
      for (let tries = 0; ; tries += 1, await sleep(200)) {
        printed = await typedAt(mesh, folder, ids.in(command));
        if (tries === 15 || !/^(instances|events)/.test(command) || isDeepStrictEqual(printed.map(shapeOf), expected)) break;
        if (isPart && expected.every((line) => printed.map(shapeOf).includes(line))) break;
      }
      expect(printed.map(shapeOf)).toEqual(isPart ? expect.arrayContaining(expected) : expected);
      if (!isPart) ids.learn(lines, printed);
    },
    120_000,
  );

  it('has written the archive of the export where it says', () => {
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^shop-[0-9a-f-]{36}\.slipway\.tar$/)]);
  });
});
