import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SlipwayError, type InspectAnswer, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import {
  GenerationFolder,
  generationMarks,
  until,
  type Driver,
  type DriverContext,
  type Ensured,
  type Identity,
  type Mark,
  type Observation,
  type Target,
} from '@slipway/provisioner';
import { assertStands } from '../../furnishing/making.js';
import { observeEvery, startMs } from '../../health/health.js';
import { localNetwork, type Network } from '../../place/network.js';
import { askToStartAnew } from '../../place/start-anew.js';
import { containerOf } from './containers.js';
import { outputsOf, readRecord, recordIn, writeRecord, type ArtefactRecord } from './record.js';
import { BOUNDS, assertArtefact, type ArtefactSpec } from './spec.js';
import { CONTENT, put, standingOf, stands, take } from './standing.js';
import { targetOf } from './target.js';

/** File in the generation's folder that says that all was as it should once: its target has seen it. */
const TAKEN_ONCE = 'taken';

export interface ArtefactDriverOptions {
  network?: Network;
}

/**
 * Artefacts in their targets: a file stands where the plan says, the target is made to see it, and it is what it should be when the
 * container says so (`containers.ts`). `GenerationFolder` decides whether it is there, `standing.ts` how its files follow.
 */
export class ArtefactDriver implements Driver<InstanceSpec> {
  readonly kind = 'instance';
  readonly name = 'artefact';
  readonly bounds = BOUNDS;
  readonly outputs = ['file', 'name', 'version', 'sha256', 'url', 'wires', 'differences'] as const;
  readonly observeEvery = observeEvery;
  readonly #network: Network;

  constructor({ network = localNetwork }: ArtefactDriverOptions = {}) {
    this.#network = network;
  }

  async ensure(target: Target, spec: InstanceSpec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Ensured> {
    assertArtefact(spec);
    const folder = new GenerationFolder(target, context);
    const effect = await folder.make(target.definition, (staging) => furnish(staging, spec, inputs, context));
    try {
      const record = await recordIn(context.filesystem, folder.path);
      await this.#bring(folder, record, context);
      const look = await this.#becomeTaken(folder, record, inputs, context);
      await assertStands(folder);
      return { effect, outputs: { ...outputsOf(record), ...look.said }, observed: observedOf(record, true) };
    } catch (error) {
      // Whatever went wrong: that it was given back in the meantime is the better reason.
      await assertStands(folder);
      throw error;
    }
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const folder = new GenerationFolder(target, context);
    const standing = await folder.standing();
    if (standing !== 'present') return { state: standing, observed: {} };
    const record = await recordIn(context.filesystem, folder.path);
    const there = await stands(standingOf(folder.path, record), context);
    const taken = (await context.filesystem.stat(join(folder.path, TAKEN_ONCE))) !== null;
    return { state: taken ? 'present' : 'partial', observed: observedOf(record, there) };
  }

  destroy(target: Identity, context: DriverContext): Promise<'destroyed' | 'absent'> {
    return new GenerationFolder(target, context).destroy(async (path) => {
      const record = await readRecord(context.filesystem, path);
      if (record === null) return;
      context.log(`Taking ${record.placement.path} away`);
      await take(standingOf(path, record), record.target.folder, context);
    });
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return generationMarks(context);
  }

  async observe(target: Target, _spec: InstanceSpec, context: DriverContext): Promise<Observation> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') return { health: 'unknown', reason: 'It is not there', restarts: 0 };
    const record = await recordIn(context.filesystem, folder.path);
    if (!(await stands(standingOf(folder.path, record), context))) {
      await this.#bring(folder, record, context);
      return { health: 'starting', reason: 'It did not stand in its target and was brought again', restarts: 0 };
    }
    const { ill, differs } = await containerOf(record).look(record, folder.path, { context, network: this.#network });
    if (ill !== null) return { health: 'unhealthy', reason: ill, restarts: 0 };
    return { health: 'healthy', reason: differs ?? 'It stands in its target', restarts: 0 };
  }

  async stop(target: Identity, context: DriverContext): Promise<void> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') return;
    const record = await recordIn(context.filesystem, folder.path);
    await take(standingOf(folder.path, record), record.target.folder, context);
  }

  /** Puts it there, and makes a target that looks only when it starts look again. */
  async #bring(folder: GenerationFolder, record: ArtefactRecord, context: DriverContext): Promise<void> {
    const { placement, target } = record;
    if ((await context.filesystem.stat(target.folder)) === null)
      throw new SlipwayError('driver-failed', `${target.folder} is not there: its target has gone, or was made anew`);
    context.progress(0.5, `Bringing ${placement.path} to its target`);
    const effect = await put(standingOf(folder.path, record), context);
    context.log(`${placement.path} stands in ${target.folder}`);
    await assertStands(folder);
    const seen = effect === 'found' && (await context.filesystem.stat(join(folder.path, TAKEN_ONCE))) !== null;
    if (placement.read !== 'start' || seen) return;
    context.progress(0.6, 'Asking for its target to be started anew');
    await askToStartAnew(target.folder, context);
  }

