import { SlipwayError, type InspectAnswer, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import type { DockerOptions } from '@slipway/interfaces';
import {
  EngineMarks,
  Fence,
  GenerationFolder,
  assertEngine,
  engineAt,
  secretPrefix,
  type Driver,
  type DriverContext,
  type Ensured,
  type Identity,
  type LogFrom,
  type LogPart,
  type Mark,
  type Observation,
  type Target,
  type Updatable,
} from '@slipway/provisioner';
import { homeAsData } from '../../furnishing/home.js';
import { assertStands } from '../../furnishing/making.js';
import { OUTPUTS, outputsOf, readRecord, recordIn, writeRecord } from '../../furnishing/record.js';
import { renewSecretFiles } from '../../furnishing/secret-files.js';
import { HEALTHY_ONCE, askedFor, becomeHealthy, observeEvery, startMs, wasHealthy } from '../../health/health.js';
import { holderOf, releaseClaims } from '../../place/claims.js';
import { nowAt } from '../../place/clock.js';
import { networkAt } from '../../place/network-there.js';
import type { Range } from '../../place/ranges.js';
import { build, rebuild } from './build.js';
import { check } from './check.js';
import { containerLog } from './container-log.js';
import { InstanceContainer, type ContainerState } from './container.js';
import { observedOf, type ContainerRecord } from './record.js';
import { restartsOf } from './restarts.js';
import { BOUNDS, assertDocker } from './spec.js';

export interface DockerDriverOptions {
  /** The mesh's name, for the labels. */
  mesh: string;
  /** The engine of this machine. */
  docker?: DockerOptions;
  /** Ports of the host that instances get. */
  ports: Range;
}

const LOG_LINES = 20;

/**
 * Instances as containers of a Docker engine: an image that is pulled, built or imported, labels, limits, a port of its host,
 * storages as mounts, secrets as files. The engine keeps it running. What decides is the generation's folder (decision 21).
 */
export class DockerDriver implements Driver<InstanceSpec> {
  readonly kind = 'instance';
  readonly name = 'docker';
  readonly anywhere = true;
  readonly bounds = BOUNDS;
  /** A volume is mounted: see `mounts.ts`. */
  readonly finds = { path: 'volume' };
  readonly outputs = OUTPUTS;
  readonly repairs = ['image', 'running', 'state'];
  readonly portable = homeAsData;
  readonly observeEvery = observeEvery;
  readonly updatable: Updatable<InstanceSpec> = {
    inPlace: ['health', 'limits', 'onFailure', 'resourceUri'],
    replaces: ['artefact', 'artefactBlob', 'command', 'container', 'environment', 'files', 'limits.openFiles', 'secrets'],
    update: (target, spec, inputs, context) => this.#update(target, spec, inputs, context),
  };
  readonly #options: DockerDriverOptions;

  constructor(options: DockerDriverOptions) {
    this.#options = options;
  }

  async ensure(target: Target, spec: InstanceSpec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Ensured> {
    assertDocker(spec);
    await assertEngine(context, this.#options.docker);
    const marks = await EngineMarks.at(context, this.#options.mesh);
    const folder = new GenerationFolder(target, context);
    const { ports } = this.#options;
    const effect = await build({ folder, target, spec, inputs, context, ports, network: networkAt(context) });
    const container = this.#container(marks, target, folder, context);
    try {
      const record = await recordIn<ContainerRecord>(context.filesystem, folder.path);
      await container.start(record);
      await this.#becomeHealthy(folder, container, record, context);
      const observed = observedOf(record, (await container.state())?.Image ?? null, true);
      await assertStands(folder);
      return { effect, outputs: outputsOf(record, spec), observed };
    } catch (error) {
      if ((await folder.standing()) === 'present') throw error;
      // Given back in the meantime: what we have made since goes too.
      await container.remove();
      throw new SlipwayError('generation-old', `${folder.path} was given back`);
    }
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const folder = new GenerationFolder(target, context);
    const standing = await folder.standing();
    const marks = await EngineMarks.known(context, this.#options.mesh);
    if (marks === null || (standing !== 'present' && standing !== 'destroyed')) return { state: standing, observed: {} };
    const state = await this.#container(marks, target, folder, context).state();
    if (standing === 'destroyed') return { state: state === null ? standing : 'partial', observed: {} };
    const record = await recordIn<ContainerRecord>(context.filesystem, folder.path);
    const observed = observedOf(record, state?.Image ?? null, state?.State.Running ?? false);
    return { state: (await wasHealthy(folder, context)) ? 'present' : 'partial', observed };
  }

  async destroy(target: Target, context: DriverContext): Promise<'destroyed' | 'absent'> {
    const folder = new GenerationFolder(target, context);
    const marks = await EngineMarks.known(context, this.#options.mesh);
    const container = marks && this.#container(marks, target, folder, context);
    const effect = await folder.destroy(async (path) => {
      context.log(`Ending what runs in ${path}`);
      await container?.stop();
      await container?.takeBack(await readRecord<ContainerRecord>(context.filesystem, path), path);
    });
    const removed = (await container?.remove()) ?? false;
    await context.secrets.empty(secretPrefix(target));
    await releaseClaims(context, holderOf(target));
    return removed ? 'destroyed' : effect;
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return EngineMarks.all(context, engineAt(context, this.#options.docker), 'container');
  }

  async observe(target: Target, _spec: InstanceSpec, context: DriverContext): Promise<Observation> {
    const folder = new GenerationFolder(target, context);
    const marks = await EngineMarks.known(context, this.#options.mesh);
    if (marks === null || (await folder.standing()) !== 'present') {
      return { health: 'unknown', reason: 'It is not there', restarts: 0 };
    }
    const container = this.#container(marks, target, folder, context);
    const record = await recordIn<ContainerRecord>(context.filesystem, folder.path);
    const state = await container.state();
    const restarts = await restartsOf(folder.path, state, context.filesystem);
    if (state !== null && (await container.hasFailed(state, record))) {
      const reason = (await this.#ill(container, record, state, context))!;
      return { health: 'unhealthy', reason, restarts, failed: reason };
    }
    if (state === null || !['running', 'restarting'].includes(state.State.Status)) {
      await container.start(record);
      const reason = state === null ? 'Its container was gone and was made anew' : 'Its container did not run and was started';
      return { health: 'starting', reason, restarts };
    }
    const ill = await this.#ill(container, record, state, context);
    if (ill === null) return { health: 'healthy', reason: 'It answers', restarts };
    const runsFor = (await nowAt(context)) - Date.parse(state.State.StartedAt);
    return { health: state.State.Running && runsFor < startMs(record) ? 'starting' : 'unhealthy', reason: ill, restarts };
  }

  async readLog(target: Identity, from: LogFrom, context: DriverContext): Promise<LogPart> {
    const folder = new GenerationFolder(target, context);
    const marks = await EngineMarks.known(context, this.#options.mesh);
    const container = marks && this.#container(marks, target, folder, context);
    if ((await folder.standing()) !== 'present' || !container || (await container.state()) === null) {
      throw new SlipwayError('not-found', `There is no container of ${folder.path}`);
    }
    return containerLog(engineAt(context, this.#options.docker), container.name, from);
  }

  async stop(target: Identity, context: DriverContext): Promise<void> {
    const folder = new GenerationFolder(target, context);
    const marks = await EngineMarks.known(context, this.#options.mesh);
    if (marks === null || (await folder.standing()) !== 'present') return;
    await this.#container(marks, target, folder, context).stop();
  }

  async rotate(
    target: Target,
    spec: InstanceSpec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<{ outputs: JsonObject }> {
    const folder = new GenerationFolder(target, context);
    const marks = await EngineMarks.at(context, this.#options.mesh);
    const container = this.#container(marks, target, folder, context);
    await assertStands(folder);
    const record = await recordIn<ContainerRecord>(context.filesystem, folder.path);
    // It would read some of the files before and some after.
    await container.stop();
    const secrets = await renewSecretFiles(context, secretPrefix(target), spec, inputs, folder.path, await container.user());
    const renewed = { ...record, secrets };
    await writeRecord(context.filesystem, folder.path, renewed);
    await assertStands(folder);
    return { outputs: outputsOf(renewed, spec) };
  }

  /** With its port, its home and its secrets: limits in the container that is there, all else with another one. */
  async #update(
    target: Target,
    spec: InstanceSpec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<Omit<Ensured, 'effect'>> {
    assertDocker(spec);
    await assertEngine(context, this.#options.docker);
    const marks = await EngineMarks.at(context, this.#options.mesh);
    const folder = new GenerationFolder(target, context);
    const fence = await folder.claim(context.command);
    const before = await recordIn<ContainerRecord>(context.filesystem, folder.path);
    const container = this.#container(marks, target, folder, context);
    const record = await rebuild({ folder, target, spec, inputs, context }, before, fence, async ({ paths }, { take }) => {
      context.progress(0.5, 'Taking its container away');
      if (!context.stopped) await take(HEALTHY_ONCE);
      await container.discard();
      const left = before.paths.filter(({ path }) => !paths.some((one) => one.path === path));
      const changing = this.#container(marks, target, folder, { ...context, command: fence.command });
      await changing.takeBack({ ...before, paths: left }, folder.path);
    });
    await container.adjust(record);
    if (!context.stopped) {
      await container.start(record);
      await this.#becomeHealthy(folder, container, record, context);
    }
    const state = await container.state();
    await assertStands(folder);
    return {
      outputs: outputsOf(record, spec),
      observed: observedOf(record, state?.Image ?? null, state?.State.Running ?? false),
    };
  }

  #container(marks: EngineMarks, target: Identity, folder: GenerationFolder, context: DriverContext): InstanceContainer {
    const { docker } = this.#options;
    const { command } = new Fence(folder.path, target.epoch, context.command);
    const fenced = engineAt({ ...context, command }, docker);
    return new InstanceContainer(engineAt(context, docker), marks, target, folder, context, fenced);
  }

  #becomeHealthy(
    folder: GenerationFolder,
    container: InstanceContainer,
    record: ContainerRecord,
    context: DriverContext,
  ): Promise<void> {
    return becomeHealthy(folder, record, context, {
      look: async () => ({ ill: await this.#ill(container, record, await container.state(), context), failed: false }),
      log: () => container.logTail(LOG_LINES),
    });
  }

  /** Why it is not healthy; `null` when it is. */
  async #ill(
    container: InstanceContainer,
    record: ContainerRecord,
    state: ContainerState | null,
    context: DriverContext,
  ): Promise<string | null> {
    if (state === null) return 'Its container is gone';
    const { Running, Status, ExitCode, OOMKilled, Error: said } = state.State;
    if (!Running || Status === 'restarting') {
      const why = OOMKilled ? ', killed at its memory limit' : said ? `: ${said}` : '';
      return `It ended with exit code ${ExitCode}${why} (${state.RestartCount} restarts so far)`;
    }
    const ill = await check(networkAt(context), record.port, ...askedFor(record));
    if (ill === null || state.RestartCount === 0) return ill;
    // One that ends again and again may run at the very moment it is looked at; that it ended is the better reason.
    const exit = await container.exitBefore(state);
    return `${ill}; its last run ended${exit === undefined ? '' : ` with exit code ${exit}`} (${state.RestartCount} restarts so far)`;
  }
}
