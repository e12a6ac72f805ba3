import { CONTENT_FILE, CONTENT_KINDS, DELEGATE_KINDS } from '../content.js';
import { LAYERS, SHOWN_LAYERS } from '../layers.js';
import { DEFINITION_NAME, FILTER_CHARACTERS } from '../names.js';
import { RESOURCE_KINDS } from '../services.js';
import {
  anything,
  atLeast,
  blobRef,
  boolean,
  holder,
  listOf,
  name,
  object,
  reason,
  string,
  text,
  words,
  type Schema,
} from './words.js';

const definitionName = text(DEFINITION_NAME, 'must be lower-case letters, digits and inner . _ -');
const layer: Schema = { enum: LAYERS };
const shownLayer: Schema = { enum: SHOWN_LAYERS };
const page = { limit: { type: 'integer', minimum: 1, maximum: 500 }, cursor: words(400) } as const;
const delegateView = object(
  {
    name,
    kind: { enum: DELEGATE_KINDS },
    source: string,
    packages: atLeast(0),
    definitions: atLeast(0),
    answeredAt: string,
    awaySince: string,
    problems: listOf(string),
  },
  ['answeredAt', 'awaySince'],
);
const ofPackage = { name: string, version: string, layer };

/** Of what there is to be installed: content packages, definitions, capabilities, other repositories. */
export const CONTENT_SCHEMAS = {
  StoreContentCommand: object(
    {
      holder,
      upload: blobRef,
      kind: { enum: CONTENT_KINDS },
      file: text(CONTENT_FILE, 'must be the name of a file of letters, digits and . _ -, such as "greetings.yaml"'),
      replaces: definitionName,
    },
    ['replaces'],
  ),
  RemoveContentCommand: object({ name: definitionName, reason }, ['reason']),
  ContentRecorded: object({ ...ofPackage, definitions: atLeast(0), position: string, repeated: boolean }, ['repeated']),
  WriteDefinitionCommand: object({ change: { enum: ['create', 'update'] }, definition: anything }),
  DeleteDefinitionCommand: object({ name: definitionName, version: words(128), reason }, ['reason']),
  DefinitionRecorded: object({ ...ofPackage, position: string, repeated: boolean }, ['repeated']),
  ContentQuery: object({ name: definitionName, layer: shownLayer, ...page }, ['name', 'layer', 'limit', 'cursor']),
  ContentList: object(
    {
      items: listOf(
        object(
          {
            ...ofPackage,
            layer: shownLayer,
            description: string,
            overwritable: boolean,
            writable: boolean,
            source: string,
            counts: object({
              definitions: atLeast(0),
              overridden: atLeast(0),
              capabilities: atLeast(0),
              requirements: atLeast(0),
              artefacts: atLeast(0),
            }),
            hash: string,
          },
          ['description'],
        ),
      ),
      problems: listOf(string),
      delegates: listOf(delegateView),
      next: string,
    },
    ['next'],
  ),
  RefreshContentCommand: object({ name }, ['name']),
  ContentRefreshed: object({ items: listOf(delegateView), position: string }),
  PackedContent: object({ blob: blobRef, kind: { enum: CONTENT_KINDS }, file: string }),
  DefinitionQuery: object({ name: definitionName, version: words(128) }),
  DefinitionView: object({
    definition: anything,
    hash: string,
    layer: shownLayer,
    package: string,
    overrides: listOf(object({ layer: shownLayer, package: string })),
  }),
  DefinitionsQuery: object({ name: definitionName, layer: shownLayer, ...page }, ['name', 'layer', 'limit', 'cursor']),
  DefinitionList: object(
    {
      items: listOf(
        object(
          { name: string, version: string, title: string, type: { enum: RESOURCE_KINDS }, layer: shownLayer, package: string },
          ['title', 'type'],
        ),
      ),
      next: string,
    },
    ['next'],
  ),
  CapabilitiesQuery: object({ namespace: definitionName, filter: words(FILTER_CHARACTERS), ...page }, [
    'namespace',
    'filter',
    'limit',
    'cursor',
  ]),
  CapabilityList: object(
    {
      items: listOf(
        object({
          namespace: string,
          attributes: anything,
          definition: object({ name: string, version: string }),
          layer: shownLayer,
        }),
      ),
      next: string,
    },
    ['next'],
  ),
} as const satisfies Record<string, Schema>;
