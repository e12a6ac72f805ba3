import { readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { parseDocument } from 'yaml';
import { SlipwayError } from '@slipway/contracts';
import { fieldErrors } from '../microservice/validation.js';
import { BlueprintConfig, HandlerConfig, type DelegateConfig, MeshConfig, SLIPWAY, slipwayProvisioner } from './config.js';
import { ENVIRONMENT } from './environment.js';
import { brokenRules } from './rules.js';

export const PROFILES = ['dev', 'test', 'prod'] as const;
export type Profile = (typeof PROFILES)[number];

export interface LoadOptions {
  /** `SLIPWAY_PROFILE` when left out, else `dev`. */
  profile?: Profile;
  /** `SLIPWAY_CONFIG` when left out, else `deploy/<profile>/slipway.yaml`. */
  file?: string;
  /** Win over everything: by path, `{'gateway.port': 0}`. */
  overrides?: Record<string, unknown>;
  /** See {@link ENVIRONMENT}; wins over the file. */
  env?: Record<string, string | undefined>;
}

/** Where this clone stands: `libs/mesh/{src,dist}/config` is four folders deep in it. */
const ROOT = resolve(import.meta.dirname, '../../../..');

/** Fields that name files or folders: from the root of the clone in a file, from the working folder in a variable. */
const PATHS = [
  'dataFolder',
  'contentFolder',
  'localContentFolder',
  'provisioners.folder',
  'nats.tokenFile',
  'nats.caFile',
  'gateway.tls.certFile',
  'gateway.tls.keyFile',
  'docker.configFolder',
  'storages.s3.secretKeyFile',
  'databases.postgres.server.passwordFile',
  'databases.postgres.server.tls.caFile',
  'databases.mariadb.server.passwordFile',
  'databases.mariadb.server.tls.caFile',
];

type Tree = Record<string, unknown>;

/**
 * The validated, frozen configuration: defaults, then the profile's file, then environment variables, then overrides.
 * Throws `config-invalid` that names each wrong setting with its value, the reason, and where it comes from.
 */
export function loadConfig(options: LoadOptions = {}): MeshConfig {
  const { env = {}, overrides = {} } = options;
  const profile = options.profile ?? env['SLIPWAY_PROFILE'] ?? 'dev';
  if (!PROFILES.includes(profile as Profile)) {
    throw invalid([
      { field: 'profile', value: profile, reason: `must be one of ${PROFILES.join(', ')}`, source: 'SLIPWAY_PROFILE' },
    ]);
  }
  const file = options.file ?? env['SLIPWAY_CONFIG'] ?? join(ROOT, 'deploy', profile, 'slipway.yaml');
  const tree = readTree(file);
  const sources = new Map<string, string>();
  for (const field of PATHS) absolute(tree, field, ROOT);
  for (const { name, field, read } of ENVIRONMENT) {
    const value = env[name];
    if (value === undefined || value === '' || field === 'profile') continue;
    put(tree, field, read(value));
    absolute(tree, field, process.cwd());
    sources.set(field, name);
  }
  for (const [field, value] of Object.entries(overrides)) {
    put(tree, field, value);
    absolute(tree, field, process.cwd());
    sources.set(field, 'given by the program');
  }
  withSlipway(tree);
  const stated = tree['profile'] ?? profile;
  const config = plainToInstance(MeshConfig, { ...tree, profile: stated }, { exposeUnsetFields: false });
  const shown = relative(process.cwd(), file);
  const found = fieldErrors(config);
  if (stated !== profile) found.push({ field: 'profile', reason: `must be ${profile}, which this file is read for` });
  const wrong = found.length > 0 ? found : brokenRules(config);
  if (wrong.length > 0) {
    const sourceOf = (field: string) =>
      [...sources].find(([set]) => field === set || field.startsWith(`${set}.`))?.[1] ?? (shown.startsWith('..') ? file : shown);
    throw invalid(wrong.map(({ field, reason }) => ({ field, value: at(config, field), reason, source: sourceOf(field) })));
  }
  for (const field of ['dataFolder', 'contentFolder', 'localContentFolder']) absolute(config as unknown as Tree, field, ROOT);
  config.handlers = handlersOf(config);
  config.blueprints = blueprintsOf(config);
  config.interfaces = interfacesOf(config);
  config.content.delegates = delegatesOf(config);
  return freeze(config);
}

/** Other provisioners stand beside `slipway`; what is said of it is laid over what it is. */
function withSlipway(tree: Tree): void {
  const hosts = at(tree, 'provisioners.hosts');
  if (!isTree(hosts) || (hosts[SLIPWAY] !== undefined && !isTree(hosts[SLIPWAY]))) return;
  put(tree, `provisioners.hosts.${SLIPWAY}`, { ...slipwayProvisioner(), ...hosts[SLIPWAY] });
}

/** With their defaults, paths absolute. */
function handlersOf({ handlers }: MeshConfig): MeshConfig['handlers'] {
  const whole = Object.entries(handlers).map(([name, handler]): [string, HandlerConfig] => {
    const made = plainToInstance(HandlerConfig, handler, { exposeUnsetFields: false });
    return [name, Object.assign(made, { file: /^\.{1,2}\//.test(made.file) ? join(ROOT, made.file) : made.file })];
  });
  return Object.fromEntries(whole);
}

/** With their defaults, paths absolute. */
function blueprintsOf({ blueprints }: MeshConfig): MeshConfig['blueprints'] {
  const whole = Object.entries(blueprints).map(([name, blueprint]): [string, BlueprintConfig] => {
    const made = plainToInstance(BlueprintConfig, blueprint, { exposeUnsetFields: false });
    return [name, made.file === undefined ? made : Object.assign(made, { file: resolve(ROOT, made.file) })];
  });
  return Object.fromEntries(whole);
}

/** Their paths absolute. */
function interfacesOf({ interfaces }: MeshConfig): MeshConfig['interfaces'] {
  return Object.fromEntries(Object.entries(interfaces).map(([name, { file }]) => [name, { file: resolve(ROOT, file) }]));
}

/** Their paths absolute. */
function delegatesOf({ content }: MeshConfig): MeshConfig['content']['delegates'] {
  const whole = Object.entries(content.delegates).map(([name, { tokenFile, caFile, ...rest }]): [string, DelegateConfig] => [
    name,
    {
      ...rest,
      ...(tokenFile !== undefined && { tokenFile: resolve(ROOT, tokenFile) }),
      ...(caFile !== undefined && { caFile: resolve(ROOT, caFile) }),
    },
  ]);
  return Object.fromEntries(whole);
}

const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);

function readTree(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SlipwayError('config-invalid', `The configuration ${file} cannot be read: ${(error as Error).message}`, { file });
  }
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw new SlipwayError('config-invalid', `${file} is not YAML: ${error.message}`, { file });
  const tree: unknown = document.toJS() ?? {};
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw new SlipwayError('config-invalid', `${file} must hold settings by name`, { file });
  }
  return tree as Tree;
}

function at(tree: unknown, field: string): unknown {
  return field.split('.').reduce<unknown>((part, key) => (part as Tree | undefined)?.[key], tree);
}

function put(tree: Tree, field: string, value: unknown): void {
  const keys = field.split('.');
  const last = keys.pop()!;
  let part = tree;
  for (const key of keys) {
    if (part[key] === null || typeof part[key] !== 'object') part[key] = {};
    part = part[key] as Tree;
  }
  part[last] = value;
}

function absolute(tree: Tree, field: string, from: string): void {
  const value = at(tree, field);
  if (PATHS.includes(field) && typeof value === 'string' && !isAbsolute(value)) put(tree, field, join(from, value));
}

interface Wrong {
  field: string;
  value: unknown;
  reason: string;
  source: string;
}

function invalid(wrong: Wrong[]): SlipwayError {
  const lines = wrong.map(({ field, value, reason, source }) => {
    const is = value === undefined ? 'is not set' : `is ${withoutPassword(JSON.stringify(value))}`;
    return `  ${field} ${is} (${source}): ${reason}`;
  });
  return new SlipwayError(
    'config-invalid',
    `${wrong.length === 1 ? 'A setting is' : 'Settings are'} wrong:\n${lines.join('\n')}`,
    {
      fields: wrong.map(({ field, reason, source }) => ({ field, reason, source })),
    },
  );
}

/** A connection string may carry a password. */
const withoutPassword = (value: string): string => value.replace(/(:\/\/[^:/@\s"]*):[^@/\s"]*@/g, '$1:***@');

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}
