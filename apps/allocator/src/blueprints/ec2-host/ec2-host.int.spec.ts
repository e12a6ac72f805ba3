import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ed25519Key, type Command } from '@slipway/interfaces';
import { startSshMachine, whyNoSshMachine } from '@slipway/interfaces/testing';
import type { SecretRef } from '@slipway/secrets';
import type { Blueprint, MadeResource } from '../../blueprint/blueprint.js';
import { BlueprintPlace } from '../../blueprint/testing/index.js';
import { readKeys } from './keys.js';
import { cloudHost } from './testing/cloud-host.js';
import { TestCloud } from './testing/test-cloud.js';

/** In ms: a loaded machine may take its time. */
const LONG = 120_000;

const missing = whyNoSshMachine();

(missing === undefined ? describe : describe.skip)(
  `an instance of EC2${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-ec2-'));
    let cloud: TestCloud;
    let place: BlueprintPlace;
    let lines: string[];
    const made: { blueprint: Blueprint; resource: MadeResource }[] = [];
    beforeAll(async () => {
      cloud = await TestCloud.start();
    });
    beforeEach(async () => {
      place = await BlueprintPlace.make();
      lines = [];
    });
    afterEach(async () => {
      cloud.faults.length = 0;
      Object.assign(cloud, { unseenFor: 1, pendingFor: 1, failsFor: undefined });
      for (const { blueprint, resource } of made.splice(0)) await blueprint.destroy!(resource, await contextOf(blueprint));
      await place.remove();
    }, LONG);
    afterAll(async () => {
      await cloud.stop();
      rmSync(folder, { recursive: true, force: true });
    }, LONG);

    const host = (options: JsonObject = {}) => cloudHost(cloud, folder, options);
    const contextOf = async (blueprint: Blueprint, signal?: AbortSignal) => ({
      ...(await place.context(blueprint, signal && { signal })),
      log: (line: string) => void lines.push(line),
    });
    const wanted = (blueprint: Blueprint, attributes: JsonObject = {}): MadeResource => {
      const resource = place.resource(blueprint, attributes);
      made.push({ blueprint, resource });
      return resource;
    };
    const allocate = async (blueprint: Blueprint, resource = wanted(blueprint)): Promise<MadeResource> => {
      const { outputs } = await blueprint.allocate!(resource, await contextOf(blueprint));
      return { ...resource, outputs };
    };
    const destroy = async (blueprint: Blueprint, resource: MadeResource) =>
      blueprint.destroy!(resource, await contextOf(blueprint));
    const manage = async (blueprint: Blueprint, resource: MadeResource) =>
      blueprint.manage!(resource, await contextOf(blueprint));
    const standing = ({ id }: MadeResource) => cloud.of(id).filter(({ state }) => state !== 'terminated');
    const keyPairsOf = ({ id }: MadeResource) =>
      [...cloud.keyPairs.values()].filter(({ tags }) => tags['slipway:resource'] === id);
    /** Its allocator stops when it has heard of its instance. */
    const begunOnly = async (blueprint: Blueprint, resource: MadeResource) => {
      const stopped = new AbortController();
      const context = await contextOf(blueprint, stopped.signal);
      const log = (line: string) => void (line.startsWith('Began instance') && stopped.abort(new Error('it stops')));
      await expect(blueprint.allocate!(resource, { ...context, log })).rejects.toThrow('it stops');
      expect(cloud.of(resource.id)).toHaveLength(1);
    };

    test(
      'is as it was asked for, bears the marks of its resource, and is reached at its private address where that is wanted',
      async () => {
        const blueprint = host({ addresses: 'private', tags: { team: 'shop' } });
        const resource = await allocate(blueprint, wanted(blueprint, { image: 'ami-other', instanceType: 't3.large' }));
        const [instance] = standing(resource);
        expect(instance!.launch).toMatchObject({ image: 'ami-other', instanceType: 't3.large' });
        expect(instance!.launch.tags).toMatchObject({ team: 'shop', 'slipway:resource': resource.id });
        expect(resource.outputs).toMatchObject({ instanceId: instance!.id, address: instance!.launch.addresses.private });
        expect(blueprint.attributes).toEqual({
          image: { default: 'ami-debian', oneOf: ['ami-debian', 'ami-other'] },
          instanceType: { default: 't3.small', oneOf: ['t3.small', 't3.large'] },
        });
      },
      LONG,
    );

    test(
      'is waited for, line by line: until EC2 shows it, until it runs, until it answers',
      async () => {
        Object.assign(cloud, { unseenFor: 4, pendingFor: 2 });
        const blueprint = host();
        const { outputs } = await allocate(blueprint);
        const id = String(outputs['instanceId']);
        expect(lines[0]).toBe(`Began instance ${id}, t3.small of ami-debian`);
        expect(lines[1]).toBe(`Waiting for instance ${id}: it is pending`);
        expect(lines.at(-1)).toBe(`Instance ${id} answers at ${String(outputs['address'])}`);
      },
      LONG,
    );

    test(
      'is believed by the key that it was given, from the first contact on, and by no other',
      async () => {
        const blueprint = host();
        const resource = await allocate(blueprint);
        const { host: own } = await readKeys(resource, (await contextOf(blueprint)).secrets);
        const [instance] = standing(resource);
        const { addresses, port, publicKey } = instance!.launch;
        await instance!.ended();
        const other = ed25519Key(Buffer.alloc(32, 'another one'), 'other');
        const impostor = await startSshMachine({
          ...{ addresses: [addresses.public], port, hostKey: other.privateKey },
          authorizedKeys: [publicKey],
        });
        try {
          const found = await manage(blueprint, resource);
          expect(found).toEqual({
            state: 'broken',
            reason: expect.stringContaining(`another key than before: ${other.hostKey}`),
          });
          expect(found).toEqual({ state: 'broken', reason: expect.stringContaining(own.hostKey) });
        } finally {
          await impostor.stop();
        }
      },
      LONG,
    );

    test(
      'keeps its secrets: none is in what is told, said or left, and they go with it',
      async () => {
        const blueprint = host();
        const context = await contextOf(blueprint);
        const { secrets } = context;
        cloud.faults.push({ action: 'RunInstances', code: 'UnauthorizedOperation', status: 403, message: NOT_ALLOWED });
        const resource = wanted(blueprint);
        const refused = (await allocate(blueprint, resource).catch((error: unknown) => error)) as Error;
        const stands = await allocate(blueprint, resource);
        const { login, host: own } = await readKeys(resource, secrets);
        const seeds = ['login', 'host'].map((half) => secrets.read(`secret://leased/${resource.id}/${half}#1` as SecretRef));
        const keys = [login, own].map(({ privateKey }) => privateKey.split('\n')[3]!);
        const told = JSON.stringify([lines, stands, refused.message, cloud.of(resource.id).map(({ launch }) => launch.tags)]);
        for (const secret of [cloud.secretAccessKey, ...(await Promise.all(seeds)), ...keys]) expect(told).not.toContain(secret);
        await destroy(blueprint, stands);
        await expect(readKeys(resource, secrets)).rejects.toMatchObject({ code: 'secret-missing' });
        await expect(blueprint.interface('command', place.lease(), stands, context)).rejects.toMatchObject({
          code: 'secret-missing',
        });
      },
      LONG,
    );

    test(
      'is begun once, also where the connection ends before EC2 could say so, and where it is asked too often',
      async () => {
        cloud.faults.push({ action: 'RunInstances', cut: true });
        cloud.faults.push({ action: 'ImportKeyPair', code: 'RequestLimitExceeded', status: 503 });
        cloud.faults.push({ action: 'DescribeInstances', code: 'RequestLimitExceeded', status: 503, times: 2 });
        const from = cloud.asked.length;
        const blueprint = host();
        const resource = await allocate(blueprint);
        expect(cloud.of(resource.id)).toHaveLength(1);
        expect(cloud.asked.slice(from).filter((action) => action === 'RunInstances')).toHaveLength(2);
        expect(cloud.faults).toEqual([]);
      },
      LONG,
    );

    test(
      'that ends before it can be used is told with its reason, and the next try begins another one',
      async () => {
        cloud.failsFor = 'Client.VolumeLimitExceeded: Volume limit exceeded';
        const blueprint = host();
        const resource = wanted(blueprint);
        await expect(allocate(blueprint, resource)).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringContaining('ended before it could be used: Client.VolumeLimitExceeded: Volume limit exceeded'),
        });
        cloud.failsFor = undefined;
        const [one, other] = await Promise.all([allocate(blueprint, resource), allocate(blueprint, resource)]);
        expect(one.outputs).toEqual(other.outputs);
        expect(cloud.of(resource.id).map(({ state }) => state)).toEqual(['terminated', 'running']);
      },
      LONG,
    );

    test(
      'that was begun under other options is the one that there is, though EC2 does not show it yet',
      async () => {
        cloud.unseenFor = 5;
        const before = host();
        const resource = wanted(before);
        await begunOnly(before, resource);
        const after = host({ instanceTypes: ['t3.large', 't3.small'], settleSeconds: 300 });
        const { outputs } = await allocate(after, resource);
        expect(cloud.of(resource.id).map(({ id, launch }) => [id, launch.instanceType])).toEqual([
          [outputs['instanceId'], 't3.small'],
        ]);
      },
      LONG,
    );

    test(
      'whose key pair is not known everywhere yet is asked for again',
      async () => {
        cloud.faults.push({ action: 'RunInstances', code: 'InvalidKeyPair.NotFound' });
        const blueprint = host();
        expect(standing(await allocate(blueprint))).toHaveLength(1);
      },
      LONG,
    );

    test(
      'that EC2 does not show yet is ended too: whoever gives it back waits until it is seen',
      async () => {
        cloud.unseenFor = 5;
        const blueprint = host({ settleSeconds: 300 });
        const resource = wanted(blueprint);
        await begunOnly(blueprint, resource);
        await destroy(blueprint, resource);
        expect(standing(resource)).toEqual([]);
        expect(keyPairsOf(resource)).toEqual([]);
      },
      LONG,
    );

    test.each(['ImportKeyPair', 'RunInstances'])(
      'that is asked for by a call that arrives after it was given back is refused by EC2 itself, and leaves nothing: %s',
      async (action) => {
        let arrived!: () => void;
        let goOn!: () => void;
        const [there, on] = [
          new Promise<void>((resolve) => (arrived = resolve)),
          new Promise<void>((resolve) => (goOn = resolve)),
        ];
        cloud.faults.push({ action, when: () => (arrived(), on) });
        const blueprint = host();
        const resource = wanted(blueprint);
        const late = allocate(blueprint, resource);
        late.catch(() => {});
        await there;
        await destroy(blueprint, resource);
        goOn();
        await expect(late).rejects.toMatchObject({ code: 'generation-old' });
        expect(cloud.of(resource.id)).toEqual([]);
        expect(keyPairsOf(resource)).toEqual([]);
      },
      LONG,
    );

    test(
      'of the same name in another mesh is not touched',
      async () => {
        const blueprint = host();
        const ours = await allocate(blueprint);
        const elsewhere = await BlueprintPlace.make();
        try {
          const context = await elsewhere.context(blueprint);
          const theirs = { ...ours, outputs: (await host().allocate!({ ...ours, outputs: {} }, context)).outputs };
          expect(standing(ours)).toHaveLength(2);
          await host().destroy!({ ...ours, outputs: {} }, context);
          expect(standing(ours).map(({ id }) => id)).toEqual([ours.outputs['instanceId']]);
          expect(theirs.outputs['instanceId']).not.toBe(ours.outputs['instanceId']);
          await expect(host().destroy!(ours, context)).rejects.toMatchObject({ code: 'foreign' });
          expect(await manage(blueprint, ours)).toEqual({ state: 'well' });
        } finally {
          await elsewhere.remove();
        }
      },
      LONG,
    );

    test(
      'is reached by several at once after a start, none of whom takes the way from another',
      async () => {
        const resource = await allocate(host());
        const again = host();
        const context = await contextOf(again);
        const lease = place.lease();
        await host().prepare!(lease, resource, context);
        const asked = Array.from({ length: 6 }, async (_, number) => {
          const command = (await again.interface('command', lease, resource, context)) as Command;
          return (await command.execOrThrow(['echo', String(number)])).stdout.trim();
        });
        expect(await Promise.all(asked)).toEqual(['0', '1', '2', '3', '4', '5']);
      },
      LONG,
    );

    test(
      'that has long been gone is broken, and given back with all that was leased on it',
      async () => {
        const blueprint = host();
        const resource = await allocate(blueprint);
        const lease = place.lease();
        await blueprint.prepare!(lease, resource, await contextOf(blueprint));
        const command = (await blueprint.interface('command', lease, resource, await contextOf(blueprint))) as Command;
        expect((await command.execOrThrow(['echo', 'there'])).stdout).toBe('there\n');
        const [instance] = standing(resource);
        instance!.terminate();
        await instance!.ended();
        cloud.instances.splice(cloud.instances.indexOf(instance!), 1);
        expect(await manage(blueprint, resource)).toEqual({ state: 'broken', reason: `instance ${instance!.id} is gone` });
        await blueprint.takeBack!(lease, resource, await contextOf(blueprint));
        await destroy(blueprint, resource);
        await destroy(blueprint, resource);
      },
      LONG,
    );

    test(
      'that only stands still keeps what was leased on it, until it is known what has become of that',
      async () => {
        const blueprint = host();
        const resource = await allocate(blueprint);
        const lease = place.lease();
        await blueprint.prepare!(lease, resource, await contextOf(blueprint));
        const [instance] = standing(resource);
        instance!.stop();
        await instance!.ended();
        await expect(blueprint.takeBack!(lease, resource, await contextOf(blueprint))).rejects.toMatchObject({
          code: 'driver-failed',
        });
      },
      LONG,
    );

    test(
      'that does not answer in time is told with what may be the reason, and is there for the next try',
      async () => {
        const deaf = host({ port: 1, startSeconds: 1 });
        const resource = wanted(deaf);
        await expect(allocate(deaf, resource)).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(
            /could not be used within 1 s: 127\..*does not answer by SSH.*Look whether its security groups/,
          ),
        });
        const { outputs } = await allocate(host(), resource);
        expect(cloud.of(resource.id).map(({ id }) => id)).toEqual([outputs['instanceId']]);
      },
      LONG,
    );

    const NOT_ALLOWED =
      'You are not authorized to perform this operation. Encoded authorization failure message: c2VjcmV0LXBvbGljaWVz';
    test.each([
      ['InsufficientInstanceCapacity', 500, 'lease-unavailable', 'no room for such an instance'],
      ['InstanceLimitExceeded', 400, 'lease-unavailable', 'as much of it as it may'],
      ['VcpuLimitExceeded', 400, 'lease-unavailable', 'have its quota raised'],
      ['UnauthorizedOperation', 403, 'forbidden', 'You are not authorized to perform this operation)'],
      ['AuthFailure', 401, 'forbidden', 'look at accessKeyId and secretKeyFile'],
      ['InvalidSubnetID.NotFound', 400, 'config-invalid', 'options or attributes name'],
      ['RequestLimitExceeded', 503, 'too-busy', 'asked too often'],
      ['InternalError', 500, 'driver-failed', 'refuses RunInstances (InternalError'],
    ])(
      'that is refused is told by what that means: %s',
      async (code, status, ours, told) => {
        cloud.faults.push({ action: 'RunInstances', code, status, message: NOT_ALLOWED, times: 5 });
        const blueprint = host();
        const resource = wanted(blueprint);
        const refused = await allocate(blueprint, resource).catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: ours, message: expect.stringContaining(told), details: { ec2: code } });
        expect((refused as Error).message).toContain('EC2 in eu-test-1 refuses RunInstances');
        expect((refused as Error).message).not.toContain('c2VjcmV0LXBvbGljaWVz');
        expect(cloud.of(resource.id)).toEqual([]);
      },
      LONG,
    );

    test(
      'is asked for by the key of the configuration: another one is refused, and one that is not there is told',
      async () => {
        const unknown = host({ accessKeyId: 'AKIASOMEBODYELSE' });
        const none = host({ secretKeyFile: join(folder, 'no-such') });
        await expect(allocate(unknown, place.resource(unknown, {}))).rejects.toMatchObject({ code: 'forbidden' });
        await expect(allocate(none, place.resource(none, {}))).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringContaining('no-such'),
        });
      },
      LONG,
    );
  },
);

test.each([
  ['an endpoint that others can listen to', { endpoint: 'http://cloud.example' }, /options\.endpoint must match pattern/],
  [
    'a secret in the configuration',
    { secretAccessKey: 'secret' },
    /options\.secretAccessKey must NOT have additional properties/,
  ],
  ['no image', { images: [] }, /options\.images must NOT have fewer than 1 items/],
])('options of EC2 are held against what makes sense: %s', (_what, options, refused) => {
  const settings = { region: 'eu-test-1', endpoint: 'https://cloud.example', accessKeyId: 'key', secretAccessKey: 'x' };
  const said = { ...settings, images: ['ami-1'], instanceTypes: ['t3.small'], sshPort: 22 };
  const folder = mkdtempSync(join(tmpdir(), 'slipway-ec2-'));
  try {
    expect(() => cloudHost(said as unknown as TestCloud, folder, options)).toThrow(refused);
    cloudHost(said as unknown as TestCloud, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
