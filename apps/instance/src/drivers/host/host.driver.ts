import { SlipwayError, type InspectAnswer, type InstanceSpec, type JsonObject, type SpecBounds } from '@slipway/contracts';
import {
  GenerationFolder,
  generationMarks,
  type Driver,
  type DriverContext,
  type Ensured,
  type Identity,
  type Mark,
  type Observation,
  type Target,
} from '@slipway/provisioner';
import { Debian } from '../../host/debian.js';
import { refreshPackageLists } from '../../host/package-lists.js';
import { upgradable, type Upgradable } from '../../host/upgradable.js';
import { assertStands } from '../../furnishing/making.js';
import { readJson } from '../../furnishing/json-file.js';
import { assertIs, identityOf, type HostIdentity } from './identity.js';

/** File in the generation's folder. */
const RECORD = 'host.json';

const NOTHING_RUNS = 'the driver "host" runs nothing: it finds a host that is there';
const BOUNDS: SpecBounds = {
  needs: [{ field: 'host', reason: 'the driver "host" needs it: what the host has to be, or {}' }],
  lacks: ['command', 'container', 'npm', 'apt', 'artefact', 'files', 'environment', 'secrets', 'limits'].map((field) => ({
    field,
    reason: NOTHING_RUNS,
  })),
};

export interface HostDriverOptions {
  /** By location: the root folder of its host. */
  hosts: Readonly<Record<string, { root: string }>>;
}

/** So many pending patches are told at most: an event has its bounds. */
const NAMED = 200;

/** Seconds between two looks: it hardly goes away. */
const LOOK_EVERY = 60;

/**
 * A host that is there: found, looked at, and left as it is. What others are wired to is where its root stands, and what it is;
 * what its definition says it has to be is held against that. Nothing of it is ours but our own marker, in our own folder.
 */
export class HostDriver implements Driver<InstanceSpec> {
  readonly kind = 'instance';
  readonly name = 'host';
  readonly bounds = BOUNDS;
  readonly outputs = ['type', 'root', 'distribution', 'version', 'architecture', 'folder', 'securityPatches'] as const;
  readonly #hosts: HostDriverOptions['hosts'];

  constructor({ hosts }: HostDriverOptions) {
    this.#hosts = hosts;
  }

  async ensure(
    target: Target,
    spec: InstanceSpec,
    _inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<Ensured> {
    const folder = new GenerationFolder(target, context);
    const effect = await folder.make(target.definition, async (staging) => {
      const debian = new Debian(this.#rootAt(context.location), context);
      context.progress(0.2, `Looking at the host ${debian.root}`);
      await assertRoot(context);
      const identity = await identityOf(debian, context);
      assertIs(identity, spec.host ?? {});
      context.log(`${debian.root} is ${said(identity)}`);
      const securityPatches = await this.#pending(debian, context);
      const record: HostRecord = { root: debian.root, ...identity, securityPatches };
      await context.filesystem.writeFile(`${staging}/${RECORD}`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 });
    });
    const record = await recordIn(folder, context);
    const files = await this.#takesFiles(folder, target, new Debian(record.root, context));
    const { securityPatches, ...observed } = { ...record, ...(await identityOf(new Debian(record.root, context), context)) };
    await assertStands(folder);
    return {
      effect,
      outputs: { type: 'host', ...observed, folder: files, securityPatches: securityPatches.map((one) => ({ ...one })) },
      observed,
    };
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const folder = new GenerationFolder(target, context);
    const state = await folder.standing();
    if (state !== 'present') return { state, observed: {} };
    const { root } = await recordIn(folder, context);
    return { state, observed: { root, ...(await identityOf(new Debian(root, context), context)) } };
  }

  async destroy(target: Target, context: DriverContext): Promise<'destroyed' | 'absent'> {
    return new GenerationFolder(target, context).destroy(async (path) => {
      context.log(`The host stays as it is; ${path} goes`);
      const record = await readJson<HostRecord & JsonObject>(context.filesystem, `${path}/${RECORD}`);
      if (record === null || (await context.filesystem.stat(`${record.root}/opt`)) === null) return;
      const line = ['sh', '-c', 'cd /opt && rmdir -p --ignore-fail-on-non-empty "$1"', 'sh', nameOf(target)];
      await new Debian(record.root, context).change([], line);
    });
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return generationMarks(context);
  }

  async observe(target: Target, _spec: InstanceSpec, context: DriverContext): Promise<Observation> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') return { health: 'unknown', reason: 'It is not there', restarts: 0 };
    const { root } = await recordIn(folder, context);
    try {
      return { health: 'healthy', reason: said(await identityOf(new Debian(root, context), context)), restarts: 0 };
    } catch (error) {
      context.signal.throwIfAborted();
      return { health: 'unhealthy', reason: error instanceof Error ? error.message : String(error), restarts: 0 };
    }
  }

  observeEvery(): number {
    return LOOK_EVERY;
  }

  /** Where artefacts go that are files: a folder below /opt, of this resource alone. */
  async #takesFiles(folder: GenerationFolder, target: Target, debian: Debian): Promise<string> {
    const made = await debian.change([`${folder.path}/${RECORD}`], ['mkdir', '-p', `/opt/${nameOf(target)}`]);
    if (made !== null && made.exitCode !== 0)
      throw new SlipwayError('driver-failed', `/opt of ${debian.root}: ${made.stderr.trim()}`);
    return debian.path('opt', nameOf(target));
  }

  #rootAt(location: string): string {
    const root = Object.hasOwn(this.#hosts, location) ? this.#hosts[location]!.root : undefined;
    if (root !== undefined) return root;
    throw new SlipwayError(
      'driver-unavailable',
      `No host is configured at ${location}: name its root folder in instances.hosts.${location}.root, / for this machine itself`,
    );
  }

  /** Security updates that wait, named so that a definition can name them. A source that is away takes nothing from the host. */
  async #pending(debian: Debian, context: DriverContext): Promise<SecurityPatch[]> {
    context.progress(0.5, 'Asking its package sources for security patches');
    try {
      await refreshPackageLists(debian, context.signal);
    } catch (error) {
      context.signal.throwIfAborted();
      context.log(`Its lists of packages stay as they were: ${(error as Error).message}`);
    }
    const pending = (await upgradable(debian)).filter(({ security }) => security);
    for (const { name, installed, available } of pending) context.log(`security patch: ${name} ${installed} -> ${available}`);
    if (pending.length === 0) context.log('no security patch is pending');
    return pending.slice(0, NAMED).map(({ name, installed, available }) => ({ name, installed, available }));
  }
}

type SecurityPatch = Omit<Upgradable, 'security'>;

/** What was found when it was taken into the environment. */
interface HostRecord extends HostIdentity {
  root: string;
  securityPatches: SecurityPatch[];
}

const nameOf = ({ resource: { environment, name } }: Target): string => `slipway/${environment}.${name}`;

const said = ({ distribution, version, architecture }: HostIdentity): string => `${distribution} ${version} (${architecture})`;

async function recordIn(folder: GenerationFolder, { filesystem }: DriverContext): Promise<HostRecord> {
  const record = await readJson<HostRecord & JsonObject>(filesystem, `${folder.path}/${RECORD}`);
  if (record === null) throw new SlipwayError('driver-failed', `${folder.path}/${RECORD} is missing or damaged`);
  return record;
}

async function assertRoot({ command }: DriverContext): Promise<void> {
  if ((await command.execOrThrow(['id', '-u'])).stdout.trim() === '0') return;
  throw new SlipwayError('driver-unavailable', "Packages of a host are root's, and Slipway does not run as root here");
}
