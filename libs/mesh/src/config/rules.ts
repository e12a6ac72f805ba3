import { plainToInstance } from 'class-transformer';
import { BLUEPRINT_NAME, BLUEPRINT_NAME_HINT, NAME, RESOURCE_KINDS } from '@slipway/contracts';
import { fieldErrors, type FieldError } from '../microservice/validation.js';
import {
  BlueprintConfig,
  DelegateConfig,
  EnvironmentConfig,
  GuestLocationConfig,
  HandlerConfig,
  HostConfig,
  InterfaceConfig,
  RemoteLocationConfig,
  SnapshotStoreConfig,
  type MeshConfig,
} from './config.js';
import { provisionerRules } from './provisioners.rules.js';
import { inStore } from './stores.js';

/** What is wrong with a configuration whose fields are right each by itself. */
export function brokenRules(config: MeshConfig): FieldError[] {
  return [
    ...places(config),
    ...provisionerRules(config),
    ...named('handlers', config.handlers, HandlerConfig, 'must have a file'),
    ...named('blueprints', config.blueprints, BlueprintConfig, 'must have settings', BLUEPRINTS_NAMED),
    ...named('interfaces', config.interfaces, InterfaceConfig, 'must have a file'),
    ...ports(config),
    ...named('instances.hosts', config.instances.hosts, HostConfig, 'must have a root'),
    ...named('hosts', config.hosts, RemoteLocationConfig, 'must have ssh'),
    ...databaseServers(config),
    ...named('snapshots.stores', config.snapshots.stores, SnapshotStoreConfig, 'must have a folder'),
    ...named('environments', config.environments, EnvironmentConfig, 'must have settings'),
    ...named('content.delegates', config.content.delegates, DelegateConfig, 'must have a kind and a url'),
    ...delegates(config),
    ...destinations(config),
    ...(config.profile === 'prod' ? production(config) : []),
  ];
}

function places({ guestLocations, clusters, hosts }: MeshConfig): FieldError[] {
  const wrong: FieldError[] = [];
  for (const [name, place] of Object.entries(guestLocations)) {
    const field = `guestLocations.${name}`;
    if (!NAME.test(name)) wrong.push({ field, reason: 'the name must be lower-case letters, digits and inner hyphens' });
    if (place === null || typeof place !== 'object') {
      wrong.push({ field, reason: 'must have location and drivers' });
      continue;
    }
    for (const error of fieldErrors(plainToInstance(GuestLocationConfig, place, { exposeUnsetFields: false }))) {
      wrong.push({ field: `${field}.${error.field}`, reason: error.reason });
    }
    for (const [kind, drivers] of Object.entries(place.drivers ?? {})) {
      const known = (RESOURCE_KINDS as readonly string[]).includes(kind);
      if (!known) wrong.push({ field: `${field}.drivers.${kind}`, reason: `is no kind; there are ${RESOURCE_KINDS.join(', ')}` });
      else if (!areDrivers(drivers))
        wrong.push({ field: `${field}.drivers.${kind}`, reason: "must be a driver's name, or a list of them, each once" });
    }
    // Of some kinds no driver works over SSH: those are not provided there.
    if (Object.hasOwn(hosts, place.location)) continue;
    const missing = RESOURCE_KINDS.filter((kind) => place.drivers?.[kind] === undefined);
    if (missing.length > 0) wrong.push({ field: `${field}.drivers`, reason: `has no driver for ${missing.join(', ')}` });
  }
  for (const [name, members] of Object.entries(clusters)) {
    const field = `clusters.${name}`;
    if (!Array.isArray(members) || members.length === 0) {
      wrong.push({ field, reason: 'must be a list of at least one guest location' });
      continue;
    }
    for (const member of members) {
      if (guestLocations[member] === undefined) {
        const known = Object.keys(guestLocations).join(', ');
        wrong.push({
          field,
          reason: `names the guest location ${JSON.stringify(member)}, which there is not; there are ${known}`,
        });
      }
    }
  }
  return wrong;
}

function areDrivers(drivers: unknown): boolean {
  const names: unknown[] = [drivers].flat();
  const each = names.every((name) => typeof name === 'string' && NAME.test(name));
  return each && names.length > 0 && new Set(names).size === names.length;
}

/** How free names are. */
const LOWER_CASE = { form: NAME, reason: 'must be lower-case letters, digits and inner hyphens' };
const BLUEPRINTS_NAMED = { form: BLUEPRINT_NAME, reason: BLUEPRINT_NAME_HINT };

/** Settings that stand under names which are free. `must`: what is said of one that is none. */
function named(
  field: string,
  all: object,
  settings: new () => object,
  must: string,
  { form, reason } = LOWER_CASE,
): FieldError[] {
  return Object.entries(all).flatMap(([name, one]): FieldError[] => {
    const at = `${field}.${name}`;
    if (!form.test(name)) return [{ field: at, reason: `the name ${reason}` }];
    if (one === null || typeof one !== 'object') return [{ field: at, reason: must }];
    const wrong = fieldErrors(plainToInstance(settings, one as object, { exposeUnsetFields: false }));
    return wrong.map((error) => ({ field: `${at}.${error.field}`, reason: error.reason }));
  });
}

