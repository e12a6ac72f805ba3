/** What a host and its package sources have of a package. */
export interface Policy {
  installed: string | null;
  /** What would be installed. */
  candidate: string | null;
  /** All that the sources have. */
  versions: string[];
}

const OWN = '/var/lib/dpkg/status';
const known = (version: string | undefined): string | null => (version === undefined || version === '(none)' ? null : version);

/** Of what `apt-cache policy` says, by name; what it does not know is not there. */
export function policiesIn(text: string): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  let policy: Policy | undefined;
  let version: string | undefined;
  for (const line of text.split('\n')) {
    const name = /^(\S+):$/.exec(line)?.[1];
    if (name !== undefined) {
      policy = { installed: null, candidate: null, versions: [] };
      policies.set(name, policy);
    }
    if (!policy) continue;
    const [, field, value] = /^ {2}(Installed|Candidate): (\S+)/.exec(line) ?? [];
    if (field === 'Installed') policy.installed = known(value);
    if (field === 'Candidate') policy.candidate = known(value);
    version = /^ (?:\*\*\*| {3}) (\S+) -?\d+/.exec(line)?.[1] ?? version;
    const source = /^ {8} *-?\d+ (\S+)/.exec(line)?.[1];
    if (source !== undefined && source !== OWN && version !== undefined && !policy.versions.includes(version))
      policy.versions.push(version);
  }
  return policies;
}
