import { join } from 'node:path';
import {
  SlipwayError,
  type DebianPackage,
  type InspectAnswer,
  type InstanceSpec,
  type Json,
  type JsonObject,
  type SpecBounds,
} from '@slipway/contracts';
import {
  EngineMarks,
  GenerationFolder,
  generationMarks,
  type Driver,
  type DriverContext,
  type Ensured,
  type Identity,
  type Mark,
  type Target,
} from '@slipway/provisioner';
import { assertStands } from '../../furnishing/making.js';
import { specInvalid } from '../../furnishing/placeholders.js';
import { Debian } from '../../host/debian.js';
import { refreshPackageLists } from '../../host/package-lists.js';
import { hostOf } from '../../host/target-host.js';
import { aptFailure, mayBeOutdated } from './failure.js';
import { HostPackages } from './host-packages.js';
import { controlOf } from './mark.js';
import { FILE, INSTALLED_ONCE, RECORD, readRecord, writeRecord, type AptRecord } from './record.js';
import { NotToBeHad, wantedOf, type Wanted } from './wanted.js';

const BOUNDS: SpecBounds = {
  needs: [],
  lacks: ['command', 'container', 'npm', 'host', 'files', 'environment', 'secrets', 'limits'].map((field) => ({
    field,
    reason:
      'the driver "apt" runs nothing: it installs packages of a Debian host; what runs there is another definition, of the driver "process"',
  })),
};

/**
 * Packages of a Debian host, by its own package manager: installed, brought up to date, and taken back. The generation's folder decides
 * (decision 21), the host follows: a package of our own stands there for each resource and depends on what that wants. `HostPackages`
 * says what is taken away when.
 */
export class AptDriver implements Driver<InstanceSpec> {
  readonly kind = 'instance';
  readonly name = 'apt';
  readonly bounds = BOUNDS;
  readonly outputs = ['root', 'packages', 'patches'] as const;

  /** `mesh`: its name. */
  constructor(private readonly options: { mesh: string }) {}

