import type { Actor } from '../context.js';
import type { ContentKind } from '../content.js';
import type { Layer } from '../layers.js';
import type { BlobRef } from '../steps.js';

/** A content package as it was uploaded, and what became of it. */
export interface UploadedContent {
  name: string;
  version: string;
  /** Its definitions, checked, artefacts pinned: canonical JSON. Two uploads of the same content have the same. */
  loaded: BlobRef;
  /** What was sent, byte by byte. */
  upload: BlobRef;
  kind: ContentKind;
  /** Name of the file that was sent. */
  file: string;
  actor: Actor;
}

/** A definition of the layer `writable`. */
export interface WrittenDefinition {
  name: string;
  version: string;
  /** As it was written, checked: canonical JSON. */
  definition: BlobRef;
  actor: Actor;
}

/** What another repository had when it was asked, whole: it is in force until it is asked again. */
export interface DelegatedContent {
  /** Its name in the configuration. */
  name: string;
  /** Where it is: an address without anything secret, or a folder. */
  source: string;
  /** A {@link DelegatedSnapshot}. */
  content: BlobRef;
  packages: number;
  definitions: number;
  actor: Actor;
}

/** What a {@link DelegatedContent}'s blob holds, as JSON. */
export interface DelegatedSnapshot {
  /** In the order in which they count: of two definitions of one name and version the first. */
  packages: DelegatedPackageRef[];
}

export interface DelegatedPackageRef {
  /** Names it among all that the repository has. */
  id: string;
  /** What the repository told it from others of that id by. */
  stamp: string;
  name: string;
  version: string;
  definitions: number;
  /** Of what was sent, artefacts among it. */
  bytes: number;
  /** Its definitions, checked, artefacts pinned: canonical JSON. */
  loaded: BlobRef;
}

/** A package in a folder of one resolver's machine. */
interface FolderContent {
  layer: Layer;
  name: string;
  version: string;
}

/**
 * What is recorded of content. Owner: resolver. On `content-layers` what was decided, the same for all replicas; on
 * `content-<replica>` what a replica has found in its folders.
 */
export type ContentEvent =
  /** A package came into the layer `dynamic`. */
  | { type: 'ContentUploaded'; data: UploadedContent }
  /** One took the place of another of its name. `before`: that one's version. */
  | { type: 'ContentReplaced'; data: UploadedContent & { before: string } }
  /** A package went out of the layer `dynamic`. */
  | { type: 'ContentRemoved'; data: { name: string; version: string; actor: Actor; reason?: string } }
  /** A definition came into the layer `writable`. */
  | { type: 'DefinitionCreated'; data: WrittenDefinition }
  /** One is another than it was. */
  | { type: 'DefinitionUpdated'; data: WrittenDefinition }
  /** One went out of the layer `writable`. */
  | { type: 'DefinitionDeleted'; data: { name: string; version: string; actor: Actor; reason?: string } }
  /** What another repository has is in force from here on, below all layers, or is other than it was. */
  | { type: 'DelegateTaken'; data: DelegatedContent }
  /** It is not delegated to any more: the configuration does not name it. */
  | { type: 'DelegateLeft'; data: { name: string; actor: Actor } }
  /** A package of a folder is in force from here on, or is another than it was. `hash`: of its definitions. */
  | { type: 'ContentTaken'; data: FolderContent & { definitions: number; hash: string; folder: string } }
  /** A package of a folder is not in force any more. */
  | { type: 'ContentLeft'; data: FolderContent };
