/** README's tour, command by command on a terminal: what it shows is what is printed, but for ids, ports, times and sizes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh, root } from '@slipway/testing';
import { program, slipway } from './slipway.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, tour = ''] = /^## A short tour\n([^]*?)^## /m.exec(readme)!;

/** Each command that is shown, with the lines below it. */
const shown = [...tour.matchAll(/^ {4}\$ npx slipway (.*)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)/gm)].map(
  ([, command, text]) => ({ command: command!, lines: linesOf(text!.replaceAll(/^ {4}/gm, '')) }),
);

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const idsIn = (text: string): string[] => text.match(UUID) ?? [];

/** Without what is another each time. */
const shapeOf = (line: string): string =>
  line
    .replaceAll(UUID, '<id>')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<url>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
    .replaceAll(/\d+(\.\d+)? ([KMG]i)?B\b/g, '<bytes>')
    .replaceAll(/[0-9a-f]{12}\.\d{10}\.\d{20}/g, '<position>')
    .replaceAll(/ {2,}/g, '  ')
    .trimEnd();

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** What stands on a terminal in the end: lines that were drawn anew stand there once. */
function screenOf(output: string): string[] {
  const screen: string[] = [];
  for (const line of output.replaceAll('\r\n', '\n').split('\n')) {
    // oxlint-disable-next-line no-control-regex
    const [, up, rest] = /^\u001b\[(\d+)A\u001b\[J([^]*)$/.exec(line) ?? [];
    if (up !== undefined) screen.splice(-Number(up));
    screen.push((rest ?? line).split('\r').at(-1)!.replaceAll('\u001b[K', ''));
  }
  return screen.filter((line) => line.trim() !== '');
}

describe('README’s tour', () => {
  let mesh: TestMesh;
  let folder: string;
  /** The ids that README shows, as they are here. */
  const ids = new Map<string, string>();
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

  const typed = (command: string): string[] => {
    const line = `stty cols 300 && '${process.execPath}' '${program}' ${command}`;
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd: folder,
      env: { PATH: process.env.PATH, TERM: 'xterm', SLIPWAY_URL: mesh.url, SLIPWAY_KEY: mesh.key },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 110_000,
    });
    return screenOf(stdout);
  };

  it('shows every job of it, an export and an import among them', () => {
    const words = shown.map(({ command }) => command.split(' ')[0]);
    expect(words).toEqual(['plan', 'provision', 'instances', 'events', 'provision', 'export', 'import', 'deprovision']);
  });

  it.each(shown)(
    '$command',
    async ({ command, lines }) => {
      const here = command.replaceAll(UUID, (id) => ids.get(id) ?? id);
      // A list whose middle is left out.
      const isPart = lines.includes('...');
      const expected = lines.filter((line) => line !== '...').map(shapeOf);
      let printed: string[];
      // A list tells what is known by then: of what was only just made its health is not.
      for (let tries = 0; ; tries += 1, await sleep(200)) {
        printed = typed(here);
        if (tries === 15 || !/^(instances|events)/.test(command) || isDeepStrictEqual(printed.map(shapeOf), expected)) break;
        if (isPart && expected.every((line) => printed.map(shapeOf).includes(line))) break;
      }
      expect(printed.map(shapeOf)).toEqual(isPart ? expect.arrayContaining(expected) : expected);
      if (isPart) return;
      const real = idsIn(printed.join('\n'));
      for (const [index, id] of idsIn(lines.join('\n')).entries()) ids.set(id, real[index]!);
    },
    120_000,
  );

  it('has written the archive of the export where it says', () => {
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^shop-[0-9a-f-]{36}\.slipway\.tar$/)]);
  });
});
