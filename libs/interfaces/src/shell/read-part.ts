import { SlipwayError } from '@slipway/contracts/public';
import type { FilePart, Filesystem } from '../filesystem.js';
import { MINIMAL_ENV } from '../local/local-command.js';
import { allOf } from './bounded.js';
import { startProgram } from './program.js';
import { runLine } from './script.js';
import type { ShellHost } from './shell-host.js';

/** Not there, or not ours to read. */
const UNREADABLE = 44;

/** Of what is said beside the content, in bytes. */
const WORDS = 4_096;

/** What a shell ends with where it is gone in between. */
const GONE = 2;

/** All of one file, however often another one takes its name meanwhile: it is opened once. */
const SCRIPT = `
(: <"$1") 2>/dev/null || exit ${UNREADABLE}
exec 3<"$1" 2>&1
stat -L -c '%i %s %w' /proc/self/fd/3 || exit 1
[ "$2" -ge "$(stat -L -c %s /proc/self/fd/3)" ] || [ "$3" -eq 0 ] || exec dd iflag=skip_bytes,count_bytes,fullblock skip="$2" count="$3" bs=65536 status=none <&3`;

/** {@link Filesystem.readPart}: the file transfer tells neither the number of a file nor when it was made. */
export async function readRemotePart(
  host: ShellHost,
  stat: Filesystem['stat'],
  path: string,
  offset: number,
  bytes: number,
): Promise<FilePart | null> {
  const command = ['sh', '-c', SCRIPT, 'sh', path, `${offset}`, `${bytes}`];
  const running = await startProgram(host, command, (nonce) => runLine(nonce, command, { env: MINIMAL_ENV }), {
    input: '',
  });
  running.stderr.resume();
  const read = await allOf(running.stdout, bytes + WORDS, `${path} at ${host.name}`).catch((error: SlipwayError) => {
    running.end(error);
    throw error;
  });
  const exitCode = await running.ended;
  if (exitCode === UNREADABLE || exitCode === GONE) {
    if (!(await stat(path))) return null;
    throw Object.assign(new Error(`EACCES: permission denied, open '${path}' at ${host.name}`), {
      code: 'EACCES',
      syscall: 'open',
      path,
    });
  }
  const lineEnd = read.indexOf('\n');
  const [, inode, size, born] = /^(\d+) (\d+) (.*)$/.exec(read.subarray(0, Math.max(0, lineEnd)).toString('latin1')) ?? [];
  if (exitCode !== 0 || inode === undefined) {
    const said = read.toString('utf8').trim().slice(-500);
    throw new SlipwayError('driver-failed', `${path} cannot be read in parts at ${host.name}: ${said}`, { path });
  }
  // The number of a file that is gone is soon given to another.
  return { id: `${inode}-${born!.replaceAll(/\D/g, '')}`, bytes: Number(size), content: read.subarray(lineEnd + 1) };
}
