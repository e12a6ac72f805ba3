import { Argument, type Command } from 'commander';
import { FORMATS, print } from '../../output/format.js';

/** A command's words for completion: its subcommands and its options. */
function wordsOf(command: Command): string[] {
  const options = [...command.options, ...(command.parent?.options ?? [])].map((option) => option.long ?? '').filter(Boolean);
  return [...command.commands.map((child) => child.name()), ...options];
}

const bash = (top: string, cases: string) => `_slipway() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    -o|--output) COMPREPLY=($(compgen -W "${FORMATS.join(' ')}" -- "$word")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases}
    *) words="${top}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${top}"
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _slipway slipway`;

const zsh = (top: string, cases: string) => `autoload -U +X bashcompinit && bashcompinit\n${bash(top, cases)}`;

const fish = (program: Command) =>
  program.commands
    .flatMap((command) => [
      `complete -c slipway -f -n __fish_use_subcommand -a ${command.name()} -d '${command.summary().replaceAll("'", "\\'")}'`,
      ...command.options.map(
        (option) =>
          `complete -c slipway -n '__fish_seen_subcommand_from ${command.name()}' -l ${(option.long ?? '').slice(2)} -d '${option.description.replaceAll("'", "\\'")}'`,
      ),
    ])
    .join('\n');

/** `slipway completion bash|zsh|fish`, made from the commands themselves. */
export function completion(program: Command): void {
  program
    .command('completion')
    .summary('shell completion: eval "$(slipway completion bash)"')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      const top = wordsOf(program).join(' ');
      const cases = program.commands
        .map((command) => `    ${command.name()}) words="${wordsOf(command).join(' ')}" ;;`)
        .join('\n');
      print(shell === 'bash' ? bash(top, cases) : shell === 'zsh' ? zsh(top, cases) : fish(program));
    });
}
