/** Layers of the repository's content, from the top, where a definition is looked up first, down. */
export const LAYERS = ['writable', 'local', 'dynamic', 'default', 'plugin', 'basic'] as const;
export type Layer = (typeof LAYERS)[number];

/** Below all layers, and none of them: what other repositories have. Whatever stands in a layer counts before it. */
export const DELEGATED = 'delegated';
/** Where content stands, as it is shown. */
export const SHOWN_LAYERS = [...LAYERS, DELEGATED] as const;
export type ShownLayer = (typeof SHOWN_LAYERS)[number];

export interface LayerRules {
  /** Layers above may override its definitions. */
  overwritable: boolean;
  /** Its definitions may override those of layers below. */
  canOverride: boolean;
  /** It takes definitions that are written one by one through the API. */
  writable: boolean;
  /** Packages come to it from several sources, each on its own; else all that it holds comes from one: a folder, or the API. */
  many: boolean;
}

/** What holds for each layer. One kind of layer with four properties. */
export const LAYER_RULES: Readonly<Record<Layer, LayerRules>> = {
  /** Written through the API. */
  writable: { overwritable: true, canOverride: false, writable: true, many: false },
  /** A folder of this machine's own (`localContentFolder`). */
  local: { overwritable: true, canOverride: true, writable: false, many: false },
  /** Packages uploaded through the API. */
  dynamic: { overwritable: false, canOverride: true, writable: false, many: true },
  /** The shipped catalogue, or what stands in its place (`contentFolder`). */
  default: { overwritable: true, canOverride: true, writable: false, many: false },
  /** What plugins bring. */
  plugin: { overwritable: false, canOverride: true, writable: false, many: true },
  /** What must be there. */
  basic: { overwritable: true, canOverride: true, writable: false, many: false },
};
