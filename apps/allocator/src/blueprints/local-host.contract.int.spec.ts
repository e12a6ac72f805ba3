import { access, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { localCommand, type Command, type Filesystem } from '@slipway/interfaces';
import type { MadeResource } from '../blueprint/blueprint.js';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace, blueprintContract, type Holding } from '../blueprint/testing/index.js';
import { nothingBelow } from './testing/on-local-host.js';
import { alive, programsOf } from './testing/programs.js';
import { standOnHost, startAsOther, whyNoOthers } from './testing/stand-on-host.js';
import { useHost } from './testing/use-host.js';
import { localHost } from './local-host.js';

/** In ms: a loaded machine may take its time. */
const LONG = 60_000;

const settings = { name: 'LocalHost', location: 'local', options: { limits: { processes: 4_000, fileBytes: 1_000_000 } } };
const make = () => makeBlueprint(localHost, settings);
const folderOf = ({ id }: MadeResource, place: BlueprintPlace) => join(place.folder, 'LocalHost', id);

/** The same, and a program that bears no variable of its lease. */
async function use(holding: Holding): Promise<() => Promise<unknown>> {
  const useAgain = await useHost(holding);
  const command = await holding.interface<Command>('command');
  await command.execOrThrow(['sh', '-c', 'env -i /bin/sh -c "sleep 300 >/dev/null 2>&1 &"']);
  return useAgain;
}

blueprintContract('LocalHost', make, {
  works: ({ outputs }) => access(String(outputs['folder'])),
  gone: (resource, place) => nothingBelow(folderOf(resource, place)),
  use,
  standOn: standOnHost,
  others: { ...(whyNoOthers !== undefined && { missing: whyNoOthers }), start: startAsOther },
  async takenBack({ lease, resource, place }) {
    expect(await programsOf(folderOf(resource, place))).toEqual([]);
    const standing = join(folderOf(resource, place), 'leases', lease.id, `g${lease.token}`, 'data');
    await expect(access(standing)).rejects.toThrow();
  },
  foreign: {
    async put(resource, place) {
      await mkdir(join(folderOf(resource, place), 'g1'), { recursive: true });
      await writeFile(join(folderOf(resource, place), 'g1', 'theirs'), 'theirs');
    },
    stands: async (resource, place) =>
      expect(await readFile(join(folderOf(resource, place), 'g1', 'theirs'), 'utf8')).toBe('theirs'),
  },
  breaks: [
    {
      what: 'its folder was removed',
      by: async ({ outputs }) => void (await localCommand().execOrThrow(['rm', '-r', String(outputs['folder'])])),
      reason: /its folder .* is gone/,
    },
  ],
});

async function onHost(work: (holding: Omit<Holding, 'gives'>) => Promise<void>, blueprint = make()): Promise<void> {
  const place = await BlueprintPlace.make();
  try {
    const held = await place.hold(blueprint);
    await work({ ...held, lease: place.lease(), resource: { ...held.resource, needs: {} }, place });
  } finally {
    await place.remove();
  }
}

test(
  'a program has the limits of its host, and no file is reached outside of the lease’s own',
  () =>
    onHost(async (holding) => {
      const command = await holding.interface<Command>('command');
      const filesystem = await holding.interface<Filesystem>('filesystem');
      const limits = await command.execOrThrow(['sh', '-c', 'ulimit -f; pwd; echo $HOME']);
      const [blocks, folder, home] = limits.stdout.trim().split('\n');
      // sh counts blocks of 512 bytes.
      expect(Number(blocks)).toBe(Math.floor(1_000_000 / 512));
      expect(home).toBe(folder);
      await expect(filesystem.readFile('/etc/hostname')).rejects.toMatchObject({ code: 'bad-input' });
      await expect(filesystem.readFile('../../../secrets.key')).rejects.toMatchObject({ code: 'bad-input' });
      await command.execOrThrow(['ln', '-s', '/etc', 'out']);
      await expect(filesystem.readFile('out/hostname')).rejects.toMatchObject({ code: 'bad-input' });
    }),
  LONG,
);

