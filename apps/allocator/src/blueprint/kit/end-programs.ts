import { SlipwayError } from '@slipway/contracts';
import type { Command } from '@slipway/interfaces';

/** How programs of somebody are known: by a variable that all of them have, or by the folder that they work in. */
export interface Working {
  variable: string;
  value: string;
  /** Absolute. */
  folder: string;
}

/**
 * Files of what bears a variable, and of what works below a folder. `$1` NAME=VALUE as a regular expression of grep(1), `$2` the folder as a
 * pattern of find(1).
 */
const LOOK = `
grep -lzE -e "$1" /proc/[0-9]*/environ
find /proc -mindepth 2 -maxdepth 2 -name cwd '(' -lname "$2" -o -lname "$2/*" -o -lname "$2 (deleted)" ')'`;

/**
 * Ends what is found until there is nothing of it twice in a row: a process that is just being replaced by its program shows neither variable nor
 * folder. A root that may not trace others (that of a container: capabilities(7)) does not see what programs of other users are, so that
 * each of them is asked to look himself. `$1` and `$2` of {@link LOOK}, which is `$3`.
 */
const SCRIPT = `
look() {
  sh -c "$3" sh "$1" "$2"
  [ "$(id -u)" -ne 0 ] ||
    find /proc -mindepth 2 -maxdepth 2 -name cwd ! -lname '*' ! -uid 0 -printf '%U %G\n' | sort -u |
    while read -r uid gid; do
      setpriv --reuid="$uid" --regid="$gid" --clear-groups -- sh -c "$3" sh "$1" "$2" </dev/null
    done
}
clean=0 rounds=0
while [ $clean -lt 2 ]; do
  found=$(look "$@" 2>/dev/null)
  clean=$((clean + 1)) rounds=$((rounds + 1))
  for file in $found; do pid=\${file#/proc/} clean=0; kill -KILL "\${pid%%/*}" 2>/dev/null; done
  [ -z "$found" ] || [ $rounds -lt 200 ] || { echo "still running:" $found >&2; exit 1; }
  [ $clean -eq 2 ] || sleep 0.02
done`;

/**
 * Ends programs at a place with Linux, whoever has started them and as whom they run, and returns when none is left. One that has put off both
 * the variable and the folder is found by nobody. Throws `driver-failed` with those that may not be ended.
 */
export const endPrograms = (command: Command, { variable, value, folder }: Working): Promise<void> =>
  end(command, `^${variable}=${literally(value)}$`, folder);

/** Ends the programs of all that have their folders below one (absolute), however many they are. Throws as {@link endPrograms} does. */
export const endProgramsBelow = (command: Command, folder: string): Promise<void> =>
  end(command, `^SLIPWAY_[A-Z0-9_]+=${literally(folder)}/`, folder);

async function end(command: Command, bearing: string, folder: string): Promise<void> {
  const pattern = folder.replaceAll(/[\\*?[\]]/g, '\\$&');
  const line = ['sh', '-c', SCRIPT, 'sh', bearing, pattern, LOOK];
  const { exitCode, stderr } = await command.exec(line, { cwd: '/', timeoutMs: 120_000 });
  if (exitCode !== 0)
    throw new SlipwayError('driver-failed', `Programs in ${folder} could not be ended: ${stderr.trim().slice(-300)}`);
}

/** A text as a regular expression that nothing else matches. */
const literally = (text: string): string => text.replaceAll(/[\\.*+?^$|(){}[\]]/g, '\\$&');
