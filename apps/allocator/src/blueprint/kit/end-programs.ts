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
 * Ends what bears the variable, and what works below the folder, until there is nothing of it twice in a row: a process that is just
 * being replaced by its program shows neither. `$1` NAME=VALUE, `$2` the folder as a pattern of find(1).
 */
const SCRIPT = `
clean=0 rounds=0
while [ $clean -lt 2 ]; do
  found=$({ grep -lzxF -e "$1" /proc/[0-9]*/environ
    find /proc -maxdepth 2 -name cwd '(' -lname "$2" -o -lname "$2/*" -o -lname "$2 (deleted)" ')'; } 2>/dev/null)
  clean=$((clean + 1)) rounds=$((rounds + 1))
  for file in $found; do pid=\${file#/proc/} clean=0; kill -KILL "\${pid%%/*}" 2>/dev/null; done
  [ -z "$found" ] || [ $rounds -lt 200 ] || { echo "still running:" $found >&2; exit 1; }
  [ $clean -eq 2 ] || sleep 0.02
done`;

/**
 * Ends programs at a place with Linux, whoever has started them, and returns when none is left. One that has put off both the variable and the
 * folder is found by nobody. Throws `driver-failed` with those that may not be ended.
 */
export async function endPrograms(command: Command, { variable, value, folder }: Working): Promise<void> {
  const pattern = folder.replaceAll(/[\\*?[\]]/g, '\\$&');
  const line = ['sh', '-c', SCRIPT, 'sh', `${variable}=${value}`, pattern];
  const { exitCode, stderr } = await command.exec(line, { cwd: '/', timeoutMs: 120_000 });
  if (exitCode !== 0)
    throw new SlipwayError('driver-failed', `Programs in ${folder} could not be ended: ${stderr.trim().slice(-300)}`);
}
