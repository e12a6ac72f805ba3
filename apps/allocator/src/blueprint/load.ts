import { pathToFileURL } from 'node:url';
import { SlipwayError, causeOf } from '@slipway/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Blueprint, BlueprintSettings, InterfaceDefinition } from './blueprint.js';
import { BLUEPRINT_VERBS } from './declaration.js';
import { KIT, type BlueprintMaker } from './kit/kit.js';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Makes a blueprint as it is set. Throws `config-invalid` for options that are wrong, and for one that cannot do what it says. */
export function makeBlueprint(maker: BlueprintMaker, settings: BlueprintSettings): Blueprint {
  const made = maker(settings, KIT);
  const refuse = (reason: string): never => {
    throw new SlipwayError('config-invalid', `The blueprint ${settings.name} ${reason}`, {
      field: `blueprints.${settings.name}`,
    });
  };
  for (const verb of BLUEPRINT_VERBS)
    if (made.can.includes(verb) && typeof made[verb] !== 'function') refuse(`says that it can ${verb}, and has no such function`);
  if (typeof made.interface !== 'function') refuse('has no function interface');
  if (!NAME.test(made.type))
    refuse(`makes ${JSON.stringify(made.type)}, which is no name of a type: small letters, digits and dashes`);
  // What leases are called: an id says by its type what it is of.
  if (made.type === 'lease') refuse('makes lease, which is what leases themselves are called');
  for (const [name, range] of Object.entries(made.attributes)) {
    const wrong = 'matches' in range && reasonOf(() => new RegExp(range.matches, 'u'));
    if (wrong) refuse(`has an attribute ${name} whose matches is no regular expression: ${wrong}`);
  }
  for (const [work, seconds] of Object.entries(made.workSeconds ?? {}))
    if (!(seconds > 0)) refuse(`says that ${work} may take ${JSON.stringify(seconds)} s`);
  if (made.name !== settings.name) refuse(`calls itself ${made.name}`);
  if (made.can.includes('allocate') && !made.can.includes('destroy')) refuse('makes resources that it cannot destroy');
  return made;
}

/** The blueprint that a file (absolute) exports as `blueprint`. Throws `config-invalid`. */
export async function loadBlueprint(file: string): Promise<BlueprintMaker> {
  const { blueprint } = await load<{ blueprint?: BlueprintMaker }>(file);
  return typeof blueprint === 'function' ? blueprint : refused(file, 'exports no function blueprint');
}

/** The interface that a file (absolute) exports as `definition`. Throws `config-invalid`. */
export async function loadInterface(file: string): Promise<InterfaceDefinition<never>> {
  const { definition } = await load<{ definition?: InterfaceDefinition<never> }>(file);
  if (typeof definition?.name !== 'string' || !NAME.test(definition.name))
    return refused(file, 'exports no definition with a name');
  const methods = Object.entries(definition.methods ?? {});
  if (methods.length === 0) return refused(file, 'defines no methods');
  for (const [name, method] of methods) {
    if (typeof method.call !== 'function' || typeof method.arguments !== 'object')
      refused(file, `has a method ${name} without a function call or a schema of its arguments`);
    const wrong = reasonOf(() => new Ajv2020().compile(method.arguments));
    if (wrong !== undefined) refused(file, `has a method ${name} whose arguments are no JSON Schema: ${wrong}`);
  }
  return definition;
}

/** Why something cannot be done. */
function reasonOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return causeOf(error).message;
  }
}

async function load<T>(file: string): Promise<T> {
  try {
    return (await import(pathToFileURL(file).href)) as T;
  } catch (error) {
    return refused(file, `cannot be loaded: ${causeOf(error).message}`);
  }
}

function refused(file: string, reason: string): never {
  throw new SlipwayError('config-invalid', `${file} ${reason}`, { file });
}