  async ensure(target: Target, spec: InstanceSpec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Ensured> {
    const { root } = hostOf(inputs);
    const marks = await EngineMarks.at(context, this.options.mesh);
    const folder = new GenerationFolder(target, context);
    const effect = await folder.make(target.definition, async (staging) => {
      context.progress(0.1, `Looking what ${root} has`);
      const record = await decide(new Debian(root, context), marks.nameOf(target), spec, context);
      await writeRecord(context.filesystem, staging, record);
      const { artefactBlob: blob } = spec;
      if (blob) await context.filesystem.writeFile(join(staging, FILE), await context.blobs.open(blob.sha256), { mode: 0o644 });
    });
    try {
      const record = await recordIn(folder, context);
      const packages = new HostPackages(new Debian(record.root, context), context);
      if (!(await isInstalled(folder, packages, record, context))) await install(folder, target, record, packages, context);
      const observed = observedOf(record, await packages.versions(namesIn(record)));
      await assertStands(folder);
      return { effect, outputs: observed, observed };
    } catch (error) {
      // Whatever went wrong: that it was given back in the meantime is the better reason.
      await assertStands(folder);
      throw error;
    }
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const folder = new GenerationFolder(target, context);
    const standing = await folder.standing();
    // Something of what was destroyed may still be on its way out.
    if (standing === 'destroyed') return { state: (await remains(folder, target, context)) ? 'partial' : standing, observed: {} };
    if (standing !== 'present') return { state: standing, observed: {} };
    const record = await recordIn(folder, context);
    const packages = new HostPackages(new Debian(record.root, context), context);
    const state = (await isInstalled(folder, packages, record, context)) ? 'present' : 'partial';
    return { state, observed: observedOf(record, await packages.versions(namesIn(record))) };
  }

  async destroy(target: Target, context: DriverContext): Promise<'destroyed' | 'absent'> {
    // What was found to stay is found again when it is looked at once more.
    const said = new Set<string>();
    const log = (line: string) => void (said.has(line) || (said.add(line), context.log(line)));
    return new GenerationFolder(target, context).destroy(async (path) => {
      const record = await readRecord(context.filesystem, path);
      if (record === null) return;
      const debian = new Debian(record.root, context);
      if ((await context.filesystem.stat(debian.path('var/lib/dpkg'))) === null) {
        log(`No host stands at ${record.root} any more, so nothing is left to take away`);
        return;
      }
      log(`Taking ${record.mark} from ${record.root}`);
      await new HostPackages(debian, { ...context, log }).release(record.mark);
    });
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return generationMarks(context);
  }
}

/** The Debian package that a definition brings as its artefact. Throws `spec-invalid` for another one. */
function fileIn({ artefactBlob, artefactFacts: facts }: InstanceSpec): Required<DebianPackage> | null {
  if (artefactBlob === undefined) return null;
  const { kind, name, version } = facts ?? {};
  if (kind === 'deb' && typeof name === 'string' && typeof version === 'string') return { name, version };
  throw specInvalid('artefact', 'the driver "apt" installs Debian packages; the driver "artefact" brings other files');
}

/** What is to be installed. Where it cannot be had, what the sources have by now is asked for once. */
async function decide(debian: Debian, mark: string, spec: InstanceSpec, context: DriverContext): Promise<AptRecord> {
  const { apt = {} } = spec;
  const file = fileIn(spec);
  // A patch is what is pending today, not when somebody last asked.
  if (apt.patches) await refreshPackageLists(debian, context.signal);
  const wanted = await wantedOf(apt, file, debian).catch(async (error: unknown) => {
    if (!(error instanceof NotToBeHad)) throw error;
    if (apt.patches) throw error.refusal;
    await refreshPackageLists(debian, context.signal);
    return wantedOf(apt, file, debian).catch((again: unknown) => {
      throw again instanceof NotToBeHad ? again.refusal : again;
    });
  });
  const manual = await new HostPackages(debian, context).manual();
  const auto = wanted.flatMap(({ name, request, file: comes }) =>
    (request === undefined && !comes) || manual.has(name) ? [] : [name],
  );
  return { root: debian.root, mark, wanted, auto };
}

async function install(
  folder: GenerationFolder,
  target: Target,
  record: AptRecord,
  packages: HostPackages,
  context: DriverContext,
): Promise<void> {
  const { progress, log, signal, filesystem } = context;
  const control = controlOf(target, record);
  const names = namesIn(record);
  const what = names.join(', ');
  progress(0.3, `Fetching ${what}`);
  let fetched = await packages.install(record, control, folder.path, 'fetch');
  if (fetched.exitCode !== 0 && mayBeOutdated(fetched)) {
    await refreshPackageLists(new Debian(record.root, context), signal);
    fetched = await packages.install(record, control, folder.path, 'fetch');
  }
  if (fetched.exitCode !== 0) throw aptFailure(what, fetched);
  progress(0.6, `Installing ${what}`);
  const installed = await packages.install(record, control, folder.path, 'install');
  if (installed.exitCode !== 0) throw aptFailure(what, installed);
  const versions = await packages.versions(names);
  for (const one of record.wanted) log(saying(one, versions.get(one.name)));
  await filesystem.writeFile(join(folder.path, INSTALLED_ONCE), '', { mode: 0o644 });
}

function saying({ name, from }: Wanted, version: string | undefined): string {
  if (from === null) return `${name} ${version}: installed`;
  return from === version ? `${name} ${version}: was there` : `${name} ${from} -> ${version}`;
}

async function isInstalled(
  folder: GenerationFolder,
  packages: HostPackages,
  { mark }: AptRecord,
  { filesystem }: DriverContext,
): Promise<boolean> {
  if ((await filesystem.stat(join(folder.path, INSTALLED_ONCE))) === null) return false;
  return (await packages.versions([mark])).has(mark);
}

const namesIn = ({ wanted }: AptRecord): string[] => wanted.map(({ name }) => name);

/** Normalised and comparable: what each package is at, `null` where it is not there. */
function observedOf({ root, wanted }: AptRecord, versions: ReadonlyMap<string, string>): JsonObject {
  const now = (name: string) => versions.get(name) ?? null;
  const all = (as: Wanted['as'], of: (one: Wanted) => Json) =>
    Object.fromEntries(wanted.filter((one) => one.as === as).map((one) => [one.name, of(one)]));
  return {
    root,
    packages: all('package', ({ name }) => now(name)),
    patches: all('patch', ({ name, from }) => ({ from, version: now(name) })),
  };
}

async function recordIn(folder: GenerationFolder, { filesystem }: DriverContext): Promise<AptRecord> {
  const record = await readRecord(filesystem, folder.path);
  if (record === null) throw new SlipwayError('driver-failed', `${folder.path}/${RECORD} is missing or damaged`);
  return record;
}

async function remains(folder: GenerationFolder, { generation }: Identity, { filesystem }: DriverContext): Promise<boolean> {
  return (await filesystem.list(folder.folder)).some((name) => name.startsWith(`.g${generation}.`));
}
