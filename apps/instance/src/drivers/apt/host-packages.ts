import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { CommandResult } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';
import type { Debian } from '../../host/debian.js';
import { shim } from '../../host/shim.js';
import { aptFailure } from './failure.js';
import { FIELDS, dpkgPackagesIn, leftovers, type DpkgPackage } from './leftovers.js';
import { MARKS } from './mark.js';
import { policiesIn } from './policy.js';
import { FILE, RECORD, type AptRecord } from './record.js';

/** Folder of the host where we note what was there before. */
const NOTES = '/var/lib/slipway/apt';

/** How often what can go is looked for again, when somebody else has come to need some of it meanwhile. */
const ROUNDS = 5;

/**
 * What we do with the packages of one host. What is there before something is brought or changed is noted in the host itself
 * (`shim/install-packages.sh`), for all who share it; who needs what is known by its own dpkg, from the packages that stand for our resources.
 *
 * A1. Nothing is installed for a generation that was given back: the program that does it looks at the generation's record first.
 * A2. What goes was brought by us, is wanted by no person, and nothing that stays depends on it. dpkg looks at that once more: what somebody has come to
 *     need meanwhile it does not take away.
 * A3. What was changed goes back to its version when the last of our resources that names it has gone; where no source has that version
 *     any more, or something else needs the newer one, it stays, and the step's log says so.
 */
export class HostPackages {
  constructor(
    private readonly debian: Debian,
    private readonly context: Pick<DriverContext, 'filesystem' | 'log' | 'progress' | 'signal'>,
  ) {}

  /** All that dpkg has. */
  async list(): Promise<DpkgPackage[]> {
    const lines: string[] = [];
    const onLine = (line: string, from: 'stdout' | 'stderr') => void (from === 'stdout' && lines.push(line));
    await this.debian.execOrThrow(['dpkg-query', '--show', `--showformat=${FIELDS.join('\\t')}\\n`], { onLine });
    return dpkgPackagesIn(lines);
  }

  /** Versions of what is installed of these, by name. */
  async versions(names: readonly string[]): Promise<Map<string, string>> {
    const query = ['dpkg-query', '--show', '--showformat=${Package}\\t${Version}\\t${db:Status-Status}\\n', '--', ...names];
    // Its exit code only says that it does not know all of them.
    const { stdout } = await this.debian.exec(query);
    return new Map(
      dpkgPackagesIn(stdout.split('\n')).flatMap(({ name, version, status }) =>
        status === 'installed' ? [[name, version]] : [],
      ),
    );
  }

  /** What a person has asked for, or the host was made with. */
  async manual(): Promise<Set<string>> {
    const { stdout } = await this.debian.execOrThrow(['apt-mark', 'showmanual']);
    return new Set(stdout.split('\n').filter((name) => name !== ''));
  }

  /** A1. Installs all, as far as it is not there; `generation` is its folder. */
  async install(
    { mark, wanted, auto }: AptRecord,
    control: string,
    generation: string,
    how: 'fetch' | 'install',
  ): Promise<CommandResult> {
    const stands = join(generation, RECORD);
    const requests = wanted.flatMap(({ name, request, file }) => {
      if (file) return [join(this.debian.seen(generation), FILE)];
      return request === undefined ? [] : [`${name}=${request}`];
    });
    const result = await this.debian.change(
      [stands],
      ['sh', '-c', await shim('install-packages.sh'), 'install-packages', mark, NOTES, how, ...requests, '--', ...auto],
      { input: control, beside: generation, ...(how === 'fetch' && { signal: this.context.signal }) },
    );
    if (result !== null) return result;
    throw new SlipwayError('generation-old', `${stands} was given back`);
  }

  /** A2, A3. Takes away what stands for a resource, and then all that nothing needs any more. */
  async release(mark: string): Promise<void> {
    await this.debian.change([], ['dpkg', '--configure', '--pending']);
    const purged = await this.debian.change([], ['dpkg', '--force-remove-reinstreq', '--purge', mark]);
    if (purged !== null && purged.exitCode !== 0) throw aptFailure(mark, purged);
    await this.#removeLeftovers();
    const stays = await this.#changeBack();
    await this.debian.change([], ['sh', '-c', await shim('forget-packages.sh'), 'forget-packages', NOTES, ...stays]);
  }

