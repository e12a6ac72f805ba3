import { DEFINITION_REFERENCE, NAME, OWNER_ID } from './names.js';
import { RESOURCE_KINDS } from './services.js';

/** A JSON Schema (draft 2020-12) of a message's body. */
export type Schema = Readonly<Record<string, unknown>>;

/** What of a pattern a person is told; the pattern itself says little. */
const text = (pattern: RegExp, description: string): Schema => ({ type: 'string', pattern: pattern.source, description });
const words = (most: number): Schema => ({ type: 'string', minLength: 1, maxLength: most });
const atLeast = (least: number): Schema => ({ type: 'integer', minimum: least });
const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
const anything: Schema = { type: 'object' };

const name = text(NAME, 'must be 1 to 63 lower-case letters, digits and inner hyphens, such as "my-shop"');
const resource = object({ environment: name, kind: { enum: RESOURCE_KINDS }, name });
const ofStep = { requestId: words(128), stepId: words(256), resource };
const destroy = {
  ...ofStep,
  try: atLeast(1),
  generation: atLeast(1),
  driver: name,
  location: name,
  definition: object({ name: words(128), version: words(128), hash: words(128) }),
  deadline: { type: 'number', minimum: 0 },
  ownerId: text(OWNER_ID, 'must be 1 to 128 letters, digits and any of . _ @ + -, such as "ada"'),
};

/** Bodies of messages by the name of their type. What comes over the network is checked by these before anything is done. */
export const SCHEMAS = {
  EnsureCommand: object({ ...destroy, spec: anything, inputs: { type: 'object', additionalProperties: anything } }, ['ownerId']),
  DestroyCommand: object(destroy, ['ownerId']),
  InspectQuery: object({ resource, generation: atLeast(1), driver: name, location: name }),
  StepCancelCommand: object(ofStep),
  StepLogQuery: object(ofStep),
  ResolveQuery: object(
    {
      job: { enum: ['provision', 'deprovision'] },
      environment: name,
      instanceId: name,
      definition: text(DEFINITION_REFERENCE, 'must be a definition’s name, or name@range such as "guestbook@^1.0.0"'),
      place: object({
        guestLocation: name,
        location: name,
        drivers: { type: 'object', additionalProperties: { type: 'string' } },
      }),
      atLeast: { type: 'string', maxLength: 200 },
    },
    ['definition', 'atLeast'],
  ),
} as const satisfies Record<string, Schema>;
