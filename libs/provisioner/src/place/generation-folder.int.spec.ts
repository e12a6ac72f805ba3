import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { localCommand, localFilesystem, type Filesystem } from '@slipway/interfaces';
import { Fence } from './fence.js';
import { GenerationFolder, generationMarks, type Exchange } from './generation-folder.js';

const resource = { environment: 'default', kind: 'storage' as const, name: 'shop-data' };
const definition = { name: 'directory', version: '1.0.0', hash: 'a'.repeat(64) };

describe('a generation as a folder', () => {
  let root: string;
  let filesystem: Filesystem;
  const generation = (n: number, epoch = 1) => new GenerationFolder({ resource, generation: n, epoch }, { filesystem, root });
  const build = async (staging: string) => filesystem.writeFile(join(staging, 'content'), 'whole');
  const ls = () => filesystem.list(join(root, 'default.shop-data'));

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-generation-'));
    filesystem = localFilesystem();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  test('is made, found, destroyed, and then absent for ever', async () => {
    expect(await generation(1).standing()).toBe('absent');
    expect(await generation(1).make(definition, build)).toBe('made');
    expect(await generation(1).make(definition, async () => expect('called').toBe('never'))).toBe('found');
    expect(await generation(1).standing()).toBe('present');
    expect(await ls()).toEqual(['g1']);
    expect(await generation(1).destroy()).toBe('destroyed');
    expect(await generation(1).destroy()).toBe('absent');
    expect(await generation(1).standing()).toBe('destroyed');
    await expect(generation(1).make(definition, build)).rejects.toMatchObject({ code: 'generation-old' });
    expect(await ls()).toEqual(['g1']);
    expect(await generation(2).make(definition, build)).toBe('made');
  });

  test('G1: what its building leaves half done never stands under its name, and nothing is left of it', async () => {
    const broken = async () => {
      throw new Error('the disk is full');
    };
    await expect(generation(1).make(definition, broken)).rejects.toThrow('the disk is full');
    expect(await ls()).toEqual([]);
    expect(await generation(1).standing()).toBe('absent');
  });

  test('G2: an ensure that is overtaken by a destroy refuses at its end', async () => {
    const late = generation(1).make(definition, async (staging) => {
      await build(staging);
      expect(await generation(1).destroy()).toBe('absent');
    });
    await expect(late).rejects.toMatchObject({ code: 'generation-old' });
    expect(await generation(1).standing()).toBe('destroyed');
    expect(await ls()).toEqual(['g1']);
  });

  test('G2: of many at once one makes it, the others find it', async () => {
    const effects = await Promise.all(Array.from({ length: 8 }, () => generation(1).make(definition, build)));
    expect(effects.toSorted()).toEqual([...Array<string>(7).fill('found'), 'made']);
    expect(await ls()).toEqual(['g1']);
  });

  test('many ensures and destroys at once end with the tombstone and nothing else', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 4 }, () => generation(round).make(definition, build)),
        ...Array.from({ length: 3 }, () => generation(round).destroy()),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'generation-old' });
      }
      expect(await generation(round).standing()).toBe('destroyed');
    }
    expect(await ls()).toEqual(Array.from({ length: 10 }, (_, n) => `g${n + 1}`).toSorted());
  });

  test('G4: an ensure of an older generation refuses, also when the newer one comes while it works', async () => {
    await generation(3).make(definition, build);
    await expect(generation(2).make(definition, build)).rejects.toMatchObject({ code: 'generation-old', details: { newest: 3 } });
    const late = generation(4).make(definition, async () => void (await generation(5).make(definition, build)));
    await expect(late).rejects.toMatchObject({ code: 'generation-old' });
    expect(await ls()).toEqual(['g3', 'g5']);
  });

  test('G5: what carries no mark of ours, or that of another resource, is foreign and stays', async () => {
    const path = join(root, 'default.shop-data', 'g1');
    await filesystem.mkdir(path);
    await filesystem.writeFile(join(path, 'precious'), 'mine');
    const mutations = [
      () => generation(1).make(definition, build),
      () => generation(1).destroy(),
      () => generation(1).standing(),
    ];
    for (const mutation of mutations) await expect(mutation()).rejects.toMatchObject({ code: 'foreign', details: { path } });
    expect(String(await filesystem.readFile(join(path, 'precious')))).toBe('mine');

    const other = { ...resource, name: 'other' };
    await new GenerationFolder({ resource: other, generation: 1, epoch: 1 }, { filesystem, root }).make(definition, build);
    await filesystem.rename(join(root, 'default.other', 'g1'), join(root, 'default.shop-data', 'g7'));
    await expect(generation(7).destroy()).rejects.toMatchObject({ code: 'foreign' });
    await filesystem.writeFile(join(root, 'default.shop-data', 'g8'), '{"tombstone":true}');
    await expect(generation(8).make(definition, build)).rejects.toMatchObject({ code: 'foreign' });
  });

  test('G6: an earlier epoch that is not dead yet never gets its name while a later one sweeps its staging', async () => {
    /** As remove does it, piece by piece: its owner gives it its name when only the marker is gone. */
    let markerIsGone = () => {};
    let ownerHasEnded = () => {};
    const gone = new Promise<void>((resolve) => (markerIsGone = resolve));
    const ended = new Promise<void>((resolve) => (ownerHasEnded = resolve));
    const remove = async (path: string) => {
      await filesystem.remove(join(path, 'slipway.json'));
      markerIsGone();
      await ended;
      await filesystem.remove(path);
    };
    const slow = new Proxy(filesystem, {
      get: (target, name: keyof Filesystem) => (name === 'remove' ? remove : (target[name] as () => unknown).bind(target)),
    });
    let later: Promise<'made' | 'found'> | undefined;
    const earlier = generation(1, 1).make(definition, async (staging) => {
      await build(staging);
      later = new GenerationFolder({ resource, generation: 1, epoch: 2 }, { filesystem: slow, root }).make(definition, build);
      await gone;
    });
    await expect(earlier).rejects.toMatchObject({ code: 'ENOENT' });
    ownerHasEnded();
    expect(await later).toBe('made');
    expect(await generation(1, 2).standing()).toBe('present');
    expect(await ls()).toEqual(['g1']);
  });

  test('G7: what stands is changed name by name, and an older epoch that wakes up late changes nothing any more', async () => {
    const into = (words: string) => async (staging: string) => {
      await filesystem.writeFile(join(staging, 'content'), words);
      await filesystem.mkdir(join(staging, 'more'));
      await filesystem.writeFile(join(staging, 'more', words), '');
    };
    const told = async (one = generation(1)) => [
      String(await filesystem.readFile(join(one.path, 'content'))),
      ...(await filesystem.list(join(one.path, 'more'))),
    ];
    const fence = (epoch: number) => new Fence(generation(1).path, epoch, localCommand());
    const put = async (exchange: Exchange) => {
      await exchange.put('content');
      await exchange.put('more');
    };
    await expect(generation(1).renew(fence(1), into('first'), put)).rejects.toMatchObject({ code: 'not-found' });
    await generation(1).make(definition, async (staging) => {
      await into('before')(staging);
      await filesystem.writeFile(join(staging, 'healthy'), '');
    });
    const late = generation(1, 2).renew(fence(2), into('late'), async ({ put: putLate, take }) => {
      await generation(1, 3).renew(fence(3), into('newer'), put);
      await take('healthy');
      await expect(putLate('more')).rejects.toMatchObject({ code: 'ENOENT' });
      await putLate('content');
    });
    await expect(late).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(generation(1, 2).renew(fence(2), into('late'), put)).rejects.toMatchObject({ code: 'generation-old' });
    expect(await told()).toEqual(['newer', 'newer']);
    expect(await filesystem.stat(join(generation(1).path, 'healthy'))).not.toBeNull();
    await generation(1, 4).renew(fence(4), into('last'), async ({ put: putLast, take }) => {
      await take('healthy');
      await putLast('content', 'other');
    });
    expect(await filesystem.stat(join(generation(1).path, 'healthy'))).toBeNull();
    expect([String(await filesystem.readFile(join(generation(1).path, 'other'))), ...(await told())]).toEqual([
      ...['last', 'newer', 'newer'],
    ]);
    expect(await ls()).toEqual(['g1']);
  });

  test('what a crash left beside is partial, swept by a later epoch and by a destroy', async () => {
    const folder = join(root, 'default.shop-data');
    await generation(1, 1)
      .make(definition, async (staging) => {
        // As kill -9 would leave it: a staging folder that nobody removes.
        await filesystem.rename(staging, join(folder, '.g1.e1.cafe.staging'));
        throw new Error('killed');
      })
      .catch(() => {});
    expect(await generation(1).standing()).toBe('partial');
    expect(await generation(1, 2).make(definition, build)).toBe('made');
    expect(await ls()).toEqual(['g1']);
    await filesystem.rename(join(folder, 'g1'), join(folder, '.g1.cafe.trash'));
    expect(await generation(1, 2).destroy()).toBe('destroyed');
    expect(await ls()).toEqual(['g1']);
  });

  test('marks are told of all that is ours and not given back', async () => {
    await generation(1).make(definition, build);
    await generation(1).destroy();
    await generation(2).make(definition, build);
    await filesystem.mkdir(join(root, 'default.elsewhere', 'g1'));
    expect(await generationMarks({ filesystem, root })).toEqual([
      { resource, generation: 2, where: join(root, 'default.shop-data', 'g2') },
    ]);
  });
});
