import {
  SlipwayError,
  hashOf,
  type Actor,
  type BlobRef,
  type SnapshotCopy,
  type SnapshotEvent,
  type SnapshotManifest,
} from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';

/** One snapshot: what it consists of, as long as it is wanted. */
export interface SnapshotState {
  phase: 'none' | 'kept' | 'deleted';
  /** Who has its parts, and had them where it was deleted. */
  holder?: string;
  /** The newest. One that stands in a blob is put in by who reads the stream. */
  manifest?: SnapshotManifest;
  manifestBlob?: BlobRef;
}

export type SnapshotCommand =
  /** An export has read out all of it. */
  | { type: 'Take'; holder: string; manifest: SnapshotManifest; copy?: SnapshotCopy }
  /** Its archive came from elsewhere and was found good. */
  | { type: 'Receive'; holder: string; manifest: SnapshotManifest; actor: Actor; copy?: SnapshotCopy }
  | { type: 'Delete'; actor: Actor; reason?: string };

/**
 * A snapshot as its stream tells it.
 *
 * S1. It has one manifest as long as it is kept: what comes again under its id is the same, or is refused.
 * S2. What was deleted may come again, with another holder.
 * S3. What comes again while it is kept changes nothing: its holder stays the one that it has.
 */
export const snapshot: Decider<SnapshotState, SnapshotCommand, SnapshotEvent> = {
  initialState: () => ({ phase: 'none' }),
  decide,
  evolve,
};

/** What a command records. Throws `archive-invalid` (S1) and `not-found`. */
function decide(state: SnapshotState, command: SnapshotCommand): SnapshotEvent[] {
  switch (command.type) {
    case 'Take': {
      const { copy } = command;
      return state.phase === 'kept' ? [] : [{ type: 'SnapshotTaken', data: { ...kept(command), ...(copy && { copy }) } }];
    }
    case 'Receive': {
      const { manifest, actor, copy } = command;
      if (state.phase !== 'kept') return [{ type: 'SnapshotReceived', data: { ...kept(command), actor, ...(copy && { copy }) } }];
      if (hashOf(state.manifest!) === hashOf(manifest)) return [];
      throw new SlipwayError('archive-invalid', `manifest.json: another snapshot has the id ${manifest.id} already`, {
        entry: 'manifest.json',
      });
    }
    case 'Delete': {
      const { actor, reason } = command;
      if (state.phase === 'none') throw new SlipwayError('not-found', 'There is no such snapshot');
      if (state.phase === 'deleted') return [];
      return [{ type: 'SnapshotDeleted', data: { actor, ...(reason !== undefined && { reason }) } }];
    }
  }
}

function evolve(state: SnapshotState, event: SnapshotEvent): SnapshotState {
  if (event.type === 'SnapshotDeleted') return { ...state, phase: 'deleted' };
  const { holder, manifest, manifestBlob } = event.data;
  return { phase: 'kept', holder, manifest, ...(manifestBlob && { manifestBlob }) };
}

const kept = ({ holder, manifest }: { holder: string; manifest: SnapshotManifest }) => ({
  holder,
  manifest,
  bytes: manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0),
  contentBytes: manifest.parts.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
});
