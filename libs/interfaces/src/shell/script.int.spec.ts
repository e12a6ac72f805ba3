import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { BOOT, endLine, readSaid, runLine } from './script.js';

const shells = ['sh', 'dash', 'bash', 'zsh', 'busybox'].filter((shell) => spawnSync(shell, ['-c', ':']).error === undefined);

/** What a shell makes of a line: what it says first, and what the program then prints. */
function run(line: string, input = '', shell?: string): { said: string; printed: Buffer } {
  const other = shell === 'busybox' ? 'busybox sh' : shell;
  const boot = BOOT.replace('-i /bin/sh', `-i PATH="$PATH" ${other}`);
  const out = execFileSync('sh', ['-c', shell === undefined ? BOOT : boot], { input: line + input, stdio: 'pipe' });
  const lineEnd = out.indexOf('\n');
  return { said: out.subarray(0, lineEnd).toString(), printed: out.subarray(lineEnd + 1) };
}

const args = (printed: Buffer): Buffer[] => {
  const found: Buffer[] = [];
  for (let from = 0, to; (to = printed.indexOf(0, from)) >= 0; from = to + 1) found.push(printed.subarray(from, to));
  return found;
};

describe('the line that becomes a program', () => {
  test.each(shells)('hands on every byte but NUL, as argument, variable and input: %s', (shell) => {
    const ascii = Array.from({ length: 127 }, (_, code) => String.fromCharCode(code + 1));
    const wide = Array.from({ length: 0x7ff - 0x80 }, (_, code) => String.fromCodePoint(code + 0x80));
    const words = [
      ...ascii,
      ascii.join(''),
      wide.join(''),
      '日本\u{1f600}',
      '',
      "'",
      "''",
      '\n',
      '\n\n',
      'x\n',
      '%s\\n',
      '$(id)',
      '-n',
    ];
    const line = runLine('nonce', ['printf', '%s\\0', ...words], { env: { PATH: process.env.PATH! } });
    const { said, printed } = run(line, '', shell);
    expect(said).toMatch(/^nonce begun \d+ /);
    expect(args(printed).map(String)).toEqual(words);
    const value = ascii.join('') + wide.join('') + '\n\n';
    const shown = run(
      runLine('nonce', ['printenv', '-0', 'VALUE'], { env: { VALUE: value, PATH: process.env.PATH! } }),
      '',
      shell,
    );
    expect(args(shown.printed).map(String)).toEqual([value]);
    const input = ascii.join('').repeat(100);
    expect(String(run(runLine('nonce', ['cat'], { env: {} }), input, shell).printed)).toBe(input);
  });

  test('gives the variables that are named and no others, also those that shells keep for themselves', () => {
    const env = { A: '1', PWD: '/not here', _: 'under', SHLVL: '7', OPTIND: 'x', PPID: '1', IFS: ',' };
    const { printed } = run(runLine('nonce', ['/usr/bin/env', '-0'], { env, cwd: '/' }));
    expect(args(printed).map(String).toSorted()).toEqual(
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted(),
    );
  });

  test('is refused with a zero byte, with a name that is none to a shell, and when it is too long', () => {
    const refused = (...how: Parameters<typeof runLine>) => expect(() => runLine(...how)).toThrow;
    refused('n', ['a\0b'], { env: {} }).call(null, expect.objectContaining({ code: 'bad-input' }));
    refused('n', ['a'], { env: { 'A B': '' } }).call(
      null,
      expect.objectContaining({ code: 'bad-input', message: expect.stringContaining('"A B"') }),
    );
    refused('n', ['a', 'x'.repeat(2 ** 20)], { env: {} }).call(null, expect.objectContaining({ code: 'too-large' }));
  });
});

test('a process group is ended by its number only while its first process is the one that was meant', () => {
  const begun = run(runLine('nonce', ['true'], { env: {} })).said;
  const since = readSaid(begun.slice('nonce '.length))!.group.since;
  expect(Number(since)).toBeGreaterThan(0);
  // Of this process we know that it runs on: it began at another time, and is asked to end.
  const other = endLine([{ pid: process.pid, since: String(Number(since) + 1) }]);
  expect(spawnSync('sh', ['-c', BOOT], { input: other }).status).toBe(0);
  expect(process.kill(process.pid, 0)).toBe(true);
});
