import { SlipwayError, causeOf } from '@slipway/contracts';
import { SshConnection, configuredHostKey, sshCommand } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../../blueprint/blueprint.js';
import { declared } from '../../blueprint/kit/declared.js';
import { hostOn, type Reached, type Ways } from '../../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../../blueprint/kit/kit.js';
import { optionsOf } from '../../blueprint/kit/options.js';
import { askedTwice, overSsh } from '../../blueprint/kit/over-ssh.js';
import { Cloud, MARK, isOver, type CloudInstance, type CloudOptions } from './cloud.js';
import { ensureKeys, keysForTaking, loginSecret, readKeys, secretsOf, type InstanceKeys } from './keys.js';
import { launched, takenAway, type InstanceWork, type Launched } from './launch.js';
import { InstanceNotes } from './notes.js';
import { userData } from './user-data.js';

interface Options extends CloudOptions {
  images: string[];
  instanceTypes: string[];
  subnetId?: string;
  securityGroupIds: string[];
  addresses: 'public' | 'private';
  user: string;
  port: number;
  folder: string;
  tags: Record<string, string>;
  startSeconds: number;
  settleSeconds: number;
}
const TEXT = { type: 'string', minLength: 1 };
const SOME = { type: 'array', minItems: 1, uniqueItems: true, items: TEXT };
const OPTIONS = {
  region: TEXT,
  // What is sent there holds the host keys of instances: nobody else is to read it.
  endpoint: { type: 'string', pattern: String.raw`^(https://|http://(127\.[0-9.]+|localhost|\[::1\])(:|/|$))` },
  accessKeyId: TEXT,
  secretKeyFile: { type: 'string', pattern: '^/' },
  images: SOME,
  instanceTypes: { ...SOME, default: ['t3.small'] },
  subnetId: TEXT,
  securityGroupIds: { type: 'array', items: TEXT, default: [] },
  addresses: { enum: ['public', 'private'], default: 'public' },
  user: TEXT,
  port: { type: 'integer', minimum: 1, maximum: 65_535, default: 22 },
  folder: { type: 'string', minLength: 1, default: '.slipway' },
  tags: { type: 'object', default: {}, additionalProperties: { type: 'string' } },
  startSeconds: { type: 'integer', minimum: 1, default: 300 },
  settleSeconds: { type: 'integer', minimum: 1, default: 60 },
};
const REQUIRED = ['region', 'accessKeyId', 'secretKeyFile', 'images', 'user'];

/** How long one question whether an instance answers may take, in ms. */
const ASKS_FOR = 20_000;
/** How long it is tried to take away what a call that woke up late has made, in ms. */
const UNDOES_FOR = 300_000;

/**
 * A host that is an instance of EC2, made when it is leased and ended when nobody wants it any more, and reached over SSH as a `RemoteHost` is. Its
 * keys are its own: that of who logs in goes to EC2 as a key pair, its host key by user data, so that it is known before the first contact
 * (decision 50). Options: `region`, `endpoint`, `accessKeyId`, `secretKeyFile`; `images` and `instanceTypes` that may be asked for as attributes,
 * the first where nobody says; `subnetId`, `securityGroupIds`, `tags`; `addresses` by which it is reached; `user`, `port`, `folder` there;
 * `startSeconds` until it has to answer, `settleSeconds` that EC2 may take to show what it has begun.
 */