test(
  'no file of another lease on the same host is reached, by a path that is absolute either',
  () =>
    onHost(async ({ resource, place, interface: get }) => {
      const blueprint = make();
      const context = await place.context(blueprint);
      const lease = place.lease();
      await blueprint.prepare!(lease, resource, context);
      const other = (await blueprint.interface('filesystem', lease, resource, context)) as Filesystem;
      await other.writeFile('theirs', 'theirs');
      const folder = join(folderOf(resource, place), 'leases', lease.id, `g${lease.token}`, 'data');
      expect(String(await other.readFile(join(folder, 'theirs')))).toBe('theirs');
      const mine = await get<Filesystem>('filesystem');
      await mine.mkdir('here');
      const own = (await (await get<Command>('command')).execOrThrow(['pwd'])).stdout.trim();
      for (const path of [join(folder, 'theirs'), `${own}/here/../../../../${lease.id}/g${lease.token}/data/theirs`]) {
        await expect(mine.readFile(path)).rejects.toMatchObject({ code: 'bad-input', message: /leads out of the folder/ });
        await expect(mine.writeFile(path, 'ours')).rejects.toMatchObject({ code: 'bad-input' });
      }
      expect(String(await other.readFile('theirs'))).toBe('theirs');
    }),
  LONG,
);

test(
  'one that has had many leases goes by as few programs as one that has had none, and with the programs of all of them',
  async () => {
    const place = await BlueprintPlace.make();
    try {
      const blueprint = make();
      const programsToDestroy = async (leases: number) => {
        const context = await place.context(blueprint);
        const resource = place.resource(blueprint, {});
        await blueprint.allocate!(resource, context);
        for (let count = leases; count > 0; count -= 1) {
          const lease = place.lease();
          await blueprint.prepare!(lease, resource, context);
          const command = (await blueprint.interface('command', lease, resource, context)) as Command;
          // Each that is not taken back leaves a program that is elsewhere.
          if (count > 2) await blueprint.takeBack!(lease, resource, context);
          else await command.execOrThrow(['setsid', 'sh', '-c', 'cd /; sleep 300 >/dev/null 2>&1 &']);
        }
        // What is just being started shows neither its variable nor its folder.
        while ((await programsOf(folderOf(resource, place))).length !== Math.min(leases, 2)) await setTimeout(20);
        let programs = 0;
        const { exec } = context.command;
        const command: Command = {
          ...context.command,
          exec: (line, options) => {
            programs += 1;
            return exec(line, options);
          },
        };
        await blueprint.destroy!(resource, { ...context, command });
        expect(await programsOf(folderOf(resource, place))).toEqual([]);
        return programs;
      };
      expect(await programsToDestroy(6)).toBe(await programsToDestroy(0));
    } finally {
      await place.remove();
    }
  },
  LONG,
);

test(
  'a program ends with its lease',
  async () => {
    const place = await BlueprintPlace.make();
    try {
      const blueprint = make();
      const ended = new AbortController();
      const context = await place.context(blueprint, { signal: ended.signal });
      const resource = place.resource(blueprint, {});
      await blueprint.allocate!(resource, context);
      const lease = place.lease();
      await blueprint.prepare!(lease, resource, context);
      const command = (await blueprint.interface('command', lease, resource, context)) as Command;
      const log: string[] = [];
      const running = command.exec(['sh', '-c', 'echo $$; exec sleep 300'], {
        onLine: (line) => {
          log.push(line);
          ended.abort();
        },
      });
      await expect(running).rejects.toMatchObject({ code: 'step-cancelled' });
      expect(await alive(Number(log[0]))).toBe(false);
    } finally {
      await place.remove();
    }
  },
  LONG,
);

test(
  'it is remembered for a month which leases were given back, and not for ever',
  async () => {
    const place = await BlueprintPlace.make();
    try {
      const blueprint = make();
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      await blueprint.allocate!(resource, context);
      const tombstones: string[] = [];
      for (const [token, days] of [
        [1, 31],
        [2, 29],
        [100, 0],
      ] as const) {
        const lease = { ...place.lease(), token };
        await blueprint.prepare!(lease, resource, context);
        await blueprint.takeBack!(lease, resource, context);
        const tombstone = join(folderOf(resource, place), 'leases', lease.id, `g${token}`);
        tombstones.push(tombstone);
        const at = new Date(Date.now() - days * 86_400_000 - 60_000);
        await utimes(tombstone, at, at);
      }
      const again = { ...place.lease(), token: 200 };
      await blueprint.prepare!(again, resource, context);
      await blueprint.takeBack!(again, resource, context);
      const stand = tombstones.map((path) =>
        access(path).then(
          () => true,
          () => false,
        ),
      );
      expect(await Promise.all(stand)).toEqual([false, true, true]);
    } finally {
      await place.remove();
    }
  },
  LONG,
);

test('an option that is wrong is named, with those that there are', () => {
  expect(() => makeBlueprint(localHost, { ...settings, options: { limits: { memory: 1 } } })).toThrow(/options\.limits\.memory/);
  expect(() => makeBlueprint(localHost, { ...settings, options: { user: 'x' } })).toThrow(/options\.user .*there are limits/);
});
