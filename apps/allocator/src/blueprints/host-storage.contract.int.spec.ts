import { PassThrough, Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Command, Filesystem } from '@slipway/interfaces';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace, blueprintContract } from '../blueprint/testing/index.js';
import { hostStorage } from './host-storage.js';
import { nothingOf, onLocalHost, pathOf } from './testing/on-local-host.js';

const make = () => makeBlueprint(hostStorage, { name: 'HostStorage', location: 'local', options: {} });

blueprintContract('HostStorage', make, {
  attributes: { sizeMiB: 1 },
  needs: onLocalHost,
  gone: nothingOf,
  async use({ interface: get }) {
    const filesystem = await get<Filesystem>('filesystem');
    expect(await filesystem.list('.')).toEqual([]);
    await filesystem.writeFile('file', 'content');
    return () => filesystem.writeFile('again', 'content');
  },
  points: 1,
});

test('holds what it has the size for, by one write or by many, and is made where there is room', async () => {
  const place = await BlueprintPlace.make();
  try {
    const needs = await onLocalHost(place);
    const filesystem = await (await place.hold(make(), { sizeMiB: 1 }, needs)).interface<Filesystem>('filesystem');
    await filesystem.writeFile('half', Buffer.alloc(600 * 1024));
    for (const content of [Buffer.alloc(600 * 1024), Readable.from([Buffer.alloc(300 * 1024), Buffer.alloc(300 * 1024)])])
      await expect(filesystem.writeFile('other', content)).rejects.toMatchObject({ code: 'no-space' });
    expect(await filesystem.list('.')).toEqual(['half']);
    await filesystem.remove('half');
    await filesystem.writeFile('other', Buffer.alloc(600 * 1024));
    const huge = place.resource(make(), { sizeMiB: 1_000_000_000_000 }, needs);
    await expect(make().allocate!(huge, await place.context(make()))).rejects.toMatchObject({ code: 'no-space' });
  } finally {
    await place.remove();
  }
}, 60_000);

test('writes at once hold no more than one after the other, and where nothing can be told nothing is written', async () => {
  const place = await BlueprintPlace.make();
  try {
    const needs = await onLocalHost(place);
    const blueprint = make();
    const context = await place.context(blueprint);
    const resource = place.resource(blueprint, { sizeMiB: 1 }, needs);
    await blueprint.allocate!(resource, context);
    const lease = place.lease();
    await blueprint.prepare!(lease, resource, context);
    // Each call of a holder has an interface of its own.
    const filesystem = async () => (await blueprint.interface('filesystem', lease, resource, context)) as Filesystem;
    const [one, other] = [await filesystem(), await filesystem()];
    const late = new PassThrough();
    const slow = one.writeFile('one', late);
    const quick = other.writeFile('other', Buffer.alloc(600 * 1024));
    const refused = expect(quick).rejects.toMatchObject({ code: 'no-space' });
    late.end(Buffer.alloc(600 * 1024));
    await slow;
    await refused;
    expect(await one.list('.')).toEqual(['one']);
    await expect(one.readFile(pathOf(resource, 'g1', 'slipway.json'))).rejects.toMatchObject({ code: 'bad-input' });
    await expect(one.writeFile('/tmp/elsewhere', 'x')).rejects.toMatchObject({ code: 'bad-input' });

    const host = needs['host']!;
    const silent: Partial<Command> = { exec: async () => ({ exitCode: 127, stdout: '', stderr: 'du: not found' }) };
    const withoutDu = {
      ...host,
      interface: async <Kind extends object>(name: string) => {
        const whole = await host.interface<Kind>(name);
        return name === 'command' ? { ...whole, ...silent } : whole;
      },
    };
    const unknown = (await blueprint.interface(
      'filesystem',
      lease,
      { ...resource, needs: { host: withoutDu } },
      context,
    )) as Filesystem;
    await expect(unknown.writeFile('small', 'x')).rejects.toMatchObject({ code: 'driver-failed', message: /du: not found/ });
    expect(await one.list('.')).toEqual(['one']);
  } finally {
    await place.remove();
  }
}, 60_000);
