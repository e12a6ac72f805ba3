import type { Json } from './json.js';
import type { ResourceKind, ResourceRef } from './services.js';

/**
 * How something is other than the log says: it is not there (`missing`), what is found of it is other than was recorded (`changed`), it
 * does not run although it is to (`stopped`), or runs although it is not to (`running`), or it carries our mark and stands in no stream
 * (`extra`).
 */
export const DRIFTS = ['missing', 'changed', 'stopped', 'running', 'extra'] as const;
export type DriftKind = (typeof DRIFTS)[number];

/** How something is brought back to what was recorded. */
export const REPAIRS = ['ensure', 'update'] as const;
export type Repair = (typeof REPAIRS)[number];

/** One thing that is found other than recorded: `mode`, `limits.cpus`, `outputs.volume`. Left out: it is not there on that side. */
export interface DriftedField {
  field: string;
  recorded?: Json;
  found?: Json;
}

/** Compares one resource with what its stream says. Changes nothing. */
export interface CompareQuery {
  resource: ResourceRef;
  generation: number;
  driver: string;
  location: string;
}

/** Answer to {@link CompareQuery}. Secrets are covered, and what is long is cut. */
export interface Comparison {
  /** Nothing when all is as recorded. */
  drift?: Exclude<DriftKind, 'extra'>;
  differences: DriftedField[];
  /** SHA-256 of what was found: who takes it into the log names it, so that nothing else is taken. */
  seen: string;
  /** Whether its driver says that what differs can be taken into the log as it is. */
  adoptable: boolean;
  /** How it can be brought back: made again in its place, or changed to what was recorded. Left out where its driver can do neither. */
  repair?: Repair;
}

/** Asks what carries our mark at a location and stands in no stream, of one environment. Changes nothing. */
export interface StraysQuery {
  environment: string;
  location: string;
}

/** Something at a place that carries our mark although no stream says that it should be there. */
export interface StrayView {
  resource: ResourceRef;
  generation: number;
  driver: string;
  /** Where it is, for a person: a path, a container's name. */
  where: string;
  reason: string;
}

/** Answer to {@link StraysQuery}; the first 200. */
export interface Strays {
  items: StrayView[];
}

/** Takes what was found of a resource into the log as what is there. Nothing at the place changes. */
export interface AdoptCommand extends CompareQuery {
  /** {@link Comparison.seen}: what is taken is this, and nothing that came since. */
  seen: string;
  /** Why; it is recorded. */
  reason?: string;
}

/** Answer to {@link AdoptCommand}. */
export interface Adopted {
  generation: number;
  position: string;
}

/** Asks how an environment is other than the log says. Changes nothing. */
export interface DriftQuery {
  environment: string;
  /** Of what was made for this instance, and what is shared and it uses; of everything when left out. */
  instanceId?: string;
  /** What is not counted, beside what the configuration says: a field, a key, or `key:field`; `*` stands for any text. */
  ignore?: string[];
}

/** One resource that is other than the log says. */
export interface ResourceDrift {
  /** `storage/shop-data` */
  key: string;
  drift: DriftKind;
  generation: number;
  location: string;
  driver: string;
  /** The instance that it was made for; left out for what is shared, or extra. */
  instanceId?: string;
  differences: DriftedField[];
  /** As of {@link Comparison}; left out for what is extra. */
  seen?: string;
  adoptable?: boolean;
  repair?: Repair;
  /** Of what is extra: where it is, and why it should not be. */
  where?: string;
  reason?: string;
}

/** What could not be compared: nothing is known of it, which is not that it is not there. */
export interface NotKnown {
  kind: ResourceKind;
  location: string;
  reason: string;
  /** Keys of the first of them, and how many there are; none where only what is extra could not be looked for. */
  resources: string[];
  count: number;
}

/** A difference that is not counted, and by which rule. */
export interface IgnoredDifference extends DriftedField {
  key: string;
  rule: string;
}

/** Answer to {@link DriftQuery}: at most 500 of each list and 128 KiB, the first in the order of keys. */
export interface Drift {
  environment: string;
  /** How many resources were compared. */
  compared: number;
  /** How many are other than the log says; {@link items} holds the first of them. */
  count: number;
  items: ResourceDrift[];
  unknown: NotKnown[];
  /** The rules in force, of configuration and question. */
  rules: string[];
  ignored: IgnoredDifference[];
}
