import type { DriftKind, JsonObject, Repair } from '@slipway/contracts';
import type { Ensured, Target } from '../driver.js';
import type { ContractHost, ContractPlace } from './contract-place.js';

/** What the suite needs to know of a driver. */
export interface DriverSamples {
  /** URL of the built module that child processes load (under `dist/`), and the name of its export that makes the driver. */
  module: string;
  make: string;
  /** This machine over SSH: its driver is tried at a place that it reaches so. Asked for each place. */
  host?(): ContractHost;
  /** One place for all tests, each with resources of its own names: where what `prepare` makes there is dear, such as a server. */
  lasting?: boolean;
  /** A spec and inputs that can be ensured at a place. Called once for each place. */
  prepare(place: ContractPlace): Promise<{ spec: JsonObject; inputs?: Record<string, JsonObject> }>;
  /** Throws when what was made does not do what it is for. */
  works(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Throws when something of what was made is still to be had. */
  gone(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Names of all that exists of a resource elsewhere than in files at the place that bear its name. */
  elsewhere?(target: Target, place: ContractPlace): Promise<string[]>;
  /** Of a driver that can stop: throws when something of it still runs. */
  stopped?(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Puts something of somebody else's where the driver would work; the returned function throws when it was touched. */
  foreign?(place: ContractPlace, target: Target): Promise<() => Promise<void>>;
  /** What a driver that is portable is tried with. */
  data?: DataSamples;
  /** Of a driver that can change what is there: another spec, and what throws unless that is what holds. */
  changed?: { spec: JsonObject; holds(updated: Pick<Ensured, 'outputs' | 'observed'>, place: ContractPlace): Promise<void> };
  /** What a person may do to it by hand, and what is to be named then. */
  byHand: ByHand[];
  /** How many of the points before effects are tried in child processes, each way; 4 when left out. */
  points?: number;
  /** How many of them are tried simulated, in each call; all when left out. With `SLIPWAY_POINTS=all` all of them, whatever is said here. */
  simulated?: number;
  /** Whether `ensure` asks the place again and again, with programs, while it waits: its last effects are not counted on. */
  waits?: boolean;
  /** Only how it lives, conducts itself and bears a simulated death: where the whole takes long, and runs by a command of its own. */
  short?: boolean;
  /** Why the real thing can't be had on this machine: the suite is skipped, with this in its name. */
  missing?: string | undefined;
}

/** Something done to a resource behind the driver's back. */
export interface ByHand {
  /** In words: `its folder is removed`. */
  what: string;
  change(ensured: Ensured, place: ContractPlace, target: Target): Promise<void>;
  drift: Exclude<DriftKind, 'extra'>;
  /** Fields that are named, those below another by the whole path. */
  fields: string[];
  /** How it can be brought back, data aside; left out where it cannot. */
  repair?: Repair;
}

/** Data of a resource, as its user puts them there. */
export interface DataSamples {
  /** Puts data into what was made: some 100 KiB that hardly can be compressed. */
  put(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Throws unless all of them are there, and nothing else. */
  has(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Content that must be refused (`archive-invalid`), by what is wrong with it; besides hostile tars, which every driver of files gets. */
  hostile?: Record<string, Uint8Array>;
}
