import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';

const NOBODY = 'http://127.0.0.1:1';
const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) scripts[shell] = (await ran(NOBODY, 'completion', shell)).stdout;
});
const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
/** A shell in a folder that is not the clone, without its user's configuration. */
const inShell = (shell: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', cwd: tmpdir(), env: { PATH: '/usr/bin:/bin' } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
};

describe('bash', () => {
  const complete = (...words: string[]) =>
    inShell(
      'bash',
      '--norc',
      '-c',
      `${scripts['bash']}\ncomplete -p slipway >/dev/null || exit 9\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      'slipway',
      ...words,
    );

  it('is given slipway as a command, in any folder', () => {
    expect(inShell('bash', '--norc', '-c', `${scripts['bash']}\ntype -t slipway`)).toEqual(['function']);
    expect(inShell('bash', '--norc', '-c', `${scripts['bash']}\ntype slipway`).join('\n')).toContain('apps/cli/bin/slipway.mjs');
    const own = 'slipway() { echo mine; }';
    expect(inShell('bash', '--norc', '-c', `${own}\n${scripts['bash']}\nslipway`)).toEqual(['mine']);
  });

  it('completes commands, their subcommands and options, and what options can be', () => {
    expect(complete('pro')).toEqual(['provision', 'provisioners']);
    expect(complete('re')).toEqual(expect.arrayContaining(['requests', 'retry', 'resume', 'restore']));
    expect(complete('provision', '--de')).toEqual(['--definition']);
    expect(complete('provision', '--definition', 'hello', '--cl')).toEqual(['--cluster-id']);
    expect(complete('environments', 'pa')).toEqual(['pause']);
    expect(complete('environments', 'pause')).toEqual(['pause']);
    expect(complete('environments', 'pause', '--re')).toEqual(['--reason']);
    expect(complete('environments', 'list', '--li')).toEqual(['--limit']);
    expect(complete('environments', 'pause', '--li')).toEqual(['']);
    expect(complete('views', 's')).toEqual(['skip']);
    expect(complete('instances', '--out')).toEqual(['--output']);
    expect(complete('instances', '--output', 'y')).toEqual(['yaml']);
  });
});

describe('fish', () => {
  it('is given slipway as a command, and offers subcommands where none stands yet', () => {
    const lines = scripts['fish']!.split('\n');
    expect(lines[0]).toMatch(/^type -q slipway; or function slipway; '.*\/apps\/cli\/bin\/slipway\.mjs' \$argv; end$/);
    for (const verb of ['list', 'show', 'pause', 'resume'])
      expect(scripts['fish']).toContain(
        `-f -n '__fish_seen_subcommand_from environments; and not __fish_seen_subcommand_from list show resources capabilities requirements wires pause resume' -a ${verb} -d '`,
      );
    expect(scripts['fish']).toContain(
      `-n '__fish_seen_subcommand_from environments; and __fish_seen_subcommand_from pause' -l reason -r -d 'why; it is recorded'`,
    );
    expect(scripts['fish']).toContain(`-l output -s o -x -a 'table json yaml'`);
  });

  (has('fish') ? it : it.skip)(`completes${has('fish') ? '' : ' (skipped: there is no fish here)'}`, () => {
    const asked = (line: string) => inShell('fish', '--no-config', '-c', `${scripts['fish']}\ncomplete -C '${line}'`).join('\n');
    expect(asked('slipway environments pa')).toMatch(/^pause\t/m);
    expect(asked('slipway environments pause --re')).toMatch(/^--reason\t/m);
  });
});

describe('zsh', () => {
  it('takes the completion of bash', () => {
    expect(scripts['zsh']).toBe(`autoload -U +X bashcompinit && bashcompinit\n${scripts['bash']}`);
  });
  (has('zsh') ? it : it.skip)(`takes it without an error${has('zsh') ? '' : ' (skipped: there is no zsh here)'}`, () => {
    expect(inShell('zsh', '-f', '-c', `autoload -U compinit && compinit -u -D\n${scripts['zsh']}\nwhence -w slipway`)).toEqual([
      'slipway: function',
    ]);
  });
});
