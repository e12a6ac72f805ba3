import { SlipwayError } from '@slipway/contracts/public';

/**
 * What a login shell is given, whatever shell that is, and whatever is to be run: nothing of it has to be quoted for a shell that we do
 * not know, and neither variables nor input show in a process list. The rest is one line of POSIX shell on the standard input; `read`
 * takes no byte more than that line, so that what follows is the program's.
 */
export const BOOT = `exec /usr/bin/env -i /bin/sh -c 'IFS= read -r line && eval "$line"'`;

/** Of that line. `read` takes byte by byte. */
const LONGEST = 1024 * 1024;

/** What shells keep for themselves, or stumble over: handed on by env(1), which puts them right at the end. */
const SHELLS_OWN = [
  '_',
  'PWD',
  'OLDPWD',
  'SHLVL',
  'PPID',
  'UID',
  'EUID',
  'GROUPS',
  'OPTIND',
  'OPTARG',
  'IFS',
  'PS1',
  'PS2',
  'PS4',
];
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A value as one word of a POSIX shell, in ASCII without line ends; what is not plain comes with an x behind it. NUL is refused. */
function word(value: string | Uint8Array): string {
  const bytes = Buffer.from(value as string);
  if (bytes.includes(0)) throw new SlipwayError('bad-input', 'An argument, a variable or a path holds a zero byte');
  const text = bytes.toString('latin1');
  if (/^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return `"$(printf '${octal}x')"`;
}

/** Shell that puts a value into a variable, exactly. */
function assign(name: string, value: string | Uint8Array): string {
  const made = word(value);
  // A command substitution takes the line ends off its end: an x keeps them.
  return made.startsWith('"') ? `${name}=${made}; ${name}=\${${name}%x}` : `${name}=${made}`;
}

/** Shell that makes these the positional parameters, exactly. */
function positional(values: readonly string[]): string {
  const assigned: string[] = [];
  const words = values.map((value, index) => {
    const made = word(value);
    if (!made.startsWith('"')) return made;
    assigned.push(assign(`slipway_${index}`, value));
    return `"$slipway_${index}"`;
  });
  return [...assigned, `set -- ${words.join(' ')}`].join('; ');
}

/** Says on both outputs that what follows is the program's, and how it went: in one line, which nothing before can foresee. */
const SAY = (nonce: string) =>
  `slipway_say() { slipway_stat=; { IFS= read -r slipway_stat </proc/$$/stat; } 2>/dev/null; ` +
  `printf '%s %s\\n' ${nonce} "$1 $$ $slipway_stat"; printf '%s\\n' ${nonce} >&2; }`;

const FIND =
  'case $1 in */*) [ -x "$1" ] && [ ! -d "$1" ];; *) command -v -- "$1" >/dev/null 2>&1;; esac || { slipway_say program; exit 127; }';

export interface Line {
  cwd?: string | undefined;
  env: Record<string, string>;
}

/** The line that becomes a program: in the folder, with these variables and no others. Throws `bad-input`, `too-large`. */
export function runLine(nonce: string, command: readonly string[], { cwd, env }: Line): string {
  return line([
    SAY(nonce),
    ...prepare(command, { cwd, env }),
    FIND,
    'slipway_say begun',
    'unset -f slipway_say; unset slipway_stat',
    `exec ${exactly(command, env)} "$@"`,
  ]);
}

/** The line that starts a program which goes on by itself: in a session of its own, its output at the end of a file. */
export function detachLine(nonce: string, command: readonly string[], { cwd, env, logFile }: Line & { logFile: string }): string {
  const become = `printf "%s begun %s\\n" ${nonce} $$ >&3; exec 3>&-; exec "$@"`;
  return line([
    SAY(nonce),
    assign('slipway_log', logFile),
    '[ -e "$slipway_log" ] || (umask 137; : >>"$slipway_log") 2>/dev/null',
    '( : >>"$slipway_log" ) 2>/dev/null || { slipway_say log; exit 1; }',
    'command -v setsid >/dev/null 2>&1 || { slipway_say setsid; exit 1; }',
    'slipway_setsid=$(command -v setsid)',
    ...prepare(command, { cwd, env }),
    FIND,
    `printf '%s\\n' ${nonce} >&2`,
    'unset -f slipway_say',
    // Without &, which would have it ignore SIGINT and SIGQUIT for good.
    `exec 3>&1; "$slipway_setsid" --fork /bin/sh -c '${become}' sh ${exactly(command, env)} "$@" </dev/null >>"$slipway_log" 2>&1`,
  ]);
}

/**
 * The line that a shell which takes one after the other does something by, and then says on both outputs that it was done, with the exit code on
 * the first. `script`: one line of POSIX shell, run apart and without input; `args` are its positional parameters.
 */
export function errandLine(nonce: string, script: string, args: readonly string[]): string {
  return line([positional(args), `( ${script} ) </dev/null`, `printf '%s %s\\n' ${nonce} $?`, `printf '%s\\n' ${nonce} >&2`]);
}

/** The line that ends process groups (of `kill(2)`), unless a group's number is somebody else's by now. */
export function endLine(groups: readonly Group[]): string {
  return line([
    // proc(5): behind the name in brackets come state (the 3rd) and the rest; the 22nd is when it began.
    `slipway_end() { slipway_now=; { IFS= read -r slipway_now </proc/$1/stat; } 2>/dev/null; set -f; set -- "$1" "$2" \${slipway_now##*) }; ` +
      `[ -z "$slipway_now" ] || [ -z "$2" ] || [ "\${22}" = "$2" ] || return 0; kill -s KILL -- "-$1" 2>/dev/null; }`,
    ...groups.map(({ pid, since }) => `slipway_end ${pid} ${word(since)}`),
    ':',
  ]);
}

/** A process group at the host: its first process, and when that began (proc(5), clock ticks since boot; empty where nobody knows). */
export interface Group {
  pid: number;
  since: string;
}

/** What {@link runLine} says before its program begins. */
export interface Said {
  how: 'begun' | 'program' | 'folder' | 'log' | 'setsid';
  group: Group;
}

/** The words behind the nonce. */
export function readSaid(words: string): Said | undefined {
  const [, how, pid, stat] = /^(begun|program|folder|log|setsid) (\d+) ?(.*)$/.exec(words) ?? [];
  if (how === undefined) return undefined;
  const since = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return { how: how as Said['how'], group: { pid: Number(pid), since: /^\d+$/.test(since) ? since : '' } };
}

function prepare(command: readonly string[], { cwd, env }: Line): string[] {
  const names = Object.keys(env);
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) {
    const message = `env: ${JSON.stringify(wrong)} is no name that a shell can hand on: letters, digits and _, no digit first`;
    throw new SlipwayError('bad-input', message, { field: 'env' });
  }
  return [
    positional(command),
    ...(cwd === undefined
      ? []
      : [assign('slipway_cwd', cwd), 'cd -- "$slipway_cwd" 2>/dev/null || { slipway_say folder; exit 1; }']),
    ...names.map((name) =>
      SHELLS_OWN.includes(name) ? assign(`slipway_${name}`, env[name]!) : `${assign(name, env[name]!)}; export ${name}`,
    ),
  ];
}

/** Takes away what shells add, and sets what they would not let us. A name with `=` would be a variable to env: there it stays. */
function exactly(command: readonly string[], env: Record<string, string>): string {
  if (command[0]!.includes('=')) return '';
  const added = ['_', 'PWD', 'OLDPWD', 'SHLVL'].map((name) => `-u ${name}`);
  const own = SHELLS_OWN.filter((name) => Object.hasOwn(env, name)).map((name) => `"${name}=$slipway_${name}"`);
  return ['/usr/bin/env', ...added, ...own].join(' ');
}

function line(parts: readonly string[]): string {
  const whole = parts.join('; ');
  if (whole.length <= LONGEST) return `${whole}\n`;
  throw new SlipwayError(
    'too-large',
    `The command has more than ${LONGEST} bytes with its variables: hand them on as input, or in a file`,
    {
      limit: LONGEST,
    },
  );
}
