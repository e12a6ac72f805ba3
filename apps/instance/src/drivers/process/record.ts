import type { JsonObject } from '@slipway/contracts';
import type { Decided } from '../../furnishing/record.js';
import type { HandedOver } from '../../place/handing-over.js';
import type { Limits } from './launch.js';
import type { InstalledPackages } from './npm.js';

/** What was decided when an instance was made that this driver runs. */
export interface InstanceRecord extends Decided {
  /** Its own user, `null` for that of Slipway. */
  uid: number | null;
  /** Why it has no user of its own. */
  sharedUserBecause?: string;
  handedOver: HandedOver[];
  limits: Limits;
  /** It is run by the Node of its place. */
  node?: true;
  /** Root of the host that it runs on, where that is another one than this machine's. */
  root?: string;
  npm?: InstalledPackages;
}

/** Normalised and comparable: what does not change while nobody changes it. */
export function observedOf(record: InstanceRecord, running: boolean): JsonObject {
  const { port, uid, sharedUserBecause, limits, artefact, npm, handedOver, root } = record;
  return {
    port,
    user: uid === null ? null : { uid, gid: uid },
    ...(sharedUserBecause !== undefined && { sharedUserBecause }),
    limits: { ...limits },
    artefact,
    ...(root !== undefined && { root }),
    ...(npm && { npm: { ...npm } }),
    handedOver: handedOver.map(({ input }) => input),
    running,
  };
}
