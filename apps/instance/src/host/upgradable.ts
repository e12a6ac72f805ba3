import type { Debian } from './debian.js';

/** A package of a host for which its sources have a newer version. */
export interface Upgradable {
  name: string;
  installed: string;
  available: string;
  /** Whether it comes from security updates. */
  security: boolean;
}

/** `Inst libssl3 [3.0.15-1] (3.0.16-1 Debian:12.10/stable, Debian-Security:12/stable-security [amd64])` */
const LINE = /^Inst (\S+) \[(\S+)\] \((\S+) (.*) \[\S+\]\)/;

/** Of what `apt-get --simulate upgrade` says. */
export function upgradableIn(lines: readonly string[]): Upgradable[] {
  return lines.flatMap((line) => {
    const [, name, installed, available, origins] = LINE.exec(line) ?? [];
    if (name === undefined || installed === undefined || available === undefined) return [];
    return [{ name, installed, available, security: /security/i.test(origins ?? '') }];
  });
}

/** What a host could bring up to date, as far as its package lists know. Changes nothing. */
export async function upgradable(debian: Debian): Promise<Upgradable[]> {
  const lines: string[] = [];
  const onLine = (line: string, from: 'stdout' | 'stderr') => void (from === 'stdout' && lines.push(line));
  await debian.execOrThrow(['apt-get', '--simulate', '--option=Debug::NoLocking=true', '--with-new-pkgs', 'upgrade'], { onLine });
  return upgradableIn(lines);
}
