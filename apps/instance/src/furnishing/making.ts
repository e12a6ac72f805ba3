import { randomBytes } from 'node:crypto';
import { SlipwayError, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import { secretPrefix, type DriverContext, type GenerationFolder, type Target } from '@slipway/provisioner';
import { holderOf, releaseClaims, type Claimant } from '../place/claims.js';

/** What an instance is made of. */
export interface Furnishing<Spec extends InstanceSpec> {
  folder: GenerationFolder;
  target: Target;
  spec: Spec;
  inputs: Record<string, JsonObject>;
  context: DriverContext;
}

/**
 * Makes an instance's folder: `fill` writes all of it, and claims for it what it needs. `found` when it is there, also when
 * somebody else was faster. What was claimed is given back when the folder is not the one that stands.
 */
export async function makeFolder(
  { folder, target, context }: Pick<Furnishing<InstanceSpec>, 'folder' | 'target' | 'context'>,
  fill: (staging: string, claimant: Claimant) => Promise<void>,
): Promise<'made' | 'found'> {
  const claimant: Claimant = { ...holderOf(target), attempt: randomBytes(8).toString('hex') };
  try {
    const effect = await folder.make(target.definition, (staging) => fill(staging, claimant));
    if (effect === 'found') await releaseClaims(context, claimant);
    return effect;
  } catch (error) {
    await releaseClaims(context, claimant);
    // A destroy that came before our secrets were made has not seen them.
    if ((await folder.standing()) === 'destroyed') await context.secrets.empty(secretPrefix(target));
    throw error;
  }
}

/** Throws `generation-old` unless it stands, as it did before: somebody has given it back meanwhile. */
export async function assertStands(folder: GenerationFolder): Promise<void> {
  if ((await folder.standing()) !== 'present') throw new SlipwayError('generation-old', `${folder.path} was given back`);
}
