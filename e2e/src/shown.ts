import { spawn } from 'node:child_process';
import { text as allOf } from 'node:stream/consumers';
import type { TestMesh } from '@slipway/testing';
import { program } from './slipway.js';

/** A command that a page shows, with the lines that it prints there. */
export interface Shown {
  command: string;
  lines: string[];
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Each command of a text, `    $ npx slipway …`, with the lines below it. */
export const commandsIn = (text: string): Shown[] =>
  [...text.matchAll(/^ {4}\$ npx slipway (.*)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)/gm)].map(([, command, lines]) => ({
    command: command!,
    lines: linesOf(lines!.replaceAll(/^ {4}/gm, '')),
  }));

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** A line without what is another each time: ids, addresses, times, sizes, positions. */
export const shapeOf = (line: string): string =>
  line
    .replaceAll(UUID, '<id>')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<url>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
    .replaceAll(/\d+(\.\d+)? (bytes|[KMGT]iB)\/s/g, '<rate>')
    .replaceAll(/\d+(\.\d+)? ([KMG]i)?B\b/g, '<bytes>')
    .replaceAll(/[0-9a-f]{12}\.\d{10}\.\d{20}/g, '<position>')
    .replaceAll(/ {2,}/g, '  ')
    .trimEnd();

/** Types a command at a terminal that is wide enough, in a folder: what stands there in the end. What the test itself serves goes on meanwhile. */
export async function typedAt({ url, key }: Pick<TestMesh, 'url' | 'key'>, folder: string, command: string): Promise<string[]> {
  const line = `stty cols 300 && '${process.execPath}' '${program}' ${command}`;
  const { stdout } = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH, TERM: 'xterm', NO_COLOR: '1', SLIPWAY_URL: url, SLIPWAY_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 110_000,
  });
  return screenOf(await allOf(stdout));
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

/** The ids that a page shows, each as it is here, once it has been printed. */
export class Ids {
  readonly #here = new Map<string, string>();

  /** A command with the ids that are meant here. */
  in = (command: string): string => command.replaceAll(UUID, (id) => this.#here.get(id) ?? id);

  learn(shown: readonly string[], printed: readonly string[]): void {
    const real = idsIn(printed);
    for (const [index, id] of idsIn(shown).entries()) this.#here.set(id, real[index]!);
  }
}

const idsIn = (lines: readonly string[]): string[] => lines.join('\n').match(UUID) ?? [];
