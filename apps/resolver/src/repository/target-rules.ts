import { ARTEFACT_RULES } from '@slipway/artefacts/rules';
import {
  TARGET,
  TARGET_REQUIREMENT,
  type FieldError,
  type Json,
  type JsonObject,
  type ResourceDefinition,
} from '@slipway/contracts';

/** What a definition that takes artefacts, or goes into what does, has to say. */
export function targetRules({ capabilities = [], requirements = [], type }: ResourceDefinition): FieldError[] {
  const targets = requirements.flatMap((requirement, at) => (requirement.namespace === TARGET ? [{ requirement, at }] : []));
  return [
    ...capabilities.flatMap(({ namespace, attributes = {} }, at) =>
      namespace === TARGET ? containerRule(`capabilities.${at}.attributes.type`, attributes.type) : [],
    ),
    ...targets.flatMap(({ requirement, at }, index): FieldError[] => {
      const field = `requirements.${at}`;
      const { name, attributes = {}, resolution, cardinality } = requirement;
      if (index > 0) return [{ field, reason: 'is a second target; it goes into one' }];
      return [
        ...(type === 'instance' ? [] : [{ field, reason: 'what goes into a target is a definition of type instance' }]),
        ...(name === TARGET_REQUIREMENT ? [] : [{ field: `${field}.name`, reason: `must be "${TARGET_REQUIREMENT}"` }]),
        ...containerRule(`${field}.attributes.type`, attributes.type),
        ...(resolution === 'optional'
          ? [{ field: `${field}.resolution`, reason: 'what goes into a target cannot be without it' }]
          : []),
        ...(cardinality === 'multiple' ? [{ field: `${field}.cardinality`, reason: 'it goes into one target' }] : []),
      ];
    }),
  ];
}

/** Whose rule holds has to be known when a definition is stored: what a bundle requires counts in a framework only. */
function containerRule(field: string, type: Json | undefined): FieldError[] {
  const known = Object.keys(ARTEFACT_RULES);
  return typeof type === 'string' && known.includes(type)
    ? []
    : [{ field, reason: `must be the type of a container that there is a rule for: ${known.join(', ')}` }];
}

/** Fields of an instance's spec that are of something that runs by itself. */
const OF_WHAT_RUNS = ['npm', 'files', 'container', 'command', 'environment', 'secrets', 'limits', 'onFailure', 'targetFolders'];

/** What goes into a target runs there, if at all. */
export const artefactSpecRules = (spec: JsonObject): FieldError[] =>
  idleRules(spec, 'is for what runs by itself; this goes into a target');

/** Of what does not run by itself: fields of what does, each with the reason. */
export const idleRules = (spec: JsonObject, reason: string): FieldError[] =>
  OF_WHAT_RUNS.filter((field) => Object.hasOwn(spec, field)).map((field) => ({ field, reason }));
