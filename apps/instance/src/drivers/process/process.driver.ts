import { join } from 'node:path';
import { SlipwayError, type InspectAnswer, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import {
  GenerationFolder,
  generationMarks,
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
import { HEALTHY_ONCE, becomeHealthy, observeEvery, startMs, wasHealthy } from '../../health/health.js';
import { holderOf, releaseClaims } from '../../place/claims.js';
import { nowAt } from '../../place/clock.js';
import { giveBack, handOver } from '../../place/handing-over.js';
import { networkAt } from '../../place/network-there.js';
import { endWhereAsked } from '../../place/start-anew.js';
import { USERS, type Range } from '../../place/ranges.js';
import { AppLog } from './app-log.js';
import { build, rebuild } from './build.js';
import type { Variables } from './npm-at.js';
import { observedOf, type InstanceRecord } from './record.js';
import { ill } from './ill.js';
import { assertNode, reachableNode } from './runtime.js';
import { SUPERVISION, type Supervision } from './settings.js';
import { BOUNDS, assertProcess } from './spec.js';
import { Supervisor } from './supervisor.js';
import { targetOutputs } from './target-folder.js';

export interface ProcessDriverOptions {
  /** Ports that instances get. */
  ports: Range;
  users?: Range;
  supervision?: Supervision;
  /** Of whoever runs Slipway: where npm is, and where it finds its configuration. */
  variables?: Variables;
}

/** What is handed on as the Node of an instance that needs none, where there may be none. */
const NO_NODE = '-';

/** How much of the app's log goes into an error. */
const TAIL_BYTES = 2_000;

/**
 * Instances as processes of the place's host: a folder, a user where Slipway is root, a port, limits, a log, and a supervisor
 * that restarts the app also while Slipway is down. `GenerationFolder` says how makers and destroyers keep out of
 * each other's way, `shim/supervise.sh` how the app is kept running. Its data are what it keeps in its home.
 */
export class ProcessDriver implements Driver<InstanceSpec> {
  readonly kind = 'instance';
  readonly name = 'process';
  readonly anywhere = true;
  readonly bounds = BOUNDS;
  readonly outputs = [...OUTPUTS, 'folder'];
  readonly repairs = ['running', 'state'];
  readonly portable = homeAsData;
  readonly observeEvery = observeEvery;
  readonly updatable: Updatable<InstanceSpec> = {
    inPlace: ['command', 'environment', 'health', 'limits', 'onFailure', 'resourceUri', 'secrets'],
    replaces: ['artefact', 'artefactBlob', 'files', 'npm'],
    update: (target, spec, inputs, context) => this.#update(target, spec, inputs, context),
  };
  readonly #ports: Range;
  readonly #users: Range;
  readonly #supervision: Supervision;
  readonly #variables: Variables;

  constructor({ ports, users = USERS, supervision = SUPERVISION, variables = {} }: ProcessDriverOptions) {
    this.#ports = ports;
    this.#users = users;
    this.#supervision = supervision;
    this.#variables = variables;
  }

  async ensure(target: Target, spec: InstanceSpec, inputs: Record<string, JsonObject>, context: DriverContext): Promise<Ensured> {
    assertProcess(spec);
    await assertNode(spec, context);
    const folder = new GenerationFolder(target, context);
    const effect = await build({
      folder,
      target,
      spec,
      inputs,
      context,
      ports: this.#ports,
      users: this.#users,
      network: networkAt(context),
      variables: this.#variables,
    });
    try {
      const record = await recordIn<InstanceRecord>(context.filesystem, folder.path);
      await this.#start(folder, record, context);
      await this.#becomeHealthy(folder, record, context);
      await assertStands(folder);
      return { effect, outputs: outputsAt(folder, record, spec), observed: observedOf(record, true) };
    } catch (error) {
      // Whatever went wrong: that it was given back in the meantime is the better reason.
      await assertStands(folder);
      throw error;
    }
  }

  async inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
    const folder = new GenerationFolder(target, context);
    const standing = await folder.standing();
    // Something of what was destroyed may still be on its way out, and run.
    if (standing === 'destroyed')
      return { state: (await hasRemains(folder, target, context)) ? 'partial' : standing, observed: {} };
    if (standing !== 'present') return { state: standing, observed: {} };
    const record = await recordIn<InstanceRecord>(context.filesystem, folder.path);
    const running = await new Supervisor(context, folder.path).running();
    return { state: (await wasHealthy(folder, context)) ? 'present' : 'partial', observed: observedOf(record, running) };
  }

  async destroy(target: Identity, context: DriverContext): Promise<'destroyed' | 'absent'> {
    const folder = new GenerationFolder(target, context);
    const effect = await folder.destroy(async (path) => {
      context.log(`Ending what runs in ${path}`);
      const record = await readRecord<InstanceRecord>(context.filesystem, path);
      const uid = record?.uid ?? null;
      await new Supervisor(context, folder.path, path).end(uid, this.#supervision);
      if (record !== null && uid !== null) await giveBack(context, record.handedOver, uid);
    });
    await context.secrets.empty(secretPrefix(target));
    await releaseClaims(context, holderOf(target));
    return effect;
  }

  marks(context: DriverContext): Promise<Mark[]> {
    return generationMarks(context);
  }

  async observe(target: Target, _spec: InstanceSpec, context: DriverContext): Promise<Observation> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') return { health: 'unknown', reason: 'It is not there', restarts: 0 };
    const record = await recordIn<InstanceRecord>(context.filesystem, folder.path);
    const supervisor = new Supervisor(context, folder.path);
    const before = await supervisor.state();
    if (before?.phase === 'failed') {
      const reason = (await ill(record, before, context))!;
      return { health: 'unhealthy', reason, restarts: before.restarts, failed: reason };
    }
    await endWhereAsked(folder.path, context, () => supervisor.end(record.uid, this.#supervision));
    const ran = await supervisor.running();
    if (!ran) await this.#start(folder, record, context);
    const state = await supervisor.state();
    const restarts = state?.restarts ?? 0;
    if (!ran) return { health: 'starting', reason: 'Its supervisor did not run and was started', restarts };
    const reason = await ill(record, state, context);
    if (reason === null) return { health: 'healthy', reason: 'It answers', restarts };
    const runsFor = state?.phase === 'running' ? (await nowAt(context)) - state.since : Infinity;
    return { health: runsFor < startMs(record) ? 'starting' : 'unhealthy', reason, restarts };
  }

  async readLog(target: Identity, from: LogFrom, context: DriverContext): Promise<LogPart> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') throw new SlipwayError('not-found', `${folder.path} is not there`);
    return new AppLog(context.filesystem, folder.path).read(from);
  }

  async stop(target: Identity, context: DriverContext): Promise<void> {
    const folder = new GenerationFolder(target, context);
    if ((await folder.standing()) !== 'present') return;
    const { uid } = await recordIn<InstanceRecord>(context.filesystem, folder.path);
    await new Supervisor(context, folder.path).end(uid, this.#supervision);
  }

  async rotate(
    target: Target,
    spec: InstanceSpec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<{ outputs: JsonObject }> {
    const folder = new GenerationFolder(target, context);
    await assertStands(folder);
    const record = await recordIn<InstanceRecord>(context.filesystem, folder.path);
    // It would read some of the files before and some after.
    await new Supervisor(context, folder.path).end(record.uid, this.#supervision);
    const secrets = await renewSecretFiles(context, secretPrefix(target), spec, inputs, folder.path, record.uid);
    const renewed = { ...record, secrets };
    await writeRecord(context.filesystem, folder.path, renewed);
    await assertStands(folder);
    return { outputs: outputsAt(folder, renewed, spec) };
  }

  /** With its port, its user, its home and its secrets: what is new of it takes the place of what was while nothing of it runs. */
  async #update(
    target: Target,
    spec: InstanceSpec,
    inputs: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<Omit<Ensured, 'effect'>> {
    assertProcess(spec);
    await assertNode(spec, context);
    const folder = new GenerationFolder(target, context);
    const fence = await folder.claim(context.command);
    const changing = { ...context, command: fence.command };
    const before = await recordIn<InstanceRecord>(context.filesystem, folder.path);
    const work = { folder, target, spec, inputs, context, variables: this.#variables };
    const record = await rebuild(work, before, fence, async ({ take }) => {
      context.progress(0.5, 'Ending what runs of it');
      if (!context.stopped) await take(HEALTHY_ONCE);
      await new Supervisor(changing, folder.path).end(before.uid, this.#supervision);
    });
    if (!context.stopped) {
      context.progress(0.6, 'Starting it');
      await this.#start(folder, record, changing);
      await this.#becomeHealthy(folder, record, context);
    }
    await assertStands(folder);
    return { outputs: outputsAt(folder, record, spec), observed: observedOf(record, !context.stopped) };
  }

  async #start(folder: GenerationFolder, record: InstanceRecord, context: DriverContext): Promise<void> {
    const { uid, handedOver } = record;
    if (uid !== null) {
      await handOver(context, handedOver, uid);
      // A destroy that came just before has given back already, and will not do it again.
      if ((await folder.standing()) !== 'present') await giveBack(context, handedOver, uid);
    }
    await assertStands(folder);
    // Records of before say nothing of it: those are of this machine, which has one.
    const node = record.node || !context.machine ? await reachableNode(context, uid) : NO_NODE;
    await new Supervisor(context, folder.path).start(record, node, this.#supervision);
  }

  #becomeHealthy(folder: GenerationFolder, record: InstanceRecord, context: DriverContext): Promise<void> {
    const supervisor = new Supervisor(context, folder.path);
    return becomeHealthy(folder, record, context, {
      look: async () => {
        const state = await supervisor.state();
        return { ill: await ill(record, state, context), failed: state?.phase === 'failed' };
      },
      log: () => this.#logTail(folder.path, context),
    });
  }

  async #logTail(home: string, { command }: DriverContext): Promise<string> {
    const files = ['app.1.log', 'app.log'].map((name) => join(home, 'log', name));
    const { stdout } = await command.exec(['tail', '--quiet', `--bytes=${TAIL_BYTES}`, ...files]);
    return stdout;
  }
}

/** With the folder that artefacts are brought to. */
const outputsAt = ({ path }: GenerationFolder, record: InstanceRecord, spec: InstanceSpec): JsonObject => ({
  ...outputsOf(record, spec),
  ...targetOutputs(path, spec),
});

async function hasRemains(folder: GenerationFolder, { generation }: Identity, { filesystem }: DriverContext): Promise<boolean> {
  return (await filesystem.list(folder.folder)).some((name) => name.startsWith(`.g${generation}.`));
}
