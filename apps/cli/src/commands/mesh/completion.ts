import { fileURLToPath } from 'node:url';
import { Argument, type Command, type Option } from 'commander';
import { FORMATS, print } from '../../output/format.js';

/** The program of this clone, so that `slipway` is there in any folder. */
const PROGRAM = fileURLToPath(new URL('../../../bin/slipway.mjs', import.meta.url));

/** A text as one word of any of the shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const longOf = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);

/** A command's words for completion: its subcommands, its options and everybody's. */
const wordsOf = (command: Command, program: Command): string =>
  [...new Set([...command.commands.map((child) => child.name()), ...longOf(command), ...longOf(program)])].join(' ');

function bash(program: Command): string {
  const cases = program.commands.flatMap((command) => [
    ...command.commands.map((child) => `    "${command.name()} ${child.name()}") words="${wordsOf(child, program)}" ;;`),
    `    ${command.name()}|"${command.name()} "*) words="${wordsOf(command, program)}" ;;`,
  ]);
  return `type slipway >/dev/null 2>&1 || slipway() { ${quoted(PROGRAM)} "$@"; }
_slipway() {
  local word="\${COMP_WORDS[COMP_CWORD]}" at="\${COMP_WORDS[1]}" words
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    -o|--output) COMPREPLY=($(compgen -W "${FORMATS.join(' ')}" -- "$word")); return ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && at=
  [ "$COMP_CWORD" -gt 2 ] && at="$at \${COMP_WORDS[2]}"
  case "$at" in
${cases.join('\n')}
    *) words="${wordsOf(program, program)}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _slipway slipway`;
}

const zsh = (program: Command): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;

/** An option as fish completes it: its names, its choices or that it wants a value, what it is for. */
function fishOption({ long, short, required, argChoices, description }: Option): string {
  const value = argChoices ? ` -x -a ${quoted(argChoices.join(' '))}` : required ? ' -r' : '';
  return `-l ${long?.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}${value} -d ${quoted(description)}`;
}

function fish(program: Command): string {
  const verb = (where: string, command: Command) =>
    `complete -c slipway -f -n ${quoted(where)} -a ${command.name()} -d ${quoted(command.summary())}`;
  const options = (where: string, command: Command) =>
    command.options.map((option) => `complete -c slipway -n ${quoted(where)} ${fishOption(option)}`);
  return [
    `type -q slipway; or function slipway; ${quoted(PROGRAM)} $argv; end`,
    ...program.options.map((option) => `complete -c slipway ${fishOption(option)}`),
    ...program.commands.flatMap((command) => {
      const inside = `__fish_seen_subcommand_from ${command.name()}`;
      const children = command.commands.map((child) => child.name()).join(' ');
      return [
        verb('__fish_use_subcommand', command),
        ...options(inside, command),
        ...command.commands.flatMap((child) => [
          verb(`${inside}; and not __fish_seen_subcommand_from ${children}`, child),
          ...options(`${inside}; and __fish_seen_subcommand_from ${child.name()}`, child),
        ]),
      ];
    }),
  ].join('\n');
}

const SHELLS = { bash, zsh, fish };

/** `slipway completion bash|zsh|fish`, made from the commands themselves. */
export function completion(program: Command): void {
  program
    .command('completion')
    .summary('the command slipway, completed, for a shell: eval "$(npx slipway completion bash)"')
    .description(
      "Prints what makes slipway a command of this shell, which runs this clone's program in any folder, and completes it.",
    )
    .addHelpText(
      'after',
      `
In ~/.bashrc:                  eval "$(${quoted(PROGRAM)} completion bash)"
In ~/.zshrc:                   eval "$(${quoted(PROGRAM)} completion zsh)"
In ~/.config/fish/config.fish: ${quoted(PROGRAM)} completion fish | source`,
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => print(SHELLS[shell](program)));
}
