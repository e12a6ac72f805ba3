import {
  TARGET,
  targetRequirementOf,
  type AptSpec,
  type FieldError,
  type InstanceSpec,
  type ResourceDefinition,
} from '@slipway/contracts';

/** What is wrong with packages for a host: which host, and what of it. */
export function aptRules({ apt }: Pick<InstanceSpec, 'apt'>, definition: ResourceDefinition): FieldError[] {
  if (apt === undefined) return [];
  const type = targetRequirementOf(definition)?.attributes?.type;
  return [
    ...(type === 'host'
      ? []
      : [{ field: 'apt', reason: `needs a requirement on ${TARGET} with the attribute type "host": where they are installed` }]),
    ...namesRules(apt),
  ];
}

function namesRules({ packages = [], patches = [] }: AptSpec): FieldError[] {
  const names = [...packages, ...patches].map(({ name }) => name);
  if (names.length === 0) return [{ field: 'apt', reason: 'must have packages or patches' }];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? [] : [{ field: 'apt', reason: `names ${twice} twice` }];
}
