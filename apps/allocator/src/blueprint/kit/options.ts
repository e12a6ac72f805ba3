import { SlipwayError, type JsonObject } from '@slipway/contracts';
import { Ajv } from 'ajv';
import type { BlueprintSettings } from '../blueprint.js';

const ajv = new Ajv({ strict: true, useDefaults: true });

/**
 * What the configuration says for one blueprint only, by a JSON Schema of each option; defaults are filled in. Throws `config-invalid` with the
 * option that is wrong.
 */
export function optionsOf<T>({ name, options }: BlueprintSettings, properties: JsonObject, required: string[] = []): T {
  const given = structuredClone(options);
  const check = ajv.compile({ type: 'object', properties, required, additionalProperties: false });
  if (check(given)) return given as T;
  const { instancePath, message, params } = check.errors![0]!;
  const option = [...instancePath.split('/').slice(1), params['additionalProperty'], params['missingProperty']].filter(Boolean);
  const field = ['blueprints', name, 'options', ...option].join('.');
  throw new SlipwayError('config-invalid', `${field} ${message}; there are ${Object.keys(properties).join(', ')}`, { field });
}
