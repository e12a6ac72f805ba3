import type { JsonObject } from '@slipway/contracts';
import type { InterfaceMethod } from '../blueprint/blueprint.js';
import { INTERFACES } from './index.js';

/** All methods of all interfaces that come with Slipway, as chapters in Markdown: what each takes, and what it does and gives. */
export const interfaceChapters = (): string =>
  [...INTERFACES.values()]
    .map(({ name, methods }) => {
      const rows = Object.entries(methods).map(([method, one]) => row(method, one));
      return `## ${name}\n\n| method | arguments | what it does, and gives |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
    })
    .join('\n');

function row(method: string, { arguments: schema, description }: InterfaceMethod<never>): string {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, JsonObject>; required?: string[] };
  const taken = Object.entries(properties).map(([name, property]) => argument(name, property, required.includes(name)));
  return `| \`${method}\` | ${taken.join('<br>') || 'none'} | ${cell(description)} |`;
}

function argument(name: string, schema: JsonObject, isRequired: boolean): string {
  const kind = [kindOf(schema), schema['contentEncoding'], isRequired ? 'required' : undefined].filter(
    (one) => one !== undefined,
  );
  const { description } = schema;
  return `\`${name}\` (${kind.join(', ')})${description === undefined ? '' : `: ${cell(description)}`}`;
}

function kindOf({ type, items, properties, enum: values }: JsonObject): string {
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(' or ');
  if (items !== undefined) return `${String(type)} of ${kindOf(items as JsonObject)}`;
  const within = Object.keys((properties as JsonObject | undefined) ?? {});
  return within.length > 0 ? `object of ${within.map((name) => `\`${name}\``).join(', ')}` : String(type ?? 'any');
}

const cell = (text: unknown): string => String(text).replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
