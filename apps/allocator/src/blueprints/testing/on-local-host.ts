import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Command } from '@slipway/interfaces';
import type { HeldInterfaces, MadeResource } from '../../blueprint/blueprint.js';
import { makeBlueprint } from '../../blueprint/load.js';
import type { BlueprintPlace } from '../../blueprint/testing/index.js';
import { localHost } from '../local-host.js';
import { programsOf } from './programs.js';

const roots = new WeakMap<HeldInterfaces, string>();

/** A leased host of this machine, for what stands on one. */
export async function onLocalHost(place: BlueprintPlace): Promise<MadeResource['needs']> {
  const held = await place.hold(makeBlueprint(localHost, { name: 'LocalHost', location: 'local', options: {} }));
  const command = await held.interface<Command>('command');
  roots.set(held, (await command.execOrThrow(['pwd'])).stdout.trim());
  return { host: held };
}

/** Where something of a resource stands on that host. */
export const pathOf = ({ id, needs }: MadeResource, ...names: string[]): string => join(roots.get(needs['host']!)!, id, ...names);

/** Fails where a program of it runs. */
export const noProgramOf = async (resource: MadeResource): Promise<void> =>
  expect(await programsOf(pathOf(resource))).toEqual([]);

/** Fails where anything of it is left but a tombstone. */
export const nothingOf = (resource: MadeResource): Promise<void> => nothingBelow(pathOf(resource));

/** The same, of what stands in a folder of this machine. */
export async function nothingBelow(folder: string): Promise<void> {
  expect(await programsOf(folder)).toEqual([]);
  const left = await readdir(folder).catch(() => []);
  expect(left.filter((name) => name !== 'g1')).toEqual([]);
  if (left.length > 0) expect(await readFile(join(folder, 'g1'), 'utf8')).toContain('tombstone');
}

export async function putForeign(resource: MadeResource): Promise<void> {
  await mkdir(pathOf(resource, 'g1'), { recursive: true });
  await writeFile(pathOf(resource, 'g1', 'theirs'), 'theirs');
}
export const stillForeign = async (resource: MadeResource): Promise<void> =>
  expect(await readFile(pathOf(resource, 'g1', 'theirs'), 'utf8')).toBe('theirs');
