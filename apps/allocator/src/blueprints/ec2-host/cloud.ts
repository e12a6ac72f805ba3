import type { EC2Client, Instance, Tag, _InstanceType } from '@aws-sdk/client-ec2';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { BlueprintContext } from '../../blueprint/blueprint.js';
import { refusal } from './refusals.js';

/** Which EC2, and as whom. */
export interface CloudOptions {
  region: string;
  /** Of a cloud that is compatible; AWS's own when left out. */
  endpoint?: string;
  accessKeyId: string;
  secretKeyFile: string;
}

/** An instance as EC2 shows it. */
export interface CloudInstance {
  id: string;
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`. */
  state: string;
  /** Why it is no longer what it was. */
  reason: string;
  publicAddress?: string;
  privateAddress?: string;
  /** In ms since the epoch. */
  launchedAt: number;
  tags: Readonly<Record<string, string>>;
}

/** What is asked of RunInstances. The same token, and all else the same, is the same instance. */
export interface Launch {
  token: string;
  image: string;
  instanceType: string;
  keyPair: string;
  userData: string;
  subnetId?: string;
  securityGroupIds: readonly string[];
  tags: Readonly<Record<string, string>>;
}

/** Name of the tag by which all that is made of a resource is found. */
export const MARK = 'slipway:mark';

/** How often a call is made where EC2 says that it was asked too often, has failed, or was not reached; with growing pauses. */
const ATTEMPTS = 5;
/** In ms. */
const CONNECTS_WITHIN = 10_000;
const ANSWERS_WITHIN = 60_000;
/** What is over, or about to be. */
const OVER = ['shutting-down', 'terminated'];

/** Whether nothing can be expected of an instance any more. */
export const isOver = ({ state }: Pick<CloudInstance, 'state'>): boolean => OVER.includes(state);

type Within = Pick<BlueprintContext, 'changing' | 'filesystem' | 'signal'>;

/**
 * What of EC2's API (2016-11-15) is used. Each change is announced first. What EC2 refuses is thrown as {@link refusal} says; ends with the work, and
 * then for its reason.
 */
export class Cloud {
  private constructor(
    private readonly client: EC2Client,
    private readonly sdk: typeof import('@aws-sdk/client-ec2'),
    private readonly region: string,
    private readonly context: Within,
  ) {}

  /** Opens it for one piece of work. Throws `driver-failed` where the secret key cannot be read. */
  static async within<T>(options: CloudOptions, context: Within, work: (cloud: Cloud) => Promise<T>): Promise<T> {
    const { region, endpoint, accessKeyId, secretKeyFile: path } = options;
    const secretAccessKey = (await context.filesystem.readFile(path, 4_096))?.toString('utf8').trim();
    if (!secretAccessKey) throw new SlipwayError('driver-failed', `The file ${path} is not there or empty`, { path });
    // Only where it is used: it is large.
    const sdk = await import('@aws-sdk/client-ec2');
    const client = new sdk.EC2Client({
      region,
      ...(endpoint !== undefined && { endpoint }),
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECTS_WITHIN, requestTimeout: ANSWERS_WITHIN, throwOnRequestTimeout: true },
    });
    try {
      return await work(new Cloud(client, sdk, region, context));
    } finally {
      client.destroy();
    }
  }

  /** The public half of a key that may log in; one of that name is taken to be the same. */
  async importKeyPair(name: string, publicKey: string, tags: Launch['tags']): Promise<void> {
    await this.context.changing(`import key pair ${name}`);
    const importing = new this.sdk.ImportKeyPairCommand({
      KeyName: name,
      PublicKeyMaterial: Buffer.from(publicKey),
      TagSpecifications: [{ ResourceType: 'key-pair', Tags: tagList(tags) }],
    });
    await this.#send(importing).catch((error: unknown) => {
      if (codeOf(error) !== 'InvalidKeyPair.Duplicate') throw error;
    });
  }

  /** Nothing to do when it is gone. */
  async deleteKeyPair(name: string): Promise<void> {
    await this.context.changing(`delete key pair ${name}`);
    await this.#send(new this.sdk.DeleteKeyPairCommand({ KeyName: name })).catch((error: unknown) => {
      if (codeOf(error) !== 'InvalidKeyPair.NotFound') throw error;
    });
  }

  async run(launch: Launch): Promise<CloudInstance> {
    await this.context.changing('run an instance');
    const { token, image, instanceType, keyPair, userData, subnetId, securityGroupIds, tags } = launch;
    const tagged = (['instance', 'volume'] as const).map((ResourceType) => ({ ResourceType, Tags: tagList(tags) }));
    const running = new this.sdk.RunInstancesCommand({
      ClientToken: token,
      ImageId: image,
      InstanceType: instanceType as _InstanceType,
      KeyName: keyPair,
      MinCount: 1,
      MaxCount: 1,
      UserData: Buffer.from(userData).toString('base64'),
      ...(subnetId !== undefined && { SubnetId: subnetId }),
      ...(securityGroupIds.length > 0 && { SecurityGroupIds: [...securityGroupIds] }),
      // Whoever shuts it down from inside is done with it.
      InstanceInitiatedShutdownBehavior: 'terminate',
      // The host key stands there: it goes to nobody who does not run a program on the instance itself.
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      TagSpecifications: tagged,
    });
    const { Instances = [] } = await this.#send(running);
    const [instance] = Instances.flatMap(shown);
    if (instance) return instance;
    throw new SlipwayError('driver-failed', `EC2 in ${this.region} has run no instance, and not said why`);
  }

  /** All that bear a mark, also those that are over: EC2 shows them for about an hour. Those that were just begun may be missing. */
  async marked(mark: string): Promise<CloudInstance[]> {
    const found: CloudInstance[] = [];
    let NextToken: string | undefined;
    do {
      const Filters = [{ Name: `tag:${MARK}`, Values: [mark] }];
      const describing = new this.sdk.DescribeInstancesCommand({ Filters, ...(NextToken && { NextToken }) });
      const page = await this.#send(describing);
      found.push(...(page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances.flatMap(shown)));
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  }

  /** `undefined` where EC2 does not know it: it has long been terminated, or was just begun. */
  async instance(id: string): Promise<CloudInstance | undefined> {
    const describing = new this.sdk.DescribeInstancesCommand({ InstanceIds: [id] });
    const found = await this.#send(describing).catch((error: unknown) => {
      if (codeOf(error) === 'InvalidInstanceID.NotFound') return undefined;
      throw error;
    });
    return (found?.Reservations ?? []).flatMap(({ Instances = [] }) => Instances.flatMap(shown))[0];
  }

  /** Which of EC2's own checks an instance fails; none where that is not known yet. */
  async impairments(id: string): Promise<string[]> {
    const asking = new this.sdk.DescribeInstanceStatusCommand({ InstanceIds: [id], IncludeAllInstances: true });
    const { InstanceStatuses: [status] = [] } = await this.#send(asking);
    const checks = { system: status?.SystemStatus, instance: status?.InstanceStatus, volume: status?.AttachedEbsStatus };
    return Object.entries(checks).flatMap(([check, found]) => (found?.Status === 'impaired' ? [check] : []));
  }

  /** Begins to; those that EC2 does not know are left out. */
  async terminate(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await this.context.changing(`terminate ${id}`);
      await this.#send(new this.sdk.TerminateInstancesCommand({ InstanceIds: [id] })).catch((error: unknown) => {
        if (codeOf(error) !== 'InvalidInstanceID.NotFound') throw error;
      });
    }
  }

  readonly #send: EC2Client['send'] = (async (command: { constructor: { name: string } }) => {
    const { signal } = this.context;
    try {
      return await this.client.send(command as never, { abortSignal: signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : refusal(error, command.constructor.name.replace(/Command$/, ''), this.region);
    }
  }) as EC2Client['send'];
}

/** EC2's code of what it has refused. */
export const codeOf = (error: unknown): unknown => (error as { details?: JsonObject }).details?.['ec2'];

const tagList = (tags: Launch['tags']): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function shown(instance: Instance): CloudInstance[] {
  const { InstanceId, State, StateReason, PublicIpAddress, PrivateIpAddress, LaunchTime, Tags = [] } = instance;
  if (InstanceId === undefined) return [];
  return [
    {
      id: InstanceId,
      state: State?.Name ?? 'pending',
      reason: StateReason?.Message ?? '',
      ...(PublicIpAddress && { publicAddress: PublicIpAddress }),
      ...(PrivateIpAddress && { privateAddress: PrivateIpAddress }),
      launchedAt: LaunchTime?.getTime() ?? 0,
      tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    },
  ];
}
