import type { Blobs } from '@slipway/blobs';
import type { Clock, ResourceKind, StepAction } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { Bus } from '@slipway/mesh';
import type { Secrets } from '@slipway/secrets';
import type { Driver, OtherMachine } from './driver.js';
import type { LeasedHost } from './leased/leased-host.js';
import type { Transfers } from './transfer/transfers.js';

/** Where a driver's effects live, and how it reaches them. */
export interface Place {
  command: Command;
  filesystem: Filesystem;
  /** Exists, and can be passed through (0711) by whom something below it is handed to. */
  root: string;
  /** Of a place whose files can be read beside us; all goes through `filesystem` when left out. */
  transfers?: Transfers;
  /** That it is at; ours when left out. */
  machine?: OtherMachine;
}

/** Where a failure goes that has no caller. */
export interface Reports {
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
  /** A step has its outcome. */
  settled(step: { action: StepAction; outcome: string; ms: number }): void;
}

/**
 * All that the kit's core uses of the world: no Nest, no socket, no wall clock and no random number is reached but through
 * these, so that a simulation can turn every one of them.
 */
export interface Ports {
  kind: ResourceKind;
  /** The mesh's name. */
  mesh: string;
  /** Ours; stable over restarts. */
  replica: string;
  /** The places that this replica serves. */
  locations: ReadonlySet<string>;
  /** By name. */
  drivers: ReadonlyMap<string, Driver>;
  store: EventStore;
  bus: Bus;
  clock: Clock;
  blobs: Blobs;
  secrets: Secrets;
  reports: Reports;
  /** Unique ids of events. */
  newId(): string;
  /** How long nothing was heard of a replica, in ms. */
  silentFor(replica: string): number;
  /** Of a location; on a leased host where one is said. */
  place(location: string, driver: string, on?: LeasedHost): Promise<Place>;
  /** Whether there is a place for a driver at a location; always when left out. */
  worksAt?(location: string, driver: Driver): boolean;
}

/** After this silence of a replica (ms) another one carries on its work. */
export const TAKEOVER_AFTER = 10_000;

/** Resolves after `ms` milliseconds of a clock. */
export const sleep = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
