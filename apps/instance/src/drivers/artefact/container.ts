import type { JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { Network } from '../../place/network.js';
import type { ArtefactRecord } from './record.js';

/** What a container says of an artefact. */
export interface Seen {
  /** Why it is not as it should be; `null` when it is. */
  ill: string | null;
  /** What is other than planned, and works nevertheless. */
  differs?: string;
  /** What its step says beside what is known anyway. */
  said?: JsonObject;
}

export interface Looking {
  context: DriverContext;
  network: Network;
  /** While it is brought: what it was wired to in the plan. */
  inputs?: Record<string, JsonObject>;
}

/** How one type of target is asked what has become of an artefact. */
export interface Container {
  look(record: ArtefactRecord, generation: string, looking: Looking): Promise<Seen>;
}