function delegates({ content, profile }: MeshConfig): FieldError[] {
  return Object.entries(content.delegates).flatMap(([name, one]): FieldError[] => {
    const wrong = (field: string, reason: string): FieldError => ({ field: `content.delegates.${name}.${field}`, reason });
    const { kind, url, folder, packages, target, tokenFile } = one ?? {};
    const isRegistry = kind === 'npm' || kind === 'maven';
    return [
      ...(folder !== undefined && kind !== 'maven' ? [wrong('folder', 'is for a Maven layout only')] : []),
      ...(url === undefined && folder === undefined ? [wrong('url', 'is needed')] : []),
      ...(url !== undefined && folder !== undefined ? [wrong('url', 'must be left out beside a folder')] : []),
      ...(isRegistry && packages === undefined
        ? [wrong('packages', 'must say what is taken: nobody takes all that such a repository has')]
        : []),
      ...(kind === 'maven' && target === undefined
        ? [wrong('target', 'must say into which type of target they go, such as tomcat: what a jar means depends on it')]
        : []),
      ...(target !== undefined && !isRegistry ? [wrong('target', 'is for npm and maven: a content package says it itself')] : []),
      ...(tokenFile !== undefined && url?.startsWith('http://') && !LOOPBACK.test(new URL(url).hostname)
        ? [wrong('url', 'must be https://: the token of tokenFile would go over the network in the clear')]
        : []),
      ...(profile === 'prod' && url?.startsWith('http://') ? [wrong('url', 'must be https:// in prod')] : []),
    ];
  });
}

function destinations(config: MeshConfig): FieldError[] {
  const { snapshots, environments } = config;
  const all = [
    ['snapshots.destination', snapshots.destination],
    ...Object.entries(environments).map(([name, one]) => [`environments.${name}.destination`, one?.destination]),
  ] as const;
  const stores = Object.keys(snapshots.stores).toSorted().join(', ') || 'none';
  return all.flatMap(([field, said]): FieldError[] =>
    typeof said !== 'string' || inStore(config, said)
      ? []
      : [{ field: field!, reason: `must be a store, or store:folder for one below it; there are ${stores}` }],
  );
}

function ports({ instances }: MeshConfig): FieldError[] {
  const [from, to] = instances.ports.split('-').map(Number) as [number, number];
  if (from >= 1024 && from <= to && to <= 65_535) return [];
  return [{ field: 'instances.ports', reason: 'must go upwards, from 1024 at least to 65535 at most' }];
}

/** Addresses that never leave the machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

function databaseServers({ databases }: MeshConfig): FieldError[] {
  return Object.entries(databases).flatMap(([engine, { server }]) => {
    const field = `databases.${engine}.server`;
    const wrong: FieldError[] = [];
    if (server && !server.tls && !LOOPBACK.test(server.host))
      wrong.push({ field: `${field}.tls`, reason: `must name the caFile: ${server.host} is another machine` });
    if (server?.database !== undefined && engine !== 'postgres')
      wrong.push({ field: `${field}.database`, reason: 'is for postgres only' });
    return wrong;
  });
}

/** Several machines: nothing embedded, nothing in the clear. */
function production({ eventLog, nats, gateway, storages, docker }: MeshConfig): FieldError[] {
  const wrong: FieldError[] = [];
  if (eventLog === 'sqlite') {
    wrong.push({ field: 'eventLog', reason: 'must be kurrentdb://host:port in prod: the embedded log serves one machine' });
  } else if (/[?&]tls=false/.test(eventLog)) {
    wrong.push({ field: 'eventLog', reason: 'must use TLS in prod: take tls=false away' });
  }
  if (nats.url === undefined) wrong.push({ field: 'nats.url', reason: "must be the cluster's tls://host:port,… in prod" });
  else if (nats.url.includes('nats://')) wrong.push({ field: 'nats.url', reason: 'must be tls:// in prod' });
  if (nats.tokenFile === undefined)
    wrong.push({ field: 'nats.tokenFile', reason: 'must name the file with the credential in prod' });
  if (gateway.tls === undefined) wrong.push({ field: 'gateway.tls', reason: 'must name certFile and keyFile in prod' });
  if (storages.s3?.endpoint.startsWith('http://'))
    wrong.push({ field: 'storages.s3.endpoint', reason: 'must be https:// in prod' });
  if (docker.host?.startsWith('tcp://'))
    wrong.push({ field: 'docker.host', reason: 'must be unix:// or ssh:// in prod: tcp:// is in the clear' });
  return wrong;
}
