import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from '@slipway/interfaces';
import {
  importNodeImage,
  importToolsImage,
  serveImage,
  startDockerEngine,
  whyNoDockerEngine,
  type TestEngine,
} from '@slipway/interfaces/testing';
import type { MadeResource } from '../../blueprint/blueprint.js';
import { makeBlueprint } from '../../blueprint/load.js';
import { BlueprintPlace, blueprintContract } from '../../blueprint/testing/index.js';
import { nothingBelow } from '../testing/on-local-host.js';
import { standOnHost, startAsOther, whyNoOthers } from '../testing/stand-on-host.js';
import { useHost } from '../testing/use-host.js';
import { dockerHost } from './docker-host.js';

const missing = whyNoDockerEngine();
let engine: TestEngine;
let image: string;
beforeAll(async () => {
  if (missing !== undefined) return;
  engine = await startDockerEngine();
  image = importToolsImage(engine.host);
}, 120_000);
afterAll(() => engine?.stop(), 60_000);

/** Its engine is known when the suite runs. */
const make = (options: object = {}, name = 'DockerHost') =>
  makeBlueprint(dockerHost, {
    name,
    location: 'local',
    options: { engine: engine.host, images: [image], network: 'none', ...options },
  });

/** Names of what the engine has of a resource. */
const containersOf = ({ id }: Pick<MadeResource, 'id'>): string[] =>
  engine.docker('ps', '--all', '--filter', `label=slipway.resource=${id}`, '--format', '{{.Names}}').split('\n').filter(Boolean);
const containerOf = ({ outputs }: MadeResource): string => String(outputs['container']);

/** Command lines of what runs in it, but for what keeps it. */
const programsIn = (resource: MadeResource): string[] =>
  engine
    .docker('top', containerOf(resource), '-o', 'pid,args')
    .split('\n')
    .slice(1)
    .filter((line) => !/sleep 86400|while IFS= read/.test(line));

blueprintContract('DockerHost', make, {
  ...(missing !== undefined && { missing }),
  works: async (resource) => {
    expect(containersOf(resource)).toEqual([containerOf(resource)]);
    engine.docker('exec', containerOf(resource), 'true');
  },
  gone: async (resource, place) => {
    expect(containersOf(resource)).toEqual([]);
    await nothingBelow(join(place.folder, 'DockerHost', resource.id));
  },
  use: useHost,
  standOn: standOnHost,
  others: { ...(whyNoOthers !== undefined && { missing: whyNoOthers }), start: startAsOther },
  takenBack: async ({ resource, lease }) => {
    if (containersOf(resource).length === 0) return;
    expect(programsIn(resource)).toEqual([]);
    expect(engine.docker('exec', containerOf(resource), 'find', '/slipway', '-name', 'kept')).toBe('');
    expect(engine.docker('exec', containerOf(resource), 'find', '/slipway', '-path', `*/${lease.id}/g*`, '-type', 'd')).toBe('');
  },
  foreign: {
    put: async (resource, place) => {
      // The name is known before: what tells this place from others stands in its folder.
      const made = await place.hold(make());
      const name = String(made.resource.outputs['container']).replace(made.resource.id, resource.id);
      engine.docker('create', '--network', 'none', '--name', name, image, 'true');
    },
    stands: async (resource) => {
      const named = ['ps', '--all', '--filter', `name=${resource.id}`, '--format', '{{.Names}}'];
      const [name] = engine.docker(...named).split('\n');
      expect(name).toContain(resource.id);
      engine.docker('rm', name!);
    },
  },
  breaks: [
    {
      what: 'its container was removed',
      by: async (resource) => void engine.docker('rm', '--force', containerOf(resource)),
      reason: /^its container slipway-\S+ is gone$/,
    },
    {
      what: 'its container was stopped',
      by: async (resource) => void engine.docker('kill', containerOf(resource)),
      reason: /^its container slipway-\S+ does not run: exited with exit code 137 since /,
    },
    {
      what: 'its container was paused',
      by: async (resource) => void engine.docker('pause', containerOf(resource)),
      reason: /^its container slipway-\S+ is paused$/,
    },
    {
      what: 'its folder was removed',
      by: ({ id }, place) => rm(join(place.folder, 'DockerHost', id), { recursive: true }),
      reason: /^its folder \S+ is gone$/,
    },
  ],
  points: 1,
});

