import { SlipwayError } from '@slipway/contracts';
import type { CommandResult } from '@slipway/interfaces';

const TAIL_CHARACTERS = 1_500;
const NO_ROOM = /No space left on device|You don't have enough free space|Disk quota exceeded/;
const UNREACHED = /^E: (Failed to fetch|Unable to fetch|Could not (resolve|connect)|Some files failed)/m;
const UNMET = /The following packages have unmet dependencies:|packages? need to be removed but|Unable to correct problems/;

/** Whether the package lists may only be older than what the sources have. */
export const mayBeOutdated = ({ stdout, stderr }: CommandResult): boolean =>
  /404 +Not Found|Failed to fetch|Hash Sum mismatch|unexpected size/.test(`${stdout}\n${stderr}`);

/** What is to be said of a run of apt or dpkg that did not end well: what it was about, and its own words. */
export function aptFailure(what: string, { exitCode, stdout, stderr }: CommandResult): SlipwayError {
  const all = `${stdout}\n${stderr}`;
  const said = wordsOf(all) || `exit code ${exitCode}`;
  if (NO_ROOM.test(all)) return new SlipwayError('no-space', `${what}: there is not enough free space on the host: ${said}`);
  if (UNREACHED.test(all)) {
    const way = "Look at the host's package sources (etc/apt/sources.list, sources.list.d) and its network";
    return new SlipwayError('driver-failed', `${what}: its package sources do not give it: ${said}. ${way}`);
  }
  if (UNMET.test(all))
    return new SlipwayError('spec-invalid', `apt: ${what} does not go together with what is on the host: ${said}`);
  return new SlipwayError('driver-failed', `${what}: ${said}`);
}

/** The lines that say what went wrong: errors, unmet dependencies, what a package's own script said before it failed. */
function wordsOf(all: string): string {
  const lines = all.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) =>
    /^(E|W|Err): ?|^dpkg: error|Depends: |PreDepends: |Conflicts: |Breaks: |error exit status|No space left/.test(line),
  );
  const dull = /^W: Download is performed unsandboxed|Can not write log/;
  const removed = /will be REMOVED:\n((?: +.*\n?)+)/.exec(all)?.[1]?.trim().replaceAll(/\s+/g, ' ');
  if (removed !== undefined) telling.push(`It would take away ${removed}.`);
  return [...new Set(telling.filter((line) => !dull.test(line)))].join(' ').slice(-TAIL_CHARACTERS);
}
