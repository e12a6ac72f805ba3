import { SlipwayError, type AptSpec, type DebianPackage } from '@slipway/contracts';
import { specInvalid } from '../../furnishing/placeholders.js';
import type { Debian } from '../../host/debian.js';
import { policiesIn, type Policy } from './policy.js';

/** A package that is wanted on a host, as it was decided when it was first asked for. */
export interface Wanted {
  name: string;
  as: 'package' | 'patch';
  /** `(= 1.0)`, `(>= 1.1)`: which versions will do, as in a dependency; any when left out. */
  version?: string;
  /** What the host had of it before. */
  from: string | null;
  /** The version to name to apt, where it would prefer another one. */
  request?: string;
  /** It comes as a file of the definition, and from no source. */
  file?: true;
}

/** What of a spec cannot be had, by the field; what newer package lists might mend. */
export class NotToBeHad extends Error {
  constructor(readonly refusal: SlipwayError) {
    super(refusal.message);
  }
}

/**
 * What a spec asks of a host. Throws {@link NotToBeHad} with `spec-invalid` for packages and versions that its package lists do not know,
 * and for patches of what is not on the host.
 */
export async function wantedOf(
  { packages = [], patches = [] }: AptSpec,
  file: Required<DebianPackage> | null,
  debian: Debian,
): Promise<Wanted[]> {
  const all = [...(file ? [file] : []), ...packages, ...patches];
  assertOnce(all);
  const names = all.map(({ name }) => name);
  if (names.length === 0) throw specInvalid('apt', 'it names neither packages nor patches');
  const { stdout } = await debian.execOrThrow(['apt-cache', 'policy', '--', ...names]);
  const policies = policiesIn(stdout);
  const policyOf = (name: string) => policies.get(name) ?? { installed: null, candidate: null, versions: [] };
  const reaches = async (version: string, least: string) =>
    (await debian.exec(['dpkg', '--compare-versions', version, 'ge', least])).exitCode === 0;
  return [
    ...(file ? [fileOf(file, policyOf(file.name))] : []),
    ...packages.map((one, at) => packageOf(`apt.packages[${at}]`, one, policyOf(one.name))),
    ...(await Promise.all(patches.map((one, at) => patchOf(`apt.patches[${at}]`, one, policyOf(one.name), reaches)))),
  ];
}

const fileOf = ({ name, version }: Required<DebianPackage>, { installed }: Policy): Wanted => ({
  ...{ name, as: 'package', version: `(= ${version})`, from: installed, file: true },
});

function packageOf(field: string, { name, version }: DebianPackage, { installed, candidate, versions }: Policy): Wanted {
  if (installed === null && candidate === null) throw notToBeHad(field, `none of the host's package sources has ${name}`);
  if (version === undefined) return { name, as: 'package', from: installed };
  if (installed !== version && !versions.includes(version)) throw noVersion(field, name, version, versions);
  const request = installed !== version && candidate !== version && { request: version };
  return { name, as: 'package', version: `(= ${version})`, from: installed, ...request };
}

async function patchOf(
  field: string,
  { name, version }: DebianPackage,
  { installed, candidate }: Policy,
  reaches: (version: string, least: string) => Promise<boolean>,
): Promise<Wanted> {
  if (installed === null) {
    throw notToBeHad(
      field,
      `${name} is not installed on the host, so there is nothing to patch; to install it, name it in apt.packages`,
    );
  }
  const newest = candidate ?? installed;
  if (version !== undefined && !(await reaches(newest, version))) throw noVersion(field, name, version, [newest]);
  return { name, as: 'patch', version: `(>= ${version ?? newest})`, from: installed };
}

const notToBeHad = (field: string, reason: string): NotToBeHad => new NotToBeHad(specInvalid(field, reason));

const noVersion = (field: string, name: string, version: string, versions: readonly string[]): NotToBeHad =>
  notToBeHad(field, `the host's package sources have no ${name} ${version}; they have ${versions.join(', ') || 'none of it'}`);

function assertOnce(all: readonly DebianPackage[]): void {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw specInvalid('apt', `it names ${twice} twice`);
}