export const ec2Host: BlueprintMaker = (settings) => {
  const options = optionsOf<Options>(settings, OPTIONS, REQUIRED);
  const { images, instanceTypes, addresses, user, port, startSeconds } = options;
  const connections = new Map<string, { address: string; connection: SshConnection }>();

  async function disconnect({ id }: MadeResource): Promise<void> {
    const known = connections.get(id);
    connections.delete(id);
    await known?.connection.close();
  }

  async function connectionTo(
    resource: MadeResource,
    address: string,
    keysOf: () => Promise<InstanceKeys>,
  ): Promise<SshConnection> {
    const known = connections.get(resource.id);
    if (known?.address === address) return known.connection;
    const { login, host } = await keysOf();
    const before = connections.get(resource.id);
    // Somebody else was faster: his is in use.
    if (before?.address === address) return before.connection;
    const where = { address, port, user, privateKey: Buffer.from(login.privateKey) };
    const connection = new SshConnection(where, configuredHostKey(host.hostKey, `the one that ${resource.id} was given`));
    connections.set(resource.id, { address, connection });
    await before?.connection.close();
    return connection;
  }

  const addressOf = ({ publicAddress, privateAddress }: CloudInstance): string | undefined =>
    addresses === 'public' ? publicAddress : privateAddress;

  async function reach(resource: MadeResource, context: BlueprintContext): Promise<Reached> {
    const { address } = instanceOf(resource);
    const connection = await connectionTo(resource, address, () => readKeys(resource, context.secrets));
    return overSsh(connection, options.folder, context);
  }

  async function ways(resource: MadeResource, { secrets }: BlueprintContext): Promise<Ways> {
    const { address } = instanceOf(resource);
    const { hostKey } = (await readKeys(resource, secrets)).host;
    return { host: address, place: { ssh: { address, port, user, hostKey, key: loginSecret(resource) } } };
  }

  function workOn(resource: MadeResource, keys: InstanceKeys, cloud: Cloud, context: BlueprintContext): InstanceWork {
    const { image = images[0]!, instanceType = instanceTypes[0]! } = resource.attributes;
    const { subnetId, securityGroupIds, tags, settleSeconds } = options;
    const marks = { [MARK]: keys.mark, 'slipway:resource': resource.id, Name: `slipway ${resource.id}` };
    return {
      ...{ cloud, keys, context, settleMs: settleSeconds * 1_000 },
      notes: new InstanceNotes(resource, context),
      launch: {
        image: String(image),
        instanceType: String(instanceType),
        keyPair: `slipway-${keys.mark}`,
        userData: userData(keys.host),
        ...(subnetId !== undefined && { subnetId }),
        securityGroupIds,
        tags: { ...tags, ...marks },
      },
    };
  }

  async function launch(resource: MadeResource, keys: InstanceKeys, context: BlueprintContext): Promise<Launched> {
    const { signal } = context;
    const whyNot = async (address: string): Promise<string | undefined> => {
      const command = sshCommand(await connectionTo(resource, address, async () => keys));
      try {
        await command.execOrThrow(['true'], { signal, timeoutMs: ASKS_FOR });
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        return causeOf(error).message;
      }
    };
    const answering = { startMs: startSeconds * 1_000, addressOf, whyNot };
    return Cloud.within(options, context, (cloud) => launched(workOn(resource, keys, cloud, context), answering));
  }

  /** All that there is of a resource. */
  async function takeAway(resource: MadeResource, keys: InstanceKeys, context: BlueprintContext): Promise<void> {
    await disconnect(resource);
    const { instanceId } = resource.outputs;
    await Cloud.within(options, context, (cloud) =>
      takenAway(workOn(resource, keys, cloud, context), instanceId === undefined ? undefined : String(instanceId)),
    );
    await context.secrets.empty(secretsOf(resource));
    await new InstanceNotes(resource, context).clear();
  }

  const { allocate, manage, takeBack, ...doing } = hostOn(reach, { ways });
  return declared(
    settings,
    {
      type: 'host',
      interfaces: ['command', 'filesystem'],
      isOnlyMade: true,
      attributes: {
        image: { default: images[0]!, oneOf: images },
        instanceType: { default: instanceTypes[0]!, oneOf: instanceTypes },
      },
      // What is asked of EC2 meanwhile takes its time too.
      workSeconds: { allocate: startSeconds + options.settleSeconds + 240 },
    },
    {
      ...doing,

      async allocate(resource, context) {
        const notes = new InstanceNotes(resource, context);
        await notes.begin();
        const keys = await ensureKeys(resource, context.secrets);
        try {
          const instance = { ...(await launch(resource, keys, context)) };
          const { outputs } = await allocate!({ ...resource, outputs: instance }, context);
          return { outputs: { ...instance, ...outputs } };
        } catch (error) {
          if (await notes.isWanted()) throw error;
          // Whoever gave it back may have looked before we made anything.
          await takeAway(resource, keys, undoing(context));
          throw new SlipwayError('generation-old', `${resource.id} was given back while it was made`, {}, { cause: error });
        }
      },

      async manage(resource, context) {
        const { instanceId: id, address } = instanceOf(resource);
        const broken = (reason: string) => ({ state: 'broken' as const, reason: `instance ${id} ${reason}` });
        const { instance, impairments = [] } = await Cloud.within(options, context, async (cloud) => {
          const found = await cloud.instance(id);
          return { instance: found, ...(found?.state === 'running' && { impairments: await cloud.impairments(id) }) };
        });
        if (!instance) return broken('is gone');
        const { state, reason } = instance;
        if (state !== 'running') return broken(`is ${state}${reason === '' ? '' : `: ${reason}`}`);
        if (addressOf(instance) !== address) return broken(`has another address: ${addressOf(instance)}, not ${address}`);
        if (impairments.length > 0) return broken(`is impaired: EC2 says so of its ${impairments.join(' and ')}`);
        return askedTwice(() => manage!(resource, context), context);
      },

      async destroy(resource, context) {
        await new InstanceNotes(resource, context).bury();
        await takeAway(resource, await keysForTaking(resource, context.secrets), context);
      },

      takeBack: (lease, resource, context) =>
        takeBack!(lease, resource, context).catch(async (error: unknown) => {
          context.signal.throwIfAborted();
          const { instanceId } = instanceOf(resource);
          const instance = await Cloud.within(options, context, (cloud) => cloud.instance(instanceId));
          // With the instance all went that was handed out on it.
          if (instance && !isOver(instance)) throw error;
        }),
    },
  );
};

/** What `allocate` has said. Throws `not-possible` where nothing was made. */
function instanceOf({ id, outputs: { instanceId, address } }: MadeResource): Launched {
  if (typeof instanceId === 'string' && typeof address === 'string') return { instanceId, address };
  throw new SlipwayError('not-possible', `${id} has no instance of EC2: such hosts are not entered by hand`);
}

/** What is undone is undone whether or not its work was ended. */
const undoing = (context: BlueprintContext): BlueprintContext => ({
  ...context,
  signal: AbortSignal.timeout(UNDOES_FOR),
  changing: async () => {},
});