  async #becomeTaken(
    folder: GenerationFolder,
    record: ArtefactRecord,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ) {
    const container = containerOf(record);
    const look = () => container.look(record, folder.path, { context, network: this.#network, inputs });
    let last = await look();
    await until(context, startMs(record), async () => {
      await assertStands(folder);
      last = await look();
      return last.ill === null;
    });
    if (last.ill !== null)
      throw new SlipwayError('health-failed', `Not taken within ${startMs(record) / 1000} s: ${last.ill}`, { reason: last.ill });
    if (last.differs !== undefined) context.log(last.differs);
    await context.filesystem.writeFile(join(folder.path, TAKEN_ONCE), '', { mode: 0o600 });
    return last;
  }
}

/** All of it, before it has its name: content, small files, and what was decided. */
async function furnish(
  staging: string,
  spec: ArtefactSpec,
  inputs: Record<string, JsonObject>,
  context: DriverContext,
): Promise<void> {
  const { filesystem, blobs, progress } = context;
  const { artefactBlob, artefactFacts: facts, placement, health = null } = spec;
  const record: ArtefactRecord = { target: targetOf(inputs), placement, facts, sha256: artefactBlob.sha256, health };
  await filesystem.mkdir(join(staging, CONTENT), { mode: 0o755 });
  progress(0.2, `Fetching the artefact (${artefactBlob.bytes} bytes)`);
  const standing = standingOf(staging, record);
  for (const [at, { text }] of (placement.writes ?? []).entries())
    await filesystem.writeFile(standing[at]!.source, text, { mode: 0o644 });
  const { source, mark } = standing.at(-1)!;
  const content = await blobs.open(artefactBlob.sha256);
  if (mark) await unpackPackage(content, source, mark, context);
  else await filesystem.writeFile(source, content, { mode: 0o644 });
  await writeRecord(filesystem, staging, record);
}

/** The one folder of what `npm pack` made, with the file that it is known by. */
async function unpackPackage(
  content: Readable,
  folder: string,
  { within, source }: { within: string; source: string },
  { filesystem, command }: DriverContext,
): Promise<void> {
  const unpacked = `${folder}.unpacked`;
  await filesystem.mkdir(unpacked, { mode: 0o755 });
  const gunzip = createGunzip();
  content.on('error', (error) => gunzip.destroy(error));
  await filesystem.unpack(unpacked, content.pipe(gunzip));
  const [name = ''] = await filesystem.list(unpacked);
  await filesystem.rename(join(unpacked, name), folder);
  await filesystem.remove(unpacked);
  await filesystem.writeFile(source, '', { mode: 0o444 });
  await command.execOrThrow(['ln', '--no-target-directory', '--', source, join(folder, within)]);
}

/** Normalised and comparable; `running`: whether it stands in its target. */
const observedOf = ({ placement, target, sha256 }: ArtefactRecord, running: boolean): JsonObject => ({
  target: target.folder,
  path: placement.path,
  artefact: sha256,
  running,
});
