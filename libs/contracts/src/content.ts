import type { JsonObject } from './json.js';
import type { Layer, ShownLayer } from './layers.js';
import type { ResourceKind } from './services.js';
import type { BlobRef } from './steps.js';

/** What a content package is sent as: one file, or a tar (also gzipped) of a folder. */
export const CONTENT_KINDS = ['yaml', 'json', 'tar'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** Of the file that a content package is sent as. */
export const CONTENT_FILE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Body of `resolver.store-content`: bytes that `holder` has. The resolver keeps what it takes of them. */
export interface StoreContentCommand {
  holder: string;
  upload: BlobRef;
  kind: ContentKind;
  /** What problems name it by: `greetings.yaml`. */
  file: string;
  /** Name of the package whose place it takes; a new one when left out. */
  replaces?: string;
}

/** Body of `resolver.remove-content`. */
export interface RemoveContentCommand {
  name: string;
  /** Why; it is recorded. */
  reason?: string;
}

/** Body of `resolver.write-definition`: one definition of the layer `writable`. */
export interface WriteDefinitionCommand {
  change: 'create' | 'update';
  definition: JsonObject;
}

/** Body of `resolver.delete-definition`. */
export interface DeleteDefinitionCommand {
  name: string;
  version: string;
  /** Why; it is recorded. */
  reason?: string;
}

/** Answer to both. */
export interface DefinitionRecorded {
  name: string;
  version: string;
  layer: Layer;
  position: string;
  /** Nothing needed to be recorded: it is so already. */
  repeated?: boolean;
}

/** Answer to `resolver.store-content` and `resolver.remove-content`. */
export interface ContentRecorded {
  name: string;
  version: string;
  layer: Layer;
  /** How many definitions it has. */
  definitions: number;
  position: string;
  /** Nothing needed to be recorded: it is so already. */
  repeated?: boolean;
}

/** Body of `resolver.content` and `resolver.pack-content`; of packages of one name in several layers the uppermost is meant. */
export interface ContentQuery {
  name?: string;
  layer?: ShownLayer;
  /** Of a list at most so many; 100 when left out. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

/** A content package that is in force. */
export interface ContentView {
  name: string;
  version: string;
  description?: string;
  layer: ShownLayer;
  /** Whether layers above may override its definitions. */
  overwritable: boolean;
  /** Whether it takes definitions one by one. */
  writable: boolean;
  /** A folder, or who uploaded it: `upload by ada`. */
  source: string;
  counts: {
    definitions: number;
    /** Of these, how many another layer overrides. */
    overridden: number;
    capabilities: number;
    requirements: number;
    artefacts: number;
  };
  /** SHA-256 of its definitions. */
  hash: string;
}

/** Kinds of other repositories. */
export const DELEGATE_KINDS = ['slipway', 'http', 'npm', 'maven'] as const;
export type DelegateKind = (typeof DELEGATE_KINDS)[number];

/** Another repository, as the replica that answers has found it. */
export interface DelegateView {
  name: string;
  kind: DelegateKind;
  /** Where it is: an address without anything secret, or a folder. */
  source: string;
  /** What of it is in force. */
  packages: number;
  definitions: number;
  /** When it answered last. */
  answeredAt?: string;
  /** Since when it has not answered. */
  awaySince?: string;
  /** What of it is not in force, and why; why it is away: a sentence each. */
  problems: string[];
}

/** Body of `resolver.refresh-content`: asks other repositories now what they have. */
export interface RefreshContentCommand {
  /** Only this one. */
  name?: string;
}

/** Answer to {@link RefreshContentCommand}. */
export interface ContentRefreshed {
  items: DelegateView[];
  /** Of what was recorded last of content. */
  position: string;
}

/** Answer to {@link ContentQuery}. */
export interface ContentList {
  /** From the top of the layers down. */
  items: ContentView[];
  next?: string;
  /** What stands in folders and other repositories and is not in force, a line each: file, line, field, reason. */
  problems: string[];
  /** Other repositories, in the order in which they count. */
  delegates: DelegateView[];
}

/** Answer to `resolver.pack-content`: the package as it can be uploaded elsewhere. */
export interface PackedContent {
  blob: BlobRef;
  kind: ContentKind;
  /** A name for the file. */
  file: string;
}

/** Body of `resolver.definition`. */
export interface DefinitionQuery {
  name: string;
  version: string;
}

/** A definition, where it stands, and what it hides. */
export interface DefinitionView {
  definition: JsonObject;
  /** As plans pin it. */
  hash: string;
  layer: ShownLayer;
  /** Name of the content package. */
  package: string;
  /** Where the same name and version stands below. */
  overrides: { layer: ShownLayer; package: string }[];
}

/** Body of `resolver.definitions`. */
export interface DefinitionsQuery {
  name?: string;
  layer?: ShownLayer;
  /** At most so many; 100 when left out. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

/** A definition in force, without what it says. */
export interface DefinitionSummary {
  name: string;
  version: string;
  title?: string;
  /** Left out of one that is abstract. */
  type?: ResourceKind;
  layer: ShownLayer;
  /** Name of the content package. */
  package: string;
}

/** Answer to {@link DefinitionsQuery}: by name, highest version first. */
export interface DefinitionList {
  items: DefinitionSummary[];
  next?: string;
}

/** Body of `resolver.capabilities`. */
export interface CapabilitiesQuery {
  namespace?: string;
  /** What must hold of its attributes, as a requirement says it (OSGi Core 8 §3.2.7): `(&(engine=sqlite)(version>=1))`. */
  filter?: string;
  /** At most so many; 100 when left out. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

/** What a definition offers to others. */
export interface CapabilityView {
  namespace: string;
  attributes: JsonObject;
  /** Who offers it. */
  definition: { name: string; version: string };
  layer: ShownLayer;
}

/** Answer to {@link CapabilitiesQuery}: in the order of namespaces, then of preference. */
export interface CapabilityList {
  items: CapabilityView[];
  next?: string;
}
