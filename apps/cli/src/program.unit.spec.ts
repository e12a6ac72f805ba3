import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CATEGORIES } from '@slipway/contracts';
import type { Command } from 'commander';
import { slipway } from './program.js';

describe('the command line', () => {
  const program = slipway();

  it('has every command of the reference', () => {
    const names = program.commands.map((command) => command.name());
    for (const name of [
      'provision',
      'deprovision',
      'import',
      'export',
      'snapshots',
      'content',
      'definitions',
      'capabilities',
      'plan',
      'requests',
      'instances',
      'storages',
      'databases',
      'events',
      'status',
      'wait',
      'cancel',
      'retry',
      'abandon',
      'pause',
      'resume',
      'logs',
      'doctor',
      'backup',
      'restore',
      'environments',
      'views',
      'completion',
    ]) {
      expect(names).toContain(name);
    }
  });

  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const told = (command: Command) => [...command.registeredArguments, ...command.options].map(({ description }) => description);

  it('says of each command, argument and option what it is for', () => {
    for (const command of all(program)) {
      const name = command.name();
      expect([name, command.description(), ...told(command)]).not.toContain('');
      if (command !== program) expect([name, command.summary()]).not.toContain('');
      expect(command.helpInformation()).toMatch(new RegExp(`^Usage: npx slipway .*\\n\\n${command.description().slice(0, 10)}`));
    }
  });

  it('shows as global what every command takes, and no option of the list that it stands below', () => {
    for (const command of all(program).filter((one) => one !== program)) {
      const [, globals = ''] = command.helpInformation().split('Global Options:\n');
      const named = [...globals.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);
      expect([command.name(), named]).toEqual([command.name(), ['version', 'url', 'data', 'log-token', 'output']]);
    }
  });

  it('says which options can not be left out', () => {
    const required = all(program).flatMap((command) =>
      command.options.filter(({ mandatory }) => mandatory).map(({ long }) => [command, long!] as const),
    );
    expect(required.map(([command, long]) => `${command.name()} ${long}`)).toEqual(
      expect.arrayContaining(['discard --reason', 'abandon --reason', 'extend --until']),
    );
    for (const [command, long] of required)
      expect(command.helpInformation()).toMatch(new RegExp(`\\n {2}${long} (?:(?!\\n {2}-)[^])*\\(required\\)\\n`));
  });

  it('names every category that events can be asked for by', () => {
    const help = program.commands
      .find((command) => command.name() === 'events')!
      .helpInformation()
      .replaceAll(/\s+/g, ' ');
    expect(help).toContain(`only these: ${CATEGORIES.join(', ')}`);
  });

  it('says what a backup holds', () => {
    const backup = program.commands.find((command) => command.name() === 'backup')!;
    expect(backup.description()).toBe('One archive of log, blobs, sealed secrets and read models.');
  });

  it('names every command that it prints as it can be typed', () => {
    const names = all(program).map((command) => command.name());
    const bare = new RegExp(`(?<!npx )\\bslipway (${names.slice(1).join('|')})\\b`);
    const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /(?<!spec)\.ts$/.test(file),
    );
    for (const file of sources) {
      // Comments are for readers of the code.
      const code = readFileSync(join(import.meta.dirname, file), 'utf8').replaceAll(/^ *(\/\*\*|\*|\/\/).*$/gm, '');
      expect([file, bare.exec(code)?.[0]]).toEqual([file, undefined]);
    }
  });

  it.each(['bash', 'zsh', 'fish'])('completes every command in %s', async (shell) => {
    let text = '';
    const write = process.stdout.write;
    process.stdout.write = ((more: string) => ((text += more), true)) as typeof write;
    try {
      await slipway().parseAsync(['node', 'slipway', 'completion', shell]);
    } finally {
      process.stdout.write = write;
    }
    for (const command of program.commands) expect(text).toContain(command.name());
    expect(text).toContain(shell === 'fish' ? '-l definition' : '--definition');
  });
});
