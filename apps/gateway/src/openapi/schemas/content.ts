import {
  DELEGATE_KINDS,
  LAYERS,
  RESOURCE_KINDS,
  SHOWN_LAYERS,
  type CapabilityList,
  type CapabilityView,
  type ContentList,
  type ContentRecorded,
  type ContentRefreshed,
  type ContentView,
  type DefinitionList,
  type DelegateView,
  type DefinitionRecorded,
  type DefinitionSummary,
  type DefinitionView,
} from '@slipway/contracts';
import { count, described, flag, json, list, object, oneOf, optional, position, ref, text, time, type Schema } from './schema.js';

const layer = oneOf(LAYERS);
const shownLayer = oneOf(SHOWN_LAYERS);

/** Content packages, and the definitions in them. */
export const CONTENT_SCHEMAS: Record<string, Schema> = {
  ContentList: object<ContentList>({
    items: list(ref('ContentView')),
    problems: described(list(text), 'What stands in folders and other repositories and is not in force, a line each.'),
    delegates: described(list(ref('DelegateView')), 'Other repositories, in the order in which they count.'),
    next: optional(described(text, 'Give it as `cursor` to get the next page; left out on the last one.')),
  }),
  DelegateView: object<DelegateView>({
    name: text,
    kind: oneOf(DELEGATE_KINDS),
    source: described(text, 'Where it is.'),
    packages: described(count, 'How many of its packages are in force.'),
    definitions: count,
    answeredAt: optional(described(time, 'When it answered last.')),
    awaySince: optional(described(time, 'Since when it has not answered.')),
    problems: described(list(text), 'What of it is not in force, and why.'),
  }),
  ContentRefreshed: object<ContentRefreshed>({ items: list(ref('DelegateView')), position }),
  ContentView: object<ContentView>({
    name: text,
    version: text,
    description: optional(text),
    layer: shownLayer,
    overwritable: described(flag, 'Layers above may override its definitions.'),
    writable: described(flag, 'It takes definitions one by one.'),
    source: described(text, 'A folder, or who uploaded it.'),
    counts: object<ContentView['counts']>({
      definitions: count,
      overridden: described(count, 'Definitions that count in a layer above instead.'),
      capabilities: count,
      requirements: count,
      artefacts: count,
    }),
    hash: described(text, 'SHA-256 of its definitions.'),
  }),
  ContentRecorded: object<ContentRecorded>({
    name: text,
    version: text,
    layer,
    definitions: described(count, 'How many it has.'),
    position,
    repeated: optional(described(flag, 'Nothing needed to be recorded.')),
  }),
  DefinitionView: object<DefinitionView>({
    definition: described(json, 'As it is written in its package.'),
    hash: described(text, 'As plans pin it.'),
    layer: shownLayer,
    package: described(text, 'Name of its content package.'),
    overrides: described(
      list(object<DefinitionView['overrides'][number]>({ layer: shownLayer, package: text })),
      'Where the same name and version stands below.',
    ),
  }),
  DefinitionList: object<DefinitionList>({
    items: list(ref('DefinitionSummary')),
    next: optional(described(text, 'Give it as `cursor` to get the next page; left out on the last one.')),
  }),
  DefinitionSummary: object<DefinitionSummary>({
    name: text,
    version: text,
    title: optional(text),
    type: optional(described(oneOf(RESOURCE_KINDS), 'Left out of one that is abstract.')),
    layer: shownLayer,
    package: described(text, 'Name of its content package.'),
  }),
  DefinitionRecorded: object<DefinitionRecorded>({
    name: text,
    version: text,
    layer,
    position,
    repeated: optional(described(flag, 'Nothing needed to be recorded.')),
  }),
  CapabilityList: object<CapabilityList>({
    items: list(ref('CapabilityView')),
    next: optional(described(text, 'Give it as `cursor` to get the next page; left out on the last one.')),
  }),
  CapabilityView: object<CapabilityView>({
    namespace: text,
    attributes: json,
    definition: described(object<CapabilityView['definition']>({ name: text, version: text }), 'Who offers it.'),
    layer: shownLayer,
  }),
};