  async #removeLeftovers(): Promise<void> {
    const { filesystem, log, progress } = this.context;
    let refused: CommandResult | null = null;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const brought = new Set(await filesystem.list(this.#note('brought')));
      if (brought.size === 0) return;
      const gone = leftovers(await this.list(), brought, await this.manual());
      if (gone.length === 0) return;
      progress(undefined, `Removing ${gone.join(', ')}`);
      refused = await this.#remove(gone);
      if (refused === null) log(`removed ${gone.join(', ')}`);
    }
    if (refused !== null) throw aptFailure('packages that nothing needs any more', refused);
  }

  /** What dpkg says where it refuses; what had left its configuration on the host before keeps it. */
  async #remove(names: readonly string[]): Promise<CommandResult | null> {
    const notes = names.map((name) => this.#note('brought', name));
    const before = await Promise.all(
      notes.map(async (note) => (await this.context.filesystem.readFile(note))?.toString('utf8').trim()),
    );
    const purged = names.filter((_, at) => before[at] !== 'config-files');
    const dpkg = ['dpkg', '--force-remove-reinstreq'];
    const steps = purged.length === names.length ? [] : [[...dpkg, '--remove', ...names]];
    if (purged.length > 0) steps.push([...dpkg, '--purge', ...purged]);
    for (const step of steps) {
      // Where a note is gone, somebody else has done it.
      const result = await this.debian.change(notes, step);
      if (result !== null && result.exitCode !== 0) return result;
    }
    return null;
  }

  /** A3. Names of what stays as it is for good. */
  async #changeBack(): Promise<string[]> {
    const { filesystem, log } = this.context;
    const changed = await filesystem.list(this.#note('changed'));
    if (changed.length === 0) return [];
    const packages = await this.list();
    const needed = new Set(
      packages.filter(({ name }) => name.startsWith(MARKS)).flatMap(({ needs }) => needs.split(/[\s,|()]+/)),
    );
    const free = packages.filter(({ name }) => changed.includes(name) && !needed.has(name));
    if (free.length === 0) return [];
    const policies = policiesIn(
      (await this.debian.execOrThrow(['apt-cache', 'policy', '--', ...free.map(({ name }) => name)])).stdout,
    );
    const stays: string[] = [];
    const back: { name: string; request: string }[] = [];
    for (const { name, version } of free) {
      const before = (await filesystem.readFile(this.#note('changed', name)))?.toString('utf8').trim();
      if (before === undefined || before === version) continue;
      if (policies.get(name)?.versions.includes(before)) back.push({ name, request: `${name}=${before}` });
      else {
        log(`${name} stays at ${version}: none of the host's package sources has ${before} any more`);
        stays.push(name);
      }
    }
    if (back.length > 0 && (await this.#request(back)) !== null && back.length > 1) {
      for (const one of back) await this.#request([one]);
    }
    return stays;
  }

  /** What apt says where it can't be. */
  async #request(back: readonly { name: string; request: string }[]): Promise<CommandResult | null> {
    const requests = back.map(({ request }) => request);
    const manual = await this.manual();
    const auto = back.flatMap(({ name }) => (manual.has(name) ? [] : [name]));
    const line = ['sh', '-c', await shim('change-back.sh'), 'change-back', ...requests, '--', ...auto];
    const result = await this.debian.change(
      back.map(({ name }) => this.#note('changed', name)),
      line,
    );
    if (result === null || result.exitCode === 0) {
      this.context.log(`back to ${requests.join(', ')}`);
      return null;
    }
    if (back.length === 1)
      this.context.log(aptFailure(`${requests[0]} cannot be had back, so it stays as it is`, result).message);
    return result;
  }

  #note(...names: string[]): string {
    return join(this.debian.path(NOTES), ...names);
  }
}
