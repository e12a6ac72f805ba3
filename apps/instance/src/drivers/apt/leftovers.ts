/** A package as dpkg has it. */
export interface DpkgPackage {
  name: string;
  version: string;
  /** `installed`, `half-configured`, `unpacked`, …: dpkg-query(1). */
  status: string;
  provides: string;
  /** What it needs to be there, Pre-Depends and Depends; and what it recommends. */
  needs: string;
}

/** In what order the fields of one are asked for. */
export const FIELDS = [
  '${Package}',
  '${Version}',
  '${db:Status-Status}',
  '${Provides}',
  '${Pre-Depends}, ${Depends}, ${Recommends}',
];

/** One for each line of fields with tabs between; what is only known by name, or has left its configuration, is not there. */
export function dpkgPackagesIn(lines: readonly string[]): DpkgPackage[] {
  return lines.flatMap((line) => {
    const [name = '', version = '', status = '', provides = '', needs = ''] = line.split('\t');
    if (name === '' || ['not-installed', 'config-files', ''].includes(status)) return [];
    return [{ name, version, status, provides, needs }];
  });
}

/** `libc6 (>= 2.36), default-mta | mail-transport-agent` as names: all alternatives of each. */
const namesIn = (relations: string): string[] =>
  relations.split(/[,|]/).flatMap((one) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(one)?.[1] ?? []);

/**
 * Of what was brought that which nothing needs any more: neither a person (`manual`), nor anything that stays. As careful as
 * apt-get(8) autoremove, which takes every alternative and every recommendation for needed.
 */
export function leftovers(packages: readonly DpkgPackage[], brought: ReadonlySet<string>, manual: ReadonlySet<string>): string[] {
  const removable = new Set(packages.map(({ name }) => name).filter((name) => brought.has(name) && !manual.has(name)));
  const providers = new Map<string, string[]>();
  for (const { name, provides } of packages) {
    for (const called of [name, ...namesIn(provides)]) providers.set(called, [...(providers.get(called) ?? []), name]);
  }
  const staying = packages.filter(({ name }) => !removable.has(name));
  const byName = new Map(packages.map((one) => [one.name, one]));
  for (let one = staying.pop(); one; one = staying.pop()) {
    for (const needed of namesIn(one.needs).flatMap((called) => providers.get(called) ?? [])) {
      if (removable.delete(needed)) staying.push(byName.get(needed)!);
    }
  }
  return [...removable].toSorted();
}
