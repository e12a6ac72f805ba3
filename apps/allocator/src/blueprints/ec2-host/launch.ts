import { SlipwayError, sha256 } from '@slipway/contracts';
import type { BlueprintContext } from '../../blueprint/blueprint.js';
import { codeOf, isOver, type Cloud, type CloudInstance, type Launch } from './cloud.js';
import type { InstanceKeys } from './keys.js';
import { looks } from './looks.js';
import type { InstanceNotes } from './notes.js';

/** What it takes to bring one instance up, or to take it away. */
export interface InstanceWork {
  cloud: Cloud;
  notes: InstanceNotes;
  keys: InstanceKeys;
  context: Pick<BlueprintContext, 'clock' | 'signal' | 'log'>;
  launch: Omit<Launch, 'token'>;
  /** How long EC2 may take to show what it has begun, in ms. */
  settleMs: number;
}

/** How it is found out that an instance can be used. */
export interface Answering {
  /** How long that may take, in ms. */
  startMs: number;
  addressOf(instance: CloudInstance): string | undefined;
  /** Why nobody answers there; `undefined` when somebody does. */
  whyNot(address: string): Promise<string | undefined>;
}

/** An instance that answers. */
export interface Launched {
  instanceId: string;
  address: string;
}

/**
 * Begins an instance, or finds the one that was begun, and waits until it answers. Throws `generation-old` when it was given back meanwhile, and
 * `driver-failed` for one that ends, or does not answer in time.
 *
 * L1. The key pair stands before any instance and goes before EC2 is asked what there is to be ended: an instance is refused without it. So what
 *     wakes up late begins nothing.
 * L2. A token stands for all instances of the resource that have ended: who asks for the next one at the same time asks for the same one.
 * L3. EC2 shows what it has begun only after a while. That it was asked is written down before, so that whoever ends it knows that he has to wait.
 */
export async function launched(work: InstanceWork, answering: Answering): Promise<Launched> {
  const { cloud, notes, keys, launch } = work;
  await cloud.importKeyPair(launch.keyPair, keys.login.publicKey, launch.tags);
  await assertWanted(notes);
  const instance = (await standing(work)) ?? (await begin(work));
  return answered(instance, work, answering);
}

/** The instance that there is, of several the first; what has ended is written down. */
async function standing({ cloud, notes, keys }: InstanceWork): Promise<CloudInstance | undefined> {
  const marked = await cloud.marked(keys.mark);
  for (const { id } of marked.filter(isOver)) await notes.ended(id);
  const alive = marked.filter((instance) => !isOver(instance));
  return alive.toSorted((one, other) => one.launchedAt - other.launchedAt || (one.id < other.id ? -1 : 1))[0];
}

async function begin(work: InstanceWork): Promise<CloudInstance> {
  const { cloud, notes, keys, context, launch, settleMs } = work;
  await notes.asking();
  let refused: unknown;
  for await (const _ of looks(context, settleMs)) {
    try {
      // L2.
      const token = sha256([keys.mark, ...(await notes.endedOnes())].join(' '));
      const instance = await cloud.run({ ...launch, token });
      context.log(`Began instance ${instance.id}, ${launch.instanceType} of ${launch.image}`);
      return instance;
    } catch (error) {
      refused = error;
      // What was asked for under other options is what there is, also where EC2 does not show it yet.
      const begun = codeOf(error) === 'IdempotentParameterMismatch' ? await standing(work) : undefined;
      if (begun) return begun;
      // A key pair is not known everywhere at once.
      if (!['IdempotentParameterMismatch', 'InvalidKeyPair.NotFound'].includes(String(codeOf(error)))) throw error;
      await assertWanted(notes);
    }
  }
  throw refused;
}

async function answered(instance: CloudInstance, work: InstanceWork, answering: Answering): Promise<Launched> {
  const { cloud, notes, context } = work;
  const { id } = instance;
  let said = '';
  for await (const _ of looks(context, answering.startMs)) {
    await assertWanted(notes);
    const now = (await cloud.instance(id)) ?? instance;
    if (isOver(now)) {
      await notes.ended(id);
      throw new SlipwayError('driver-failed', `Instance ${id} ended before it could be used: ${now.reason || now.state}`, { id });
    }
    const address = now.state === 'running' ? answering.addressOf(now) : undefined;
    const why =
      address === undefined
        ? `it is ${now.state}${now.state === 'running' ? ', and has no address that it could be reached at' : ''}`
        : await answering.whyNot(address);
    if (address !== undefined && why === undefined) {
      context.log(`Instance ${id} answers at ${address}`);
      return { instanceId: id, address };
    }
    if (said !== why) context.log(`Waiting for instance ${id}: ${why}`);
    said = why!;
  }
  const within = `${answering.startMs / 1_000} s`;
  const message =
    `Instance ${id} could not be used within ${within}: ${said}. Look whether its security groups let us in, its subnet gives it such an ` +
    `address, and its image runs cloud-init`;
  throw new SlipwayError('driver-failed', message, { id });
}

/**
 * Ends all that was made of a resource, and waits until it has ended. `known`: the instance that it had. Throws `foreign` where that bears our mark no more.
 */
export async function takenAway({ cloud, notes, keys, context, launch, settleMs }: InstanceWork, known?: string): Promise<void> {
  const { clock } = context;
  // L1.
  await cloud.deleteKeyPair(launch.keyPair);
  const begunAt = clock.now();
  const askedAt = await notes.askedAt();
  const ended = await notes.endedOnes();
  const settledAt = askedAt === undefined ? begunAt : Math.min(askedAt, begunAt) + settleMs;
  for await (const _ of looks(context, Infinity)) {
    const marked = await cloud.marked(keys.mark);
    const had = known === undefined || marked.some(({ id }) => id === known) ? undefined : await cloud.instance(known);
    if (had && !isOver(had))
      throw new SlipwayError('foreign', `Instance ${had.id} bears no mark of ours any more: end it by hand`, { id: had.id });
    await cloud.terminate(marked.flatMap((instance) => (isOver(instance) ? [] : [instance.id])));
    if (marked.some(({ state }) => state !== 'terminated')) continue;
    // L3.
    const isSeen = marked.some(({ id }) => !ended.includes(id));
    if (isSeen || clock.now() >= settledAt) return;
  }
}

/** Throws `generation-old`. */
async function assertWanted(notes: InstanceNotes): Promise<void> {
  if (!(await notes.isWanted())) throw new SlipwayError('generation-old', 'It was given back meanwhile');
}
