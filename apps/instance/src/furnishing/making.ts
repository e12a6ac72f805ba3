import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import { secretPrefix, type DriverContext, type GenerationFolder, type Target } from '@slipway/provisioner';
import { holderOf, keepOnlyClaims, releaseClaims, type Claimant } from '../place/claims.js';

/** What an instance is made of. */
export interface Furnishing<Spec extends InstanceSpec> {
  folder: GenerationFolder;
  target: Target;
  spec: Spec;
  inputs: Record<string, JsonObject>;
  context: DriverContext;
}

/** File in the folder: the attempt that made it, whose claims count (C3). */
const ATTEMPT = 'attempt';

/**
 * Makes an instance's folder: `fill` writes all of it, and claims for it what it needs. `found` when it is there, also when
 * somebody else was faster. What was claimed is given back when the folder is not the one that stands, and else what was claimed
 * for attempts that died.
 */
export async function makeFolder(
  work: Pick<Furnishing<InstanceSpec>, 'folder' | 'target' | 'context'>,
  fill: (staging: string, claimant: Claimant) => Promise<void>,
): Promise<'made' | 'found'> {
  const { folder, target, context } = work;
  const claimant: Claimant = { ...holderOf(target), attempt: randomBytes(8).toString('hex') };
  const effect = await makeAs(claimant, work, fill);
  // None where it was made before that was written down.
  const attempt = (await context.filesystem.readFile(join(folder.path, ATTEMPT)))?.toString('utf8');
  if (attempt !== undefined) await keepOnlyClaims(context, { ...claimant, attempt });
  return effect;
}

async function makeAs(
  claimant: Claimant,
  { folder, target, context }: Parameters<typeof makeFolder>[0],
  fill: Parameters<typeof makeFolder>[1],
): Promise<'made' | 'found'> {
  try {
    const effect = await folder.make(target.definition, async (staging) => {
      await fill(staging, claimant);
      await context.filesystem.writeFile(join(staging, ATTEMPT), claimant.attempt, { mode: 0o600 });
    });
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
