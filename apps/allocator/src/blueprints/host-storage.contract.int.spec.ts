import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Filesystem } from '@slipway/interfaces';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace, blueprintContract } from '../blueprint/testing/index.js';
import { hostStorage } from './host-storage.js';
import { nothingOf, onLocalHost } from './testing/on-local-host.js';

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