(missing === undefined ? describe : describe.skip)(
  `a host that is a container${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let place: BlueprintPlace;
    beforeAll(async () => {
      place = await BlueprintPlace.make();
    });
    afterAll(() => place.remove(), 60_000);
    const inspected = (resource: MadeResource) => JSON.parse(engine.docker('inspect', containerOf(resource)))[0];

    test('has the image that is asked for, pulled where the engine has none, the limits and the network of its blueprint', async () => {
      const registry = await serveImage(engine.host, image);
      try {
        const limits = { memoryBytes: 64 * 1024 ** 2, cpus: 0.5, processes: 100 };
        const blueprint = make({ images: [image, registry.image], limits }, 'Limited');
        const held = await place.hold(blueprint, { image: registry.image });
        const resource = { ...held.resource, needs: {} };
        const { Config, HostConfig } = inspected(resource);
        expect(Config).toMatchObject({ Image: registry.image, Labels: { 'slipway.resource': resource.id } });
        expect(HostConfig).toMatchObject({
          ...{ Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes, NanoCpus: 5e8, PidsLimit: 100 },
          ...{ NetworkMode: 'none', Privileged: false, SecurityOpt: ['no-new-privileges'], RestartPolicy: { Name: 'no' } },
        });
        const command = await held.interface<Command>('command');
        expect((await command.execOrThrow(['sh', '-c', 'ls /sys/class/net'])).stdout).toBe('lo\n');
      } finally {
        registry.close();
      }
    }, 60_000);

    test('gives the address that it has in its network, and none where that has none', async () => {
      engine.docker('network', 'create', 'slipway-test-hosts');
      try {
        const given = async (network: string) => {
          const blueprint = make({ network }, 'Reached');
          const context = await place.context(blueprint);
          const resource = place.resource(blueprint, {});
          const made = { ...resource, outputs: (await blueprint.allocate!(resource, context)).outputs };
          const lease = place.lease();
          await blueprint.prepare!(lease, made, context);
          const { host } = await blueprint.gives!(lease, made, context);
          const addresses = engine.docker('exec', containerOf(made), 'cat', '/proc/net/fib_trie');
          await blueprint.destroy!(made, context);
          return { host, addresses: addresses.split(/\s+/) };
        };
        const { host, addresses } = await given('slipway-test-hosts');
        expect(addresses).toContain(host);
        expect((await given('none')).host).toBeUndefined();
      } finally {
        engine.docker('network', 'rm', 'slipway-test-hosts');
      }
    }, 60_000);

    test('whose image the engine has not and cannot pull, or that is no host, is not made, and that is said', async () => {
      const nowhere = '127.0.0.1:1/none/such:1';
      const node = importNodeImage(engine.host);
      const blueprint = make({ images: [nowhere, node] }, 'Wrong');
      const context = await place.context(blueprint);
      const made = async (wanted: string) => {
        const resource = place.resource(blueprint, { image: wanted });
        await blueprint.allocate!(resource, context).finally(() => blueprint.destroy!(resource, context));
      };
      await expect(made(nowhere)).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(
          /^The engine has no image 127\.0\.0\.1:1\/none\/such:1, and it cannot be pulled: .*refused/s,
        ),
      });
      await expect(made(node)).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/does not start: .*\/bin\/sh/s),
      });
      const less = importToolsImage(engine.host, { name: 'slipway-test/less:1', without: ['find', 'setsid'] });
      try {
        const lacking = make({ images: [less] }, 'Less');
        const resource = place.resource(lacking, {});
        await expect(lacking.allocate!(resource, context)).rejects.toMatchObject({
          code: 'driver-failed',
          message: `The image ${less} lacks what a host needs (GNU's, util-linux): find setsid`,
        });
        await lacking.destroy!(resource, context);
      } finally {
        engine.docker('image', 'rm', '--force', less);
      }
    }, 60_000);

    test('whose image runs programs as somebody is his: what is leased, his programs and his files', async () => {
      const his = importToolsImage(engine.host, { name: 'slipway-test/his:1', user: 'app' });
      try {
        const blueprint = make({ images: [his] }, 'His');
        const context = await place.context(blueprint);
        const resource = place.resource(blueprint, {});
        const made = { ...resource, outputs: (await blueprint.allocate!(resource, context)).outputs };
        const lease = place.lease();
        await blueprint.prepare!(lease, made, context);
        const command = (await blueprint.interface('command', lease, made, context)) as Command;
        const { stdout } = await command.execOrThrow([
          'sh',
          '-c',
          'id -u; touch mine; stat -c %u mine; sleep 300 >&- 2>&- & pwd',
        ]);
        expect(stdout).toMatch(/^4711\n4711\n\/slipway\//);
        await blueprint.takeBack!(lease, made, context);
        expect(programsIn(made)).toEqual([]);
        expect(await blueprint.manage!(made, context)).toEqual({ state: 'well' });
        await blueprint.destroy!(made, context);
      } finally {
        engine.docker('image', 'rm', '--force', his);
      }
    }, 60_000);

    test('a lease is taken back also when its container is gone; while that stands still it is tried again', async () => {
      const blueprint = make({}, 'Gone');
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      const made = { ...resource, outputs: (await blueprint.allocate!(resource, context)).outputs };
      const lease = place.lease();
      await blueprint.prepare!(lease, made, context);
      engine.docker('kill', containerOf(made));
      await expect(blueprint.takeBack!(lease, made, context)).rejects.toThrow(/^its container \S+ does not run: exited/);
      engine.docker('rm', containerOf(made));
      await blueprint.takeBack!(lease, made, context);
      await blueprint.destroy!(made, context);
    }, 60_000);
  },
);

