import { SlipwayError, type ArtefactFacts, type InstanceSpec, type PinnedPlacement, type SpecBounds } from '@slipway/contracts';
import { assertWithin } from '@slipway/provisioner';

/** What this driver takes: content that the repository has read, and the place that a plan has given it. */
export type ArtefactSpec = InstanceSpec & {
  artefactBlob: { sha256: string; bytes: number };
  artefactFacts: ArtefactFacts;
  placement: PinnedPlacement;
};

const ONLY_BRINGS = 'the driver "artefact" runs nothing: what it brings runs in its target';
const OF_WHAT_RUNS = ['command', 'container', 'npm', 'files', 'environment', 'secrets', 'limits', 'onFailure', 'targetFolders'];

/** What is missing where there is none, and what is for programs. */
export const BOUNDS: SpecBounds = {
  needs: [{ field: 'artefactBlob', reason: 'the driver "artefact" needs an artefact to bring to its target' }],
  lacks: OF_WHAT_RUNS.map((field) => ({ field, reason: ONLY_BRINGS })),
};

/** Throws `spec-invalid` that names what lies outside of {@link BOUNDS}. */
export function assertArtefact(spec: InstanceSpec): asserts spec is ArtefactSpec {
  assertWithin({ bounds: BOUNDS }, spec);
  const { by } = spec.placement ?? {};
  if (by === 'file' || by === 'npm') return;
  const puts = 'the driver "artefact" puts files and packages of npm where they go';
  const reason = by ? `it is handed to ${by}, and ${puts}` : `a plan says where it goes; ${puts}`;
  throw new SlipwayError('spec-invalid', `placement: ${reason}`, { field: 'placement', reason });
}
