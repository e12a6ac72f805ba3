import { SlipwayError } from '@slipway/contracts';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../blueprint.js';
import type { Reached } from './host-on.js';

/** The host that a resource holds as `host`: its root is the folder that this lease has there. */
export async function heldHost({ id, needs }: MadeResource, { signal }: Pick<BlueprintContext, 'signal'>): Promise<Reached> {
  const held = needs['host'];
  if (!held) throw new SlipwayError('not-possible', `${id} needs a host, and holds none`);
  const command = await held.interface<Command>('command');
  const filesystem = await held.interface<Filesystem>('filesystem');
  const { stdout } = await command.execOrThrow(['pwd', '-P'], { signal });
  return { command, filesystem, root: stdout.replace(/\n$/, '') };
}