const settings = (options: object) => ({
  name: 'Docker',
  location: 'local',
  options: { images: ['debian:stable-slim'], ...options },
});

test('an engine that does not answer is told from a container that is gone', async () => {
  const place = await BlueprintPlace.make();
  try {
    const blueprint = makeBlueprint(dockerHost, settings({ engine: 'tcp://127.0.0.1:1' }));
    const context = await place.context(blueprint);
    const resource = place.resource(blueprint, {});
    await expect(blueprint.allocate!(resource, context)).rejects.toMatchObject({ code: 'driver-failed' });
    expect(await blueprint.manage!(resource, context)).toEqual({
      state: 'broken',
      reason: expect.stringMatching(/^The Docker engine cannot be reached: .*127\.0\.0\.1:1/),
    });
  } finally {
    await place.remove();
  }
});

test('an option that is wrong is named; over TCP beyond this machine both have to prove who they are', () => {
  const refused = (options: object) => () => makeBlueprint(dockerHost, settings(options));
  expect(refused({ images: [] })).toThrow(/options\.images/);
  expect(refused({ images: ['--privileged'] })).toThrow(/options\.images\.0/);
  expect(refused({ image: 'debian' })).toThrow(/options\.image .*there are images, engine/);
  expect(refused({ engine: 'ssh://root@host' })).toThrow(/options\.engine/);
  expect(refused({ limits: { memory: '1g' } })).toThrow(/options\.limits\.memory/);
  expect(refused({ engine: 'tcp://docker.example:2375' })).toThrow(/options\.certificates is missing/);
  expect(refused({ engine: 'tcp://docker.example:2376', certificates: '/etc/slipway/docker' })).not.toThrow();
});
